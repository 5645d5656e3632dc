/* SPDX-License-Identifier: MIT */
/* What the halves of a fault share, and the first half of the commonest one,
 * inline in the trap's path. What it means is told in fault.h; fault.c has every
 * other beginning, fault_reply.c the ends. */
#pragma once

#include <secos/fault.h>
#include <secos/ipc.h>

#include <arch/mmu.h>
#include <mm/region.h>
#include <mm/vmm.h>
#include <mm/vmm_inline.h>
#include <task/process.h>

#include "binding.h"
#include "endpoint.h"
#include "fault.h"
#include "journal.h"

/* A leaf that is in transit only within one function: slot 0 is no call. */
#define FAULT_NO_SLOT 0u

/* Make the thread's call a fault: ask the pager of @region for @page. */
static ALWAYS_INLINE struct call *
fault_open(struct thread *thread, const struct region *region, uint64_t page,
           uint32_t access)
{
    const struct binding *binding = region->spec.binding;
    struct call *call = thread->call;
    uint64_t run = region_end(region) - page;

    call->is_fault = true;
    call->access = access;
    call->badge = BADGE_KERNEL | binding->badge;
    call->endpoint = binding->endpoint;
    call->space = &thread->process->space;
    call->page = page;
    call->pager_page = region_pager_page(region, page);
    call->run = run < FAULT_RUN_MAX ? run : FAULT_RUN_MAX;
    return call;
}

/* The commonest fault alone: @page is in the region found last, which has a
 * binding and allows the access, its table exists and its leaf is empty. Returns
 * the region and the leaf; NULL: fault_begin decides. Cost: 25 instructions if the
 * last fault was near. */
static ALWAYS_INLINE const struct region *
fault_find_direct(struct space *space, uint64_t page, uint32_t access,
                  struct mmu_cursor *at)
{
    const struct region *region = space->regions.last;

    if (UNLIKELY(region == NULL || !region_covers(region, page)
                 || (access & ~region->spec.prot) != 0
                 || !mmu_find_again(&space->tables, page, at)
                 || !mmu_leaf_is_empty(*at->leaf)
                 || binding_of_region(region) == NULL)) {
        return NULL;
    }
    return region;
}

/* Open a call for the commonest fault. Returns NULL, with nothing changed, for
 * any other. Cost: about 70 instructions. */
static ALWAYS_INLINE struct call *
fault_begin_direct(struct thread *thread, uint64_t page, uint32_t access)
{
    struct mmu_cursor at;
    const struct region *region =
        fault_find_direct(&thread->process->space, page, access, &at);
    struct call *call;

    if (UNLIKELY(region == NULL)) {
        return NULL;
    }
    call = fault_open(thread, region, page, access);
    mmu_set_transit(at, call->slot);
    call->leaf = at.leaf;
    return call;
}

/* fault_deliver, for the one place that counts and an endpoint that is watched. */
static ALWAYS_INLINE void
fault_deliver_inline(struct thread *receiver, struct call *call)
{
    struct process *server = receiver->process;
    struct trap_frame *to = receiver->context.frame;

    call->state = CALL_DELIVERED;
    call->server = server;
    call->receiver = receiver;
    call->delivered_at = server->watch_clock;
    call->trap.delivered_tsc = journal_stamp();
    list_add_tail(&server->owed, &call->delivered_link);
    to->rax = ST_OK;
    to->rdi = call_reply_id(call);
    to->rsi = EVENT_FAULT;
    to->rdx = call->pager_page;
    to->r10 = call->access;
    to->r8 = call->run;
    to->r9 = 0;
    to->rbx = 0;
    to->r12 = call->badge;
    to->r13 = 0;
}

/* pager=kernel: answer the commonest fault with a zeroed page, and ask nobody.
 * Returns whether that was done; if not, nothing was changed. */
static ALWAYS_INLINE bool
fault_answer_direct(struct thread *thread, uint64_t page, uint32_t access)
{
    struct process *process = thread->process;
    struct space *space = &process->space;
    struct mmu_cursor at;
    const struct region *region;
    void *frame;

    journal_trap_here(page, access);
    region = fault_find_direct(space, page, access, &at);
    if (UNLIKELY(region == NULL)) {
        return false;
    }
    frame = vmm_try_zeroed(space, vaddr(page << PAGE_SHIFT), region->spec.prot);
    if (UNLIKELY(frame == NULL)) {
        return false;
    }
    /* Protection and entry are read again: while a frame is zeroed, registers
     * that need not be kept are registers that need not be saved. */
    at.parent = space->tables.last_parent;
    mmu_transit_to_frame(at.leaf, physmap_paddr(frame), region->spec.prot);
    mmu_count_leaf(at);
    process->faults++;
    journal_answered_here(thread->call, region);
    return true;
}

/* ---- ends ---------------------------------------------------------------- */

/* Take the call out of queue or delivery: it is idle and its id is stale. */
static ALWAYS_INLINE void
fault_close(struct call *call)
{
    if (UNLIKELY(call->state == CALL_QUEUED)) {
        endpoint_unqueue_call(call);
    } else {
        list_unlink(&call->delivered_link);
    }
    if (UNLIKELY(call->leaf == NULL)) {
        list_remove(&call->protection_link);
    }
    call->leaf = NULL;
    call->state = CALL_IDLE;
    call_renew(call);
}

/* Every waiter runs again; the first is handed to the caller. */
static ALWAYS_INLINE struct thread *
fault_release_waiters(struct call *call)
{
    struct list *first = list_first(&call->waiters);
    struct thread *next = LIST_ENTRY(first, struct thread, wait_link);

    list_unlink(first);
    while (UNLIKELY(!list_is_empty(&call->waiters))) {
        struct thread *thread =
            LIST_ENTRY(list_first(&call->waiters), struct thread, wait_link);

        list_remove(&thread->wait_link);
        thread_wake(thread);
    }
    return next;
}

/* Give up the page that @call is for: close it, and make the leaf that is in
 * transit for it empty again. */
static inline void
fault_abandon(struct call *call)
{
    bool in_transit = call->leaf != NULL;

    fault_close(call);
    if (in_transit) {
        vmm_cancel_transit(call->space, vaddr(call->page << PAGE_SHIFT));
    }
}

/* @verdict of @pager brought the page: everybody who waits for it runs its access
 * again. */
static ALWAYS_INLINE struct thread *
fault_resolve(struct call *call, const struct region *region,
              enum verdict verdict, uint64_t run, const struct process *pager)
{
    journal_record(call, region, verdict, run, &pager->id);
    call->endpoint->faults_served++;
    call->owner->process->faults++;
    fault_close(call);
    return fault_release_waiters(call);
}
