/* SPDX-License-Identifier: MIT */
/* The fault state machine. Trapping and killing are in page_fault.c. */
#include "fault.h"

#include <secos/fault.h>
#include <secos/ipc.h>
#include <secos/process.h>
#include <secos/region.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <klib/kassert.h>
#include <mm/region.h>
#include <mm/vmm.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

#include "binding.h"
#include "endpoint.h"
#include "fault_inline.h"
#include "memory_object.h"
#include "page_fault.h"
#include "pager_watch.h"

/* Access bits and protection bits are the same numbers, so a fault is allowed
 * where its access is within the protection. */
_Static_assert((int)FAULT_READ == (int)PROT_READ, "read");
_Static_assert((int)FAULT_WRITE == (int)PROT_WRITE, "write");
_Static_assert((int)FAULT_EXEC == (int)PROT_EXEC, "execute");

/* A leaf that is in transit only within one function: slot 0 is no call. */
#define FAULT_NO_SLOT 0u

/* Pages of a run between two looks at interrupts. */
#define FAULT_STEP_PAGES 16u

enum fault_placement fault_placement = FAULT_BY_SERVER;

static void
fault_refuse(struct fault_outcome *out, enum fault_reason reason)
{
    out->action = FAULT_REFUSED;
    out->reason = reason;
}

/* A page that the kernel can give without asking: @install has turned the leaf
 * in transit into a mapping, or not. */
static void
fault_finish_here(struct thread *thread, vaddr_t address, enum status installed,
                  struct fault_outcome *out)
{
    if (installed != ST_OK) {
        vmm_cancel_transit(&thread->process->space, address);
        fault_refuse(out, installed == ST_ENOENT ? REASON_NO_REGION
                                                 : REASON_NO_MEMORY);
        return;
    }
    thread->process->faults++;
    out->action = FAULT_RESUME;
}

/* The region shows a memory object: its page, made now if it is missing. */
static void
fault_show_object(struct thread *thread, uint64_t page, struct mmu_cursor at,
                  struct fault_outcome *out)
{
    struct memory_object *memory =
        CONTAINER_OF((struct object *)out->region->spec.binding,
                     struct memory_object, object);
    vaddr_t address = vaddr(page << PAGE_SHIFT);

    mmu_set_transit(at, FAULT_NO_SLOT);
    fault_finish_here(thread, address,
                      memory_object_map(memory,
                                        region_pager_page(out->region, page),
                                        &thread->process->space, address,
                                        at.leaf, out->region->spec.prot, true),
                      out);
}

/* pager=kernel: the answer is always ZERO and there is nobody to ask. */
static void
fault_answer_here(struct thread *thread, uint64_t page, struct mmu_cursor at,
                  struct fault_outcome *out)
{
    struct space *space = &thread->process->space;
    vaddr_t address = vaddr(page << PAGE_SHIFT);

    mmu_set_transit(at, FAULT_NO_SLOT);
    fault_finish_here(
        thread, address,
        vmm_install_zero(space, address, at.leaf, out->region->spec.prot), out);
}

/* The open fault for the right that @page of @process lacks, or NULL. */
static struct call *
fault_find_protection(struct process *process, uint64_t page)
{
    list_for_each(node, &process->protection_faults) {
        struct call *call = LIST_ENTRY(node, struct call, protection_link);

        if (call->page == page) {
            return call;
        }
    }
    return NULL;
}

/* The leaf is not empty: somebody asks for it already, the access is fine by
 * now, or the page is there and the pager may say COPY. */
static NOINLINE void
fault_begin_filled(struct thread *thread, uint64_t page, uint32_t access,
                   mmu_leaf_t leaf, struct fault_outcome *out)
{
    struct process *process = thread->process;

    if (mmu_leaf_is_transit(leaf)) {
        out->action = FAULT_JOINED;
        out->call = call_at(mmu_leaf_slot(leaf));
        return;
    }
    if (mmu_leaf_allows(leaf, access)) {
        mmu_flush_page(vaddr(page << PAGE_SHIFT));
        out->action = FAULT_RESUME;
        return;
    }
    if (binding_of_region(out->region) == NULL) {
        fault_refuse(out, REASON_PROTECTION);
        return;
    }
    out->call = fault_find_protection(process, page);
    if (out->call != NULL) {
        out->action = FAULT_JOINED;
        return;
    }
    out->action = FAULT_OPENED;
    out->call =
        fault_open(thread, out->region, page, access | FAULT_PROTECTION);
    out->call->leaf = NULL;
    list_add_tail(&process->protection_faults, &out->call->protection_link);
}

