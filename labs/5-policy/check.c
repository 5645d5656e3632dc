/* SPDX-License-Identifier: MIT */
/* Lab 5. What the pager answers: zeroed pages, as many as are of use, a copy, or no. */
/* sources: servers/pager/policy.c */
#include <secos/status.h>

#include "fakes/fakes.h"
#include "labs/lab.h"
#include "servers/pager/policy.h"

static struct policy policy;
static uint64_t most;
static uint64_t fail_after;
static uint64_t seen;

/* What the pager is told when it starts: the first event decides. */
static void
configure(uint64_t run, uint64_t fail)
{
    char text[2][32];
    char *argv[] = { (char *)"pager", text[0], text[1], NULL };

    snprintf(text[0], sizeof(text[0]), "run=%llu", (unsigned long long)run);
    snprintf(text[1], sizeof(text[1]), "fail-after=%llu",
             (unsigned long long)fail);
    policy_init(&policy, fail == 0 ? 2 : 3, argv);
    most = run == 0 ? 1 : run > FAULT_RUN_MAX ? FAULT_RUN_MAX : run;
    fail_after = fail == 0 ? POLICY_NEVER : fail;
    seen = 0;
}

static void
lab_begin(void)
{
    configure(1, 0);
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(16),
                               .a = (uint32_t)random_below(100),
                               .b = (uint32_t)random_below(20) };
}

static void
lab_step(const struct lab_event *event)
{
    static const uint32_t accesses[] = { FAULT_READ, FAULT_WRITE, FAULT_EXEC,
                                         FAULT_WRITE | FAULT_PROTECTION };
    uint32_t access = accesses[event->b % 4];
    uint64_t run = 1 + event->a % FAULT_RUN_MAX;
    struct policy_decision d;

    if (event->op == 0) {
        lab_say("a pager started with run=%u fail-after=%u", event->a,
                event->b);
        configure(event->a, event->b);
        return;
    }
    seen++;
    lab_say("fault %llu: %s, at most %llu pages are of use",
            (unsigned long long)seen,
            (access & FAULT_PROTECTION) != 0 ? "a present page lacks a right"
                                             : "a page is missing",
            (unsigned long long)run);
    d = policy_decide(&policy, access, run);
    if (seen > fail_after) {
        lab_expect(d.action == POLICY_FAIL && d.error == (uint64_t)-ST_ENOMEM,
                   "FAIL with ENOMEM: fail-after is reached",
                   "action %d, error %lld", d.action, (long long)d.error);
    } else if ((access & FAULT_PROTECTION) != 0) {
        lab_expect(d.action == POLICY_COPY,
                   "COPY: a page is there to be copied", "action %d", d.action);
    } else {
        lab_expect(d.action == POLICY_ZERO, "ZERO", "action %d", d.action);
        lab_expect(d.run == (run < most ? run : most),
                   "as many pages as are of use and allowed", "%llu pages",
                   (unsigned long long)d.run);
    }
}

static void
lab_end(void)
{
}

LAB_MAIN("lab 5, the pager's policy")
