/* SPDX-License-Identifier: MIT */
/* The parts of the policy that are not on every fault's path. */
#include "policy.h"

#include <stddef.h>

#include <secos/status.h>

#include <base/string.h>

/* Return the text behind "@name=" in @argument, or NULL if it is another. */
static const char *
policy_value(const char *argument, const char *name)
{
    size_t bytes = strlen(name);

    if (strncmp(argument, name, bytes) != 0 || argument[bytes] != '=') {
        return NULL;
    }
    return argument + bytes + 1;
}

/* Set *@out to the decimal number in "@name=number"; leave it alone where
 * @argument is not that, or the number has no digit or more than 18. */
static void
policy_read(const char *argument, const char *name, uint64_t *out)
{
    const char *digit = policy_value(argument, name);
    uint64_t value = 0;

    if (digit == NULL || *digit == '\0' || strlen(digit) > 18) {
        return;
    }
    for (; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') {
            return;
        }
        value = value * 10 + (uint64_t)(*digit - '0');
    }
    *out = value;
}

/* The smaller of @best and @at, if @at is still to come. */
static uint64_t
policy_sooner(const struct policy *policy, uint64_t best, uint64_t at)
{
    return at > policy->seen && at < best ? at : best;
}

/* Find the next special fault behind those seen. */
static void
policy_arm(struct policy *policy)
{
    uint64_t next = POLICY_NEVER;

    next = policy_sooner(policy, next, policy->die_at);
    next = policy_sooner(policy, next, policy->hang_at);
    next = policy_sooner(policy, next, policy->wrong_verdict_at);
    if (policy->seen >= policy->fail_from) {
        next = policy->seen + 1;
    } else {
        next = policy_sooner(policy, next, policy->fail_from);
    }
    policy->special_at = next;
}

void
policy_init(struct policy *policy, int argc, char *const argv[])
{
    uint64_t fail_after = POLICY_NEVER - 1;

    *policy = (struct policy){
        .run = 1,
        .die_at = POLICY_NEVER,
        .hang_at = POLICY_NEVER,
        .wrong_verdict_at = POLICY_NEVER,
    };
    for (int i = 1; i < argc; i++) {
        policy_read(argv[i], "run", &policy->run);
        policy_read(argv[i], "fail-after", &fail_after);
        policy_read(argv[i], "die-at", &policy->die_at);
        policy_read(argv[i], "hang-at", &policy->hang_at);
        policy_read(argv[i], "wrong-verdict", &policy->wrong_verdict_at);
    }
    if (policy->run == 0) {
        policy->run = 1;
    }
    if (policy->run > FAULT_RUN_MAX) {
        policy->run = FAULT_RUN_MAX;
    }
    policy->fail_from = fail_after + 1;
    policy_arm(policy);
}

static struct policy_decision
policy_fail(enum status status)
{
    return (struct policy_decision){ .action = POLICY_FAIL,
                                     .error = 0 - (uint64_t)status };
}

/* What the command line wants of the fault just counted. */
static enum policy_action
policy_action_now(const struct policy *policy)
{
    if (policy->seen == policy->die_at) {
        return POLICY_DIE;
    }
    if (policy->seen == policy->hang_at) {
        return POLICY_HANG;
    }
    if (policy->seen == policy->wrong_verdict_at) {
        return POLICY_WRONG_VERDICT;
    }
    return policy->seen >= policy->fail_from ? POLICY_FAIL : POLICY_ZERO;
}

struct policy_decision
policy_decide_special(struct policy *policy, uint64_t access, uint64_t run)
{
    enum policy_action action = policy_action_now(policy);

    policy_arm(policy);
    if (action == POLICY_ZERO && (access & FAULT_PROTECTION) != 0) {
        action = POLICY_COPY;
    }
    if (action == POLICY_FAIL) {
        return policy_fail(ST_ENOMEM);
    }
    return (struct policy_decision){
        .action = action,
        .run = run < policy->run ? run : policy->run,
    };
}
