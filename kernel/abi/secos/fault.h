/* SPDX-License-Identifier: MIT */
/*
 * What a pager receives and what it may answer.
 *
 *   event   label = EVENT_FAULT    w0 = page     page in the region, as bound
 *           badge = BADGE_KERNEL   w1 = access   enum fault_access bits
 *                 | binding's      w2 = run      longest useful run in pages
 *   event   label = EVENT_DETACH   w0 = first page, w1 = pages
 *           badge as above         w2 = 0: one space shows them no more, or
 *           no answer              the number of spaces that ended since it
 *                                  was last said of this badge: all is gone
 *
 *   reply   label = verdict        w0 = run      pages answered, >= 1
 *                                  w1 = memory object handle   (MOVE, SHARE)
 *                                  w2 = page in that object    (MOVE, SHARE)
 *                                  w1 = positive error number  (FAIL)
 */
#pragma once

/* Labels with bit 63 belong to the kernel. */
#define EVENT_FAULT  (1ull << 63 | 1)
#define EVENT_DETACH (1ull << 63 | 2)

/* In binding_create's rights, beside enum prot: DETACH is sent for its regions. */
#define BINDING_TELLS (1u << 8)

enum fault_access {
    FAULT_READ = 1 << 0,
    FAULT_WRITE = 1 << 1,
    FAULT_EXEC = 1 << 2,
    FAULT_PROTECTION = 1 << 3, /* a page is present; else it is missing */
};

enum verdict {
    VERDICT_ZERO = 1,  /* a zeroed frame, charged to the client             */
    VERDICT_MOVE = 2,  /* the object's page leaves it for the client        */
    VERDICT_SHARE = 3, /* the object's page, read-only, charged to its owner */
    VERDICT_COPY = 4,  /* a private copy of the page now shown              */
    VERDICT_FAIL = 5,  /* the client gets an error                          */
    VERDICT_DEFER = 6, /* not now: the pager will answer this id later      */
};

#define FAULT_RUN_MAX 64u

/* How long an endpoint's pager may take, in milliseconds, in the order of
 * endpoint_limits()'s arguments. A soft limit is a line on the log, a hard one
 * the pager's end. */
enum pager_limit {
    PAGER_LIMIT_SOFT, /* an answer owed, while it could have worked      */
    PAGER_LIMIT_HARD,
    PAGER_LIMIT_RUN_SOFT, /* the same, of the processor's time alone         */
    PAGER_LIMIT_RUN_HARD,
    PAGER_LIMIT_GRACE, /* nobody serves: then faults fail                 */
    PAGER_LIMITS,
};

#define PAGER_LIMIT_MS_LEAST 5u
#define PAGER_LIMIT_MS_MOST  3600000u
