/* SPDX-License-Identifier: MIT */
/* Upcalls: a thread's frame is kept, its handler runs below it. */
#include "self_pager.h"

#include <secos/fault.h>
#include <secos/process.h>

#include <arch/context.h>
#include <arch/x86_64/context_inline.h>
#include <mm/pmm.h>
#include <mm/vmm.h>
#include <mm/vmm_inline.h>
#include <task/permission.h>
#include <task/sched.h>

#include "fault.h"
#include "fault_inline.h"
#include "journal.h"
#include "page_fault.h"

/* ---- the way into the handler ------------------------------------------- */

/* A system call is interrupted: what it has done so far must not be taken for
 * that of a call the handler makes. */
static NOINLINE void
self_pager_set_aside(struct thread *thread)
{
    struct thread_upcall *upcall = &thread->upcall;

    upcall->progress = thread->progress;
    upcall->progress_object = thread->progress_object;
    upcall->progress_drop = thread->progress_drop;
    thread->progress = 0;
    thread->progress_object = NULL;
    thread->resume = RESUME_USER;
}

NORETURN static ALWAYS_INLINE void
self_pager_enter(struct thread *thread, const struct region *region,
                 uint64_t page, uint32_t access)
{
    struct thread_upcall *upcall = &thread->upcall;

    upcall->active = true;
    upcall->page = page;
    upcall->access = access;
    thread->call->trap.delivered_tsc = journal_stamp();
    context_nest(&thread->context);
    context_upcall(thread->context.frame, upcall->handler, upcall->stack,
                   page << PAGE_SHIFT, access, region_end(region) - page);
}

void
self_pager_ask(struct thread *thread, const struct region *region,
               uint64_t page, uint32_t access, enum thread_resume resume)
{
    thread->upcall.resume = (uint8_t)resume;
    if (resume != RESUME_USER) {
        self_pager_set_aside(thread);
    }
    self_pager_enter(thread, region, page, access);
}

static NOINLINE void
self_pager_fault_general(struct thread *thread, uint64_t address,
                         uint32_t access)
{
    if (thread->upcall.active) {
        self_pager_keep_times(thread);
        journal_trap(thread->call);
    }
    page_fault_general(thread, address, access);
}

/* No table is walked: if the page is there by now, or somebody else is asked for
 * it, that is found when the handler has answered. */
void
self_pager_fault(uint64_t address, uint32_t access)
{
    struct thread *thread = thread_current();
    const struct region *region = thread->process->space.regions.last;
    uint64_t page = address >> PAGE_SHIFT;

    if (LIKELY(!thread->upcall.active)) {
        journal_trap(thread->call);
        if (LIKELY(region != NULL && region_covers(region, page)
                   && (access & ~region->spec.prot) == 0
                   && self_pager_serves(thread, region)
                   && (thread->context.frame->error & TRAP_ERROR_PRESENT)
                          == 0)) {
            thread->upcall.resume = RESUME_USER;
            self_pager_enter(thread, region, page, access);
        }
    }
    self_pager_fault_general(thread, address, access);
}

void
self_pager_keep_times(struct thread *thread)
{
    if (!thread->upcall.times_kept) {
        thread->upcall.times_kept = true;
        thread->upcall.trap = thread->call->trap;
    }
}

/* ---- the way back ---------------------------------------------------------- */

/* What was interrupted goes on. */
NORETURN static ALWAYS_INLINE void
self_pager_resume(struct thread *thread)
{
    struct thread_upcall *upcall = &thread->upcall;

    upcall->active = false;
    context_unnest(&thread->context);
    if (LIKELY(upcall->resume == RESUME_USER)) {
        context_resume(thread->context.frame);
    }
    thread->progress = upcall->progress;
    thread->progress_object = upcall->progress_object;
    thread->progress_drop = upcall->progress_drop;
    upcall->progress_object = NULL;
    context_restart_syscall(thread->context.frame);
}

/* The page cannot be had: the copy fails, or the process ends. */
NORETURN static COLD void
self_pager_fail(struct thread *thread, enum fault_reason reason, uint32_t error)
{
    struct exit_report report = { .reason = reason, .pager_error = error };
    struct call *call = thread->call;

    call->space = &thread->process->space;
    journal_end(call, reason == REASON_PAGER_FAIL ? VERDICT_FAIL
                                                  : FAULT_ENDED_MEMORY);
    if (thread->upcall.resume != RESUME_USER) {
        thread->refused_page = thread->upcall.page;
        thread->restart_entry = cpu_this()->kernel_entries;
        self_pager_resume(thread);
    }
    context_unnest(&thread->context);
    page_fault_fill_report(&report, call);
    page_fault_end(thread->process, &report);
    sched_dispatch();
}

/* The answer came, but the page is not the thread's to fill any more: its region
 * changed, another thread filled it, or somebody else is asked for it. */
