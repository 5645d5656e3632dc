/* SPDX-License-Identifier: MIT */
/* The fault state machine: what a pager's answer does. */
#include <secos/fault.h>
#include <secos/ipc.h>
#include <secos/process.h>

#include <base/align.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <mm/region.h>
#include <mm/vmm.h>
#include <task/handle.h>
#include <task/process.h>
#include <task/thread.h>

#include "endpoint.h"
#include "fault.h"
#include "fault_inline.h"
#include "journal.h"
#include "memory_object.h"
#include "page_fault.h"
#include "pager_watch.h"

/* Pages of a run between two looks at interrupts. */
#define FAULT_STEP_PAGES 16u

/* @page beside the one that was answered is not empty. If somebody waits for it
 * and no pager was told yet, the answer serves them too. */
static enum status
fault_around_filled(struct space *space, uint64_t page, mmu_leaf_t leaf,
                    uint32_t prot)
{
    struct call *call;
    enum status status;

    if (!mmu_leaf_is_transit(leaf)) {
        return ST_OK;
    }
    call = call_at(mmu_leaf_slot(leaf));
    if (call->state != CALL_QUEUED) {
        return ST_OK;
    }
    status =
        vmm_install_zero(space, vaddr(page << PAGE_SHIFT), call->leaf, prot);
    if (status == ST_OK) {
        thread_wake(fault_resolve(call, region_lookup(&space->regions, page),
                                  VERDICT_ZERO, 1, process_current()));
    }
    return status;
}

/* How many leaves from @leaf on, at most @most, are empty. */
static uint64_t
fault_count_empty(const mmu_leaf_t *leaf, uint64_t most)
{
    uint64_t count = 0;

    while (count < most && mmu_leaf_is_empty(leaf[count])) {
        count++;
    }
    return count;
}

/* Fill what is empty of the @pages pages from @page on, whose leaves begin at
 * @at. Returns false at a shortage. */
static bool
fault_around_step(struct space *space, uint64_t page, uint64_t pages,
                  struct mmu_cursor at, uint32_t prot)
{
    while (pages > 0) {
        uint64_t count = fault_count_empty(at.leaf, pages);

        if (vmm_fill_zero(space, vaddr(page << PAGE_SHIFT), at, count, prot)
            != count) {
            mmu_prune(&space->tables, vaddr(page << PAGE_SHIFT));
            return false;
        }
        if (count == 0) {
            if (fault_around_filled(space, page, *at.leaf, prot) != ST_OK) {
                return false;
            }
            count = 1;
        }
        page += count;
        pages -= count;
        at.leaf += count;
    }
    return true;
}

/* Where a step that begins at @page ends: after @most pages, at @end or with the
 * table, whichever is first. */
static uint64_t
fault_step_end(uint64_t page, uint64_t end, uint64_t most)
{
    uint64_t step = align_up(page + 1, MMU_TABLE_LEAVES);

    step = step < end ? step : end;
    return step - page < most ? step : page + most;
}

/* The rest of a run, from @page to @end, is best effort: pages that are present
 * or being asked for stay as they are, and the first shortage ends it. After
 * every few pages interrupts are let in; nothing is half done there. */
void
fault_around(struct space *space, uint64_t page, uint64_t end)
{
    const struct region *region = region_lookup(&space->regions, page - 1);
    uint32_t prot = region->spec.prot;
    uint64_t left = FAULT_STEP_PAGES; /* until interrupts are let in */

    end = end < region_end(region) ? end : region_end(region);
    while (page < end) {
        uint64_t step = fault_step_end(page, end, left);
        struct mmu_cursor at;

        if (mmu_ensure(&space->tables, vaddr(page << PAGE_SHIFT), &at) != ST_OK
            || !fault_around_step(space, page, step - page, at, prot)) {
            return;
        }
        left -= step - page;
        page = step;
        if (left == 0) {
            cpu_interrupt_window();
            left = FAULT_STEP_PAGES;
        }
    }
}

static uint32_t
fault_ending(enum fault_reason reason)
{
    switch ((int)reason) {
    case REASON_PAGER_FAIL:
        return VERDICT_FAIL;
    case REASON_PAGER_GONE:
        return FAULT_ENDED_GONE;
    default:
        return FAULT_ENDED_MEMORY;
    }
}

/* The client gets an error for this page: each waiter's process ends with a
 * report, or its copy fails. */
static void
fault_fail(struct call *call, enum fault_reason reason, uint32_t error)
{
    struct process *process = call->owner->process;
    struct exit_report report = { .reason = reason, .pager_error = error };

    journal_end(call, fault_ending(reason));
    page_fault_fill_report(&report, call);
    fault_abandon(call);
    while (!list_is_empty(&call->waiters)) {
        struct thread *thread =
            LIST_ENTRY(list_first(&call->waiters), struct thread, wait_link);

        list_remove(&thread->wait_link);
        if (thread->resume == RESUME_SYSCALL) {
            thread->refused_page = call->page;
            thread_wake(thread);
        } else {
            thread_wake(thread);
            page_fault_end(process, &report);
        }
    }
}