/* Nobody asks a server for this page: the kernel has it, or there is none. */
static NOINLINE void
fault_begin_here(struct thread *thread, uint64_t page, struct mmu_cursor at,
                 struct fault_outcome *out)
{
    const struct object *source = out->region->spec.binding;

    if (source == NULL) {
        mmu_prune(&thread->process->space.tables, vaddr(page << PAGE_SHIFT));
        fault_refuse(out, REASON_DEPENDS);
    } else if (source->kind == OBJECT_MEMORY) {
        fault_show_object(thread, page, at, out);
    } else {
        fault_answer_here(thread, page, at, out);
    }
}

void
fault_begin(struct thread *thread, uint64_t page, uint32_t access,
            struct fault_outcome *out)
{
    struct space *space = &thread->process->space;
    struct region *region = region_lookup(&space->regions, page);
    struct mmu_cursor at;

    out->region = region;
    if (UNLIKELY(region == NULL)) {
        fault_refuse(out, REASON_NO_REGION);
        return;
    }
    if (UNLIKELY((access & ~region->spec.prot) != 0)) {
        fault_refuse(out, region->spec.kind == REGION_GUARD
                              ? REASON_GUARD
                              : REASON_PROTECTION);
        return;
    }
    if (UNLIKELY(mmu_ensure(&space->tables, vaddr(page << PAGE_SHIFT), &at)
                 != ST_OK)) {
        fault_refuse(out, REASON_NO_MEMORY);
        return;
    }
    if (UNLIKELY(!mmu_leaf_is_empty(*at.leaf))) {
        fault_begin_filled(thread, page, access, *at.leaf, out);
        return;
    }
    if (UNLIKELY(binding_of_region(region) == NULL
                 || fault_placement == FAULT_BY_KERNEL)) {
        fault_begin_here(thread, page, at, out);
        return;
    }
    out->action = FAULT_OPENED;
    out->call = fault_open(thread, region, page, access);
    mmu_set_transit(at, out->call->slot);
    out->call->leaf = at.leaf;
}

void
fault_deliver(struct thread *receiver, struct call *call)
{
    struct process *server = receiver->process;
    struct trap_frame *to = receiver->context.frame;

    call->state = CALL_DELIVERED;
    call->server = server;
    call->receiver = receiver;
    call->delivered_clock = server->watch_clock;
    list_add_tail(&server->delivered, &call->delivered_link);
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
static void
fault_abandon(struct call *call)
{
    bool in_transit = call->leaf != NULL;

    fault_close(call);
    if (in_transit) {
        vmm_cancel_transit(call->space, vaddr(call->page << PAGE_SHIFT));
    }
}

void
fault_cancel(struct call *call)
{
    fault_abandon(call);
    thread_wake(fault_release_waiters(call));
}

void
fault_remove_waiter(struct call *call, struct thread *thread)
{
    list_remove(&thread->wait_link);
    if (call->state == CALL_IDLE) {
        return; /* it is failing: fault_fail takes the others one by one */
    }
    if (list_is_empty(&call->waiters)) {
        fault_abandon(call);
        return;
    }
    if (call->owner == thread) {
        call_hand_over(thread, LIST_ENTRY(list_first(&call->waiters),
                                          struct thread, wait_link));
    }
}

void
fault_requeue(struct call *call)
{
    list_remove(&call->delivered_link);
    call_renew(call);
    call->endpoint->faults_redelivered++;
    endpoint_requeue_call(call->endpoint, call, call->owner->priority);
}

/* ---- verdicts ---------------------------------------------------------- */

/* The page is there: everybody who waits for it runs its access again. */
static ALWAYS_INLINE struct thread *
fault_resolve(struct call *call)
{
    call->endpoint->faults_served++;
    call->owner->process->faults++;
    fault_close(call);
    return fault_release_waiters(call);
}

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
        thread_wake(fault_resolve(call));
    }
    return status;
}

