/* SPDX-License-Identifier: MIT */
/*
 * What the boot pager answers to a page fault: a zeroed page where there is none
 * and a copy of the one that is there, unless its command line tells it to be
 * difficult. Pure: runs on the host.
 *
 *   run=N            answer up to N pages from the faulting one on (fault-around)
 *   fail-after=N     after N answered faults say FAIL (no memory)
 *   die-at=N         test behaviour: end at the Nth fault
 *   hang-at=N        test behaviour: never answer the Nth fault
 *   wrong-verdict=N  test behaviour: insist on an answer that is none
 *
 * Faults are counted from 1. The common case must be cheap, for every page of
 * every program passes here: the number of the next fault that is special is
 * known beforehand, and until then a fault costs an increment, two comparisons
 * and a minimum.
 */
#pragma once

#include <stdint.h>

#include <secos/fault.h>

#include <base/compiler.h>

/* What is to be done about a fault. */
enum policy_action {
    POLICY_ZERO,          /* answer `run` zeroed pages */
    POLICY_COPY,          /* answer a copy of the page */
    POLICY_FAIL,          /* answer FAIL               */
    POLICY_DIE,           /* end at once               */
    POLICY_HANG,          /* never answer              */
    POLICY_WRONG_VERDICT, /* answer nonsense           */
};

struct policy_decision {
    enum policy_action action;
    uint64_t run;   /* of POLICY_ZERO, in pages                */
    uint64_t error; /* of POLICY_FAIL, a positive error number */
};

#define POLICY_NEVER UINT64_MAX

/* Invariant: special_at > seen, and no fault between them is special. */
struct policy {
    uint64_t seen;       /* faults decided so far                         */
    uint64_t special_at; /* next fault for the slow path, or POLICY_NEVER */
    uint64_t run;        /* most pages of an answer, 1 to FAULT_RUN_MAX   */
    uint64_t fail_from;  /* the first fault to fail, or POLICY_NEVER      */
    uint64_t die_at;     /* these three: a fault, or POLICY_NEVER         */
    uint64_t hang_at;
    uint64_t wrong_verdict_at;
};

/* Read the arguments @argv[1] ... @argv[@argc - 1]. What it does not know, or
 * cannot read, it leaves aside: a pager that refused to start for a typing
 * error would take the machine with it. */
void policy_init(struct policy *policy, int argc, char *const argv[]);

/* The slow path of policy_decide, which alone calls it: the fault is the one at
 * special_at, or not a missing page. */
struct policy_decision policy_decide_special(struct policy *policy,
                                             uint64_t access, uint64_t run);

/* Decide about one fault.
 * @access  enum fault_access
 * @run     the longest answer that is useful, in pages
 * Cost: constant, no memory but *@policy. */
static ALWAYS_INLINE struct policy_decision
policy_decide(struct policy *policy, uint64_t access, uint64_t run)
{
    policy->seen++;
    if (UNLIKELY(policy->seen == policy->special_at
                 || (access & FAULT_PROTECTION) != 0)) {
        return policy_decide_special(policy, access, run);
    }
    return (struct policy_decision){
        .action = POLICY_ZERO,
        .run = run < policy->run ? run : policy->run,
    };
}