void
fault_give_up(struct call *call)
{
    fault_fail(call, REASON_PAGER_GONE, 0);
}

static enum status
fault_strike(struct call *call)
{
    pager_watch_strike(call->endpoint);
    return ST_EINVAL;
}

static struct reply_result
fault_reply_zero(struct call *call, uint64_t run)
{
    struct space *space = call->space;
    uint64_t page = call->page;
    const struct region *region = region_lookup(&space->regions, page);
    struct reply_result result = { NULL, ST_OK };

    if (vmm_install_zero(space, vaddr(page << PAGE_SHIFT), call->leaf,
                         region->spec.prot)
        != ST_OK) {
        fault_fail(call, REASON_NO_MEMORY, 0);
        return result;
    }
    result.woken = fault_resolve(call, region, VERDICT_ZERO, run, call->server);
    if (run > FAULT_STEP_PAGES) {
        /* An interrupt may end this pager: nobody may hang on its stack. */
        thread_wake(result.woken);
        result.woken = NULL;
    }
    if (run > 1) {
        fault_around(space, page + 1, page + run);
    }
    return result;
}

/* MOVE and SHARE: page @index of the memory object that @handle of @server
 * names. A handle that names none, or lacks the right, is a strike; a page that
 * is not there is not, for somebody else may have taken it. */
static struct reply_result
fault_reply_object(struct call *call, const struct trap_frame *frame)
{
    struct handle_entry *entry;
    struct memory_object *memory;
    const struct region *region =
        region_lookup(&call->space->regions, call->page);
    vaddr_t address = vaddr(call->page << PAGE_SHIFT);
    bool moves = frame->rsi == VERDICT_MOVE;
    struct reply_result result = { NULL, ST_OK };

    if (call->leaf == NULL || frame->rdx != 1
        || handle_resolve(&call->server->handles, frame->r10, OBJECT_MEMORY,
                          moves ? RIGHT_MANAGE : RIGHT_READ, &entry)
               != ST_OK) {
        result.status = fault_strike(call);
        return result;
    }
    memory = CONTAINER_OF(entry->object, struct memory_object, object);
    if (moves) {
        result.status = memory_object_move(memory, frame->r8, call->space,
                                           address, call->leaf,
                                           region->spec.prot);
    } else {
        result.status = memory_object_map(
            memory, frame->r8, call->space, address, call->leaf,
            region->spec.prot & ~(uint32_t)PROT_WRITE, false);
    }
    if (result.status == ST_OK) {
        result.woken = fault_resolve(call, region,
                                     moves ? VERDICT_MOVE : VERDICT_SHARE, 1,
                                     call->server);
    } else if (result.status == ST_ENOMEM) {
        fault_fail(call, REASON_NO_MEMORY, 0);
        result.status = ST_OK;
    }
    return result;
}

/* COPY: the page that is shown read-only becomes a private one with the region's
 * rights. If it went meanwhile, the waiters simply try again. */
static struct reply_result
fault_reply_copy(struct call *call)
{
    struct space *space = call->space;
    const struct region *region = region_lookup(&space->regions, call->page);
    vaddr_t address = vaddr(call->page << PAGE_SHIFT);
    struct reply_result result = { NULL, ST_OK };
    struct mmu_cursor at;

    if (call->leaf != NULL) {
        result.status = fault_strike(call);
        return result;
    }
    if (mmu_find(&space->tables, address, &at) && mmu_leaf_is_present(*at.leaf)
        && !mmu_leaf_allows(*at.leaf, region->spec.prot)
        && vmm_install_copy(space, address, at.leaf, region->spec.prot)
               != ST_OK) {
        fault_fail(call, REASON_NO_MEMORY, 0);
        return result;
    }
    result.woken = fault_resolve(call, region, VERDICT_COPY, 1, call->server);
    return result;
}

static struct reply_result
fault_reply_rare(struct call *call, const struct trap_frame *frame)
{
    struct reply_result result = { NULL, ST_OK };

    switch (frame->rsi) {
    case VERDICT_MOVE:
    case VERDICT_SHARE:
        return fault_reply_object(call, frame);
    case VERDICT_COPY:
        return fault_reply_copy(call);
    case VERDICT_FAIL:
        fault_fail(call, REASON_PAGER_FAIL, (uint32_t)frame->r10);
        break;
    case VERDICT_DEFER:
        break;
    default:
        result.status = fault_strike(call);
        break;
    }
    return result;
}

struct reply_result
fault_reply(struct call *call, const struct trap_frame *frame)
{
    call->trap.replied_tsc = journal_stamp();
    /* A missing page, and a run no longer than was asked for: 1 <= run. */
    if (LIKELY(frame->rsi == VERDICT_ZERO && frame->rdx - 1 < call->run
               && call->leaf != NULL)) {
        return fault_reply_zero(call, frame->rdx);
    }
    return fault_reply_rare(call, frame);
}
