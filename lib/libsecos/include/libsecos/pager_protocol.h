/* SPDX-License-Identifier: MIT */
/*
 * The pager protocol as a pager's code reads it: events out of messages and
 * verdicts into them. The contract is secos/fault.h; these add names only, and
 * compile to nothing where the message lives in registers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/fault.h>
#include <secos/ipc.h>

#include <base/compiler.h>

/* Page @page of the region bound as @badge was accessed and is not there. */
struct pager_fault {
    uint64_t page;
    uint64_t access; /* enum fault_access */
    uint64_t run;    /* longest useful answer in pages, >= 1 */
    uint64_t badge;  /* of the binding, without BADGE_KERNEL */
};

/* Whether the kernel sent @m, and it tells of a fault. */
static ALWAYS_INLINE bool
pager_is_fault(const struct ipc_message *m)
{
    return m->label == EVENT_FAULT && (m->badge & BADGE_KERNEL) != 0;
}

static ALWAYS_INLINE struct pager_fault
pager_fault_of(const struct ipc_message *m)
{
    return (struct pager_fault){
        .page = m->words[0],
        .access = m->words[1],
        .run = m->words[2],
        .badge = m->badge & ~BADGE_KERNEL,
    };
}

/* What went away and is never asked for again; it wants no answer. */
struct pager_detach {
    uint64_t page;   /* the first                                      */
    uint64_t pages;  /* how many                                       */
    uint64_t spaces; /* 0: one space shows these pages no more; else so
                      * many spaces ended, with all they showed        */
    uint64_t badge;  /* of the binding, without BADGE_KERNEL           */
};

/* Whether the kernel sent @m, and it tells of pages that went. */
static ALWAYS_INLINE bool
pager_is_detach(const struct ipc_message *m)
{
    return m->label == EVENT_DETACH && (m->badge & BADGE_KERNEL) != 0;
}

static ALWAYS_INLINE struct pager_detach
pager_detach_of(const struct ipc_message *m)
{
    return (struct pager_detach){
        .page = m->words[0],
        .pages = m->words[1],
        .spaces = m->words[2],
        .badge = m->badge & ~BADGE_KERNEL,
    };
}

/* Answer @run zeroed pages from the faulting one on. */
static ALWAYS_INLINE void
pager_answer_zero(struct ipc_message *m, uint64_t run)
{
    m->label = VERDICT_ZERO;
    m->words[0] = run;
}

/* Answer a write to a page that is shown read-only: it gets a copy, or the page
 * itself where nobody else sees it. */
static ALWAYS_INLINE void
pager_answer_copy(struct ipc_message *m)
{
    m->label = VERDICT_COPY;
    m->words[0] = 1;
}

/* Let the access fail with the positive error number @error. */
static ALWAYS_INLINE void
pager_answer_fail(struct ipc_message *m, uint64_t error)
{
    m->label = VERDICT_FAIL;
    m->words[0] = 1;
    m->words[1] = error;
}