static enum status
fault_around_page(struct space *space, uint64_t page, struct mmu_cursor at,
                  uint32_t prot)
{
    vaddr_t address = vaddr(page << PAGE_SHIFT);
    enum status status;

    if (UNLIKELY(!mmu_leaf_is_empty(*at.leaf))) {
        return fault_around_filled(space, page, *at.leaf, prot);
    }
    mmu_set_transit(at, FAULT_NO_SLOT);
    status = vmm_install_zero(space, address, at.leaf, prot);
    if (UNLIKELY(status != ST_OK)) {
        vmm_cancel_transit(space, address);
    }
    return status;
}

/* The rest of a run is best effort: pages that are present or being asked for
 * stay as they are, and the first shortage ends it. Between steps of a few pages
 * interrupts are let in; nothing is half done there. */
static NOINLINE void
fault_around(struct space *space, uint64_t page, uint64_t run)
{
    const struct region *region = region_lookup(&space->regions, page);
    uint32_t prot = region->spec.prot;
    uint64_t first = page;
    uint64_t end = page + run;
    struct mmu_cursor at;
    bool found = false;

    if (region_end(region) < end) {
        end = region_end(region);
    }
    for (page++; page < end; page++) {
        if (found && page % MMU_TABLE_LEAVES != 0) {
            at.leaf++;
        } else if (mmu_ensure(&space->tables, vaddr(page << PAGE_SHIFT), &at)
                   != ST_OK) {
            return;
        }
        found = true;
        if (fault_around_page(space, page, at, prot) != ST_OK) {
            return;
        }
        if ((page - first) % FAULT_STEP_PAGES == 0) {
            cpu_interrupt_window();
        }
    }
}

/* The client gets an error for this page: each waiter's process ends with a
 * report, or its copy fails. */
static void
fault_fail(struct call *call, enum fault_reason reason, uint32_t error)
{
    struct process *process = call->owner->process;
    struct exit_report report = { .reason = reason, .pager_error = error };

    page_fault_fill_report(&report, call);
    fault_abandon(call);
    while (!list_is_empty(&call->waiters)) {
        struct thread *thread =
            LIST_ENTRY(list_first(&call->waiters), struct thread, wait_link);

        list_remove(&thread->wait_link);
        if (thread->resume == RESUME_SYSCALL) {
            thread->copy_failed = true;
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

static ALWAYS_INLINE struct reply_result
fault_reply_zero(struct call *call, uint64_t run)
{
    struct space *space = call->space;
    uint64_t page = call->page;
    const struct region *region = region_lookup(&space->regions, page);
    struct reply_result result = { NULL, ST_OK };

    if (UNLIKELY(vmm_install_zero(space, vaddr(page << PAGE_SHIFT), call->leaf,
                                  region->spec.prot)
                 != ST_OK)) {
        fault_fail(call, REASON_NO_MEMORY, 0);
        return result;
    }
    result.woken = fault_resolve(call);
    if (UNLIKELY(run > FAULT_STEP_PAGES)) {
        /* An interrupt may end this pager: nobody may hang on its stack. */
        thread_wake(result.woken);
        result.woken = NULL;
    }
    if (UNLIKELY(run > 1)) {
        fault_around(space, page, run);
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
        result.woken = fault_resolve(call);
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
    result.woken = fault_resolve(call);
    return result;
}

static NOINLINE struct reply_result
fault_reply_general(struct call *call, const struct trap_frame *frame)
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
    /* A missing page, and a run no longer than was asked for: 1 <= run. */
    if (LIKELY(frame->rsi == VERDICT_ZERO && frame->rdx - 1 < call->run
               && call->leaf != NULL)) {
        return fault_reply_zero(call, frame->rdx);
    }
    return fault_reply_general(call, frame);
}