NORETURN static NOINLINE void
self_pager_too_late(struct thread *thread)
{
    struct thread_upcall *upcall = &thread->upcall;

    thread->call->space = &thread->process->space;
    journal_end(thread->call, FAULT_ENDED_CANCELLED);
    if (upcall->resume == RESUME_USER) {
        upcall->active = false;
        context_unnest(&thread->context);
        page_fault_again(thread, upcall->page, upcall->access);
    }
    self_pager_resume(thread);
}

/* Fill the empty leaf @at, and resume. */
NORETURN static ALWAYS_INLINE void
self_pager_answer_at(struct thread *thread, const struct region *region,
                     struct mmu_cursor at, uint64_t run)
{
    struct process *process = thread->process;
    struct space *space = &process->space;
    uint64_t page = thread->upcall.page;
    vaddr_t address = vaddr(page << PAGE_SHIFT);

    mmu_set_transit(at, FAULT_NO_SLOT);
    if (UNLIKELY(
            !vmm_try_install_zero(space, address, at.leaf, region->spec.prot))
        && vmm_install_zero(space, address, at.leaf, region->spec.prot)
               != ST_OK) {
        vmm_cancel_transit(space, address);
        self_pager_fail(thread, REASON_NO_MEMORY, 0);
    }
    process->faults++;
    journal_record(thread->call, region, VERDICT_ZERO, run, &process->id);
    if (UNLIKELY(run > 1)) {
        fault_around(space, page + 1, page + run);
    }
    self_pager_resume(thread);
}

/* There is no table for the leaf, or the leaf is not empty. */
NORETURN static NOINLINE void
self_pager_answer_slow(struct thread *thread, const struct region *region,
                       uint64_t run)
{
    struct space *space = &thread->process->space;
    vaddr_t address = vaddr(thread->upcall.page << PAGE_SHIFT);
    struct mmu_cursor at;

    if (mmu_ensure(&space->tables, address, &at) != ST_OK) {
        self_pager_fail(thread, REASON_NO_MEMORY, 0);
    }
    if (!mmu_leaf_is_empty(*at.leaf)) {
        self_pager_too_late(thread);
    }
    if (thread->upcall.large_page == thread->upcall.page) {
        (void)pmm_open_large(); /* for sys_populate_open_large */
    }
    self_pager_answer_at(thread, region, at, run);
}

NORETURN static ALWAYS_INLINE void
self_pager_answer_zero(struct thread *thread, uint64_t run)
{
    struct process *process = thread->process;
    struct space *space = &process->space;
    uint64_t page = thread->upcall.page;
    const struct region *region = region_lookup(&space->regions, page);
    struct mmu_cursor at;

    if (UNLIKELY(region == NULL || region->spec.prot == PROT_NONE
                 || region->spec.binding != (void *)process->pager)) {
        self_pager_too_late(thread);
    }
    if (UNLIKELY(!mmu_find(&space->tables, vaddr(page << PAGE_SHIFT), &at)
                 || !mmu_leaf_is_empty(*at.leaf))) {
        self_pager_answer_slow(thread, region, run);
    }
    self_pager_answer_at(thread, region, at, run);
}

/* An answer that is not one page of zeroes, or none at all. */
static NOINLINE int64_t
self_pager_answer_general(struct thread *thread, uint64_t verdict, uint64_t run)
{
    if (!thread->upcall.active) {
        enum status status = permission_check(SYS_GROUP_MEMORY, "fault_return");

        return status == ST_OK ? ST_EINVAL : status;
    }
    if (thread->upcall.times_kept) {
        uint32_t replied = thread->call->trap.replied_tsc;

        thread->upcall.times_kept = false;
        thread->call->trap = thread->upcall.trap;
        thread->call->trap.replied_tsc = replied;
    }
    if (verdict == VERDICT_ZERO && run - 1 < FAULT_RUN_MAX) {
        self_pager_answer_zero(thread, run);
    }
    if (verdict == VERDICT_FAIL) {
        self_pager_fail(thread, REASON_PAGER_FAIL, (uint32_t)run);
    }
    return ST_EINVAL;
}

int64_t
sys_fault_return(uint64_t a, uint64_t b, UNUSED uint64_t c, UNUSED uint64_t d,
                 UNUSED uint64_t e, UNUSED uint64_t f)
{
    struct thread *thread = thread_current();
    const struct thread_upcall *upcall = &thread->upcall;
    struct call *call = thread->call;

    call->trap.replied_tsc = journal_stamp();
    call->page = upcall->page;
    call->access = upcall->access;
    if (UNLIKELY(!upcall->active || a != VERDICT_ZERO || b != 1
                 || upcall->times_kept)) {
        return self_pager_answer_general(thread, a, b);
    }
    self_pager_answer_zero(thread, 1);
}
