/* SPDX-License-Identifier: MIT */
/*
 * Claim: the boot pager answers zeroed pages, bounded by the run asked for, and
 * misbehaves exactly at the faults its command line names.
 * Method: every special fault against a direct reading of the arguments.
 */
#include <string.h>

#include <secos/status.h>

#include "check.h"
#include "servers/pager/policy.h"

static struct policy
policy_of(const char *a, const char *b, const char *c)
{
    char *argv[] = { (char *)"pager", (char *)a, (char *)b, (char *)c, NULL };
    int argc = 1 + (a != NULL) + (b != NULL) + (c != NULL);
    struct policy policy;

    policy_init(&policy, argc, argv);
    return policy;
}

TEST(without_arguments_every_fault_is_one_zero_page)
{
    struct policy policy = policy_of(NULL, NULL, NULL);

    for (int i = 0; i < 100000; i++) {
        struct policy_decision d = policy_decide(&policy, FAULT_WRITE, 64);

        if (d.action != POLICY_ZERO || d.run != 1) {
            CHECK(!"not one zeroed page");
        }
    }
    CHECK_EQ(policy.seen, 100000);
}

TEST(a_run_is_the_smaller_of_both)
{
    struct policy policy = policy_of("run=16", NULL, NULL);

    for (uint64_t run = 1; run <= 64; run++) {
        CHECK_EQ(policy_decide(&policy, FAULT_READ, run).run,
                 run < 16 ? run : 16);
    }
    policy = policy_of("run=1000000", NULL, NULL);
    CHECK_EQ(policy.run, FAULT_RUN_MAX);
    policy = policy_of("run=0", NULL, NULL);
    CHECK_EQ(policy.run, 1);
}

TEST(each_behaviour_comes_at_its_fault_and_only_there)
{
    for (uint64_t at = 1; at < 20; at++) {
        char die[32];
        char wrong[32];
        char fail[32];
        struct policy policy;

        snprintf(die, sizeof(die), "die-at=%d", (int)at);
        snprintf(wrong, sizeof(wrong), "wrong-verdict=%d", (int)at + 3);
        snprintf(fail, sizeof(fail), "fail-after=%d", (int)at + 6);
        policy = policy_of(fail, wrong, die);
        for (uint64_t n = 1; n < 40; n++) {
            enum policy_action expected = n == at       ? POLICY_DIE
                                          : n == at + 3 ? POLICY_WRONG_VERDICT
                                          : n > at + 6  ? POLICY_FAIL
                                                        : POLICY_ZERO;

            CHECK_EQ(policy_decide(&policy, FAULT_WRITE, 1).action, expected);
        }
    }
}

TEST(hang_comes_once)
{
    struct policy policy = policy_of("hang-at=2", NULL, NULL);

    CHECK_EQ(policy_decide(&policy, FAULT_WRITE, 1).action, POLICY_ZERO);
    CHECK_EQ(policy_decide(&policy, FAULT_WRITE, 1).action, POLICY_HANG);
    CHECK_EQ(policy_decide(&policy, FAULT_WRITE, 1).action, POLICY_ZERO);
    CHECK_EQ(policy.special_at, POLICY_NEVER);
}

TEST(fail_after_none_fails_at_once)
{
    struct policy policy = policy_of("fail-after=0", NULL, NULL);

    for (int i = 0; i < 5; i++) {
        struct policy_decision d = policy_decide(&policy, FAULT_WRITE, 1);

        CHECK_EQ(d.action, POLICY_FAIL);
        CHECK_EQ(d.error, -ST_ENOMEM);
    }
}

TEST(a_page_that_is_there_is_copied)
{
    struct policy policy = policy_of("die-at=3", "fail-after=4", NULL);
    uint64_t access = FAULT_WRITE | FAULT_PROTECTION;

    CHECK_EQ(policy_decide(&policy, access, 1).action, POLICY_COPY);
    CHECK_EQ(policy_decide(&policy, FAULT_WRITE, 1).action, POLICY_ZERO);
    CHECK_EQ(policy_decide(&policy, access, 1).action, POLICY_DIE);
    CHECK_EQ(policy_decide(&policy, access, 1).action, POLICY_COPY);
    CHECK_EQ(policy_decide(&policy, access, 1).action, POLICY_FAIL);
}

TEST(what_it_cannot_read_it_leaves_aside)
{
    static const char *const bad[] = {
        "run",    "run=",      "run=x",
        "run=-1", "run=1x",    "running=9",
        "=5",     "",          "run=9999999999999999999999999",
        "die-at", "die-at= 1", "DIE-AT=1",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct policy policy = policy_of(bad[i], NULL, NULL);

        CHECK_EQ(policy.run, 1);
        CHECK_EQ(policy.special_at, POLICY_NEVER);
    }
}

int
main(void)
{
    RUN(without_arguments_every_fault_is_one_zero_page);
    RUN(a_run_is_the_smaller_of_both);
    RUN(each_behaviour_comes_at_its_fault_and_only_there);
    RUN(hang_comes_once);
    RUN(fail_after_none_fails_at_once);
    RUN(a_page_that_is_there_is_copied);
    RUN(what_it_cannot_read_it_leaves_aside);
    return CHECK_REPORT();
}
