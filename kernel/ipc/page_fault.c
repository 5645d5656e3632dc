/* SPDX-License-Identifier: MIT */
/* Page faults and exceptions of ring 3, and copies that meet a missing page. */
#include "page_fault.h"

#include <secos/bootinfo.h>
#include <secos/fault.h>

#include <base/align.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/upcalls.h>
#include <klib/log.h>
#include <mm/region.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/sched_inline.h>
#include <task/thread.h>

#include "donation.h"
#include "endpoint.h"
#include "fault.h"
#include "fault_inline.h"
#include "ipc.h"
#include "journal.h"
#include "pager_watch.h"
#include "self_pager.h"

static const char *const page_fault_reasons[] = {
    [REASON_EXCEPTION] = "exception",
    [REASON_NO_REGION] = "no region there",
    [REASON_PROTECTION] = "the region does not allow it",
    [REASON_GUARD] = "guard page",
    [REASON_PAGER_FAIL] = "its pager failed the page",
    [REASON_PAGER_GONE] = "its pager did not come back",
    [REASON_NO_MEMORY] = "no memory",
    [REASON_KILLED] = "killed",
    [REASON_DEPENDS] = "no pager serves this page",
    [REASON_HANDLER] = "missing in its own fault handler",
};

void
page_fault_end(struct process *process, const struct exit_report *report)
{
    struct exit_report full = *report;

    if (process->ending) {
        return;
    }
    full.wait = EXIT_BY_FAULT | (report->vector & 0xFF);
    klog("secos: %s (process %u) ended: vector %u, error 0x%lx, rip 0x%lx, "
         "address 0x%lx: %s (image at 0x%lx)",
         process->name, process->id, report->vector, report->error_code,
         report->rip, report->address, page_fault_reasons[report->reason],
         process->image_base);
    process_end(process, &full);
}

static void
page_fault_set_region(struct exit_report *report, const struct region *region)
{
    if (region != NULL) {
        report->region_base = region->spec.base << PAGE_SHIFT;
        report->region_kind = region->spec.kind;
    }
}

void
page_fault_fill_report(struct exit_report *report, const struct call *call)
{
    const struct trap_frame *frame = call->owner->context.frame;

    report->vector = TRAP_PAGE_FAULT;
    report->error_code = frame->error;
    report->rip = frame->rip;
    report->address = call->page << PAGE_SHIFT;
    page_fault_set_region(report,
                          region_lookup(&call->space->regions, call->page));
}

/* ---- waiting for a pager ----------------------------------------------- */

static void
page_fault_abort(struct thread *thread, UNUSED enum status status)
{
    fault_remove_waiter(thread->wait_object, thread);
}

static const struct wait_class page_fault_wait = {
    .name = "page",
    .is_fault = true,
    .abort = page_fault_abort,
};

/* The current thread waits for the new fault @call, and the pager is not ready to
 * take it at once, or not watched yet. */
NORETURN static NOINLINE void
page_fault_queue(struct thread *thread, struct call *call)
{
    struct endpoint *endpoint = call->endpoint;
    struct thread *pager = endpoint_server(endpoint);

    if (pager == NULL) {
        endpoint_queue_call(endpoint, call, thread->priority);
        donation_raise(endpoint, thread->priority);
        sched_dispatch();
    }
    thread_clear_deadline(pager);
    list_unlink(&pager->wait_link);
    fault_deliver(pager, call);
    donation_give(pager, thread->priority);
    ipc_run(pager);
}

/* The current thread waits for the new fault @call. If its pager is ready, the
 * processor goes straight there. */
NORETURN static ALWAYS_INLINE void
page_fault_ask(struct thread *thread, struct call *call,
               enum thread_resume resume)
{
    struct cpu *cpu = cpu_this();
    const struct endpoint *endpoint = call->endpoint;
    struct list *first = endpoint->servers.next;
    struct thread *pager = LIST_ENTRY(first, struct thread, wait_link);

    fault_add_waiter(call, thread);
    thread_set_waiting(thread, &page_fault_wait, call, resume);
    if (UNLIKELY(first == &endpoint->servers || pager->deadline_tick != 0
                 || cpu->resched || list_is_empty(&endpoint->watch_link))) {
        page_fault_queue(thread, call);
    }
    list_unlink(&pager->wait_link);
    fault_deliver_inline(pager, call);
    donation_give(pager, thread->priority);
    sched_hand_over(cpu, thread, pager);
    context_resume(pager->context.frame);
}

/* The current thread joins the waiters of @call. If it outranks who asked, the
 * fault is its own from now on, and goes by its priority. */
static void
page_fault_join(struct call *call, struct thread *thread)
{
    fault_add_waiter(call, thread);
    if (thread->priority <= call->owner->priority) {
        return;
    }
    call_hand_over(call->owner, thread);
    if (call->state == CALL_QUEUED) {
        endpoint_unqueue_call(call);
        endpoint_queue_call(call->endpoint, call, thread->priority);
    }
    donation_raise(call->endpoint, thread->priority);
}

/* The current thread waits for what fault_begin opened or joined. */
NORETURN static NOINLINE void
page_fault_wait_for(struct thread *thread, const struct fault_outcome *outcome,
                    enum thread_resume resume)
{
    if (outcome->action == FAULT_OPENED) {
        page_fault_ask(thread, outcome->call, resume);
    }
    page_fault_join(outcome->call, thread);
    thread_wait(&page_fault_wait, outcome->call, resume);
}

/* ---- upcalls ----------------------------------------------------------- */

void
page_fault_general(struct thread *thread, uint64_t address, uint32_t access)
{
    const struct trap_frame *frame = thread->context.frame;
    struct exit_report report;
    struct fault_outcome outcome = {
        .action = FAULT_REFUSED,
        .reason = REASON_NO_REGION,
    };

    if (address < USER_END) {
        fault_begin(thread, address >> PAGE_SHIFT, access, &outcome);
    }
    if (outcome.action == FAULT_UPCALL) {
        self_pager_ask(thread, outcome.region, address >> PAGE_SHIFT, access,
                       RESUME_USER);
    }
    if (outcome.action >= FAULT_JOINED) {
        page_fault_wait_for(thread, &outcome, RESUME_USER);
    }
    if (outcome.action == FAULT_RESUME) {
        return;
    }
    report = (struct exit_report){
        .reason = outcome.reason,
        .vector = TRAP_PAGE_FAULT,
        .error_code = frame->error,
        .rip = frame->rip,
        .address = address,
    };
    page_fault_set_region(&report, outcome.region);
    journal_own(thread->call, address >> PAGE_SHIFT, access,
                outcome.region == NULL ? &journal_nowhere : outcome.region,
                FAULT_ENDED_REFUSED);
    page_fault_end(thread->process, &report);
}

bool
upcall_page_fault_here(uint64_t address, uint32_t access)
{
    return fault_answer_direct(thread_current(), address >> PAGE_SHIFT, access);
}

/* A function of its own, so that upcall_page_fault saves no registers for it. */
static NOINLINE void
page_fault_elsewhere(uint64_t address, uint32_t access)
{
    struct thread *thread = thread_current();

    if (fault_placement == FAULT_BY_SELF) {
        self_pager_fault(address, access);
        return;
    }
    journal_trap(thread->call);
    page_fault_general(thread, address, access);
}

void
upcall_page_fault(uint64_t address, uint32_t access)
{
    struct thread *thread = thread_current();
    struct call *call;

    if (UNLIKELY(fault_placement != FAULT_BY_SERVER)) {
        page_fault_elsewhere(address, access);
        return;
    }
    journal_trap(thread->call);
    call = fault_begin_direct(thread, address >> PAGE_SHIFT, access);
    if (UNLIKELY(call == NULL)) {
        page_fault_general(thread, address, access);
        return;
    }
    page_fault_ask(thread, call, RESUME_USER);
}

void
page_fault_again(struct thread *thread, uint64_t page, uint32_t access)
{
    journal_trap(thread->call);
    page_fault_general(thread, page << PAGE_SHIFT, access);
    context_resume(thread->context.frame);
}

/* Whether @page was refused to the copy for which @thread runs its system call
 * again. If the page has come meanwhile, the copy does not ask; then what a later
 * call may need is another matter. */
static bool
page_fault_was_refused(struct thread *thread, uint64_t page)
{
    bool refused = thread->refused_page == page
                   && thread->restart_entry == cpu_this()->kernel_entries;

    thread->refused_page = 0;
    return refused;
}

enum status
page_fault_for_call(uint64_t page, uint32_t access)
{
    struct thread *thread = thread_current();
    struct fault_outcome outcome;

    if (UNLIKELY(thread->refused_page != 0)
        && page_fault_was_refused(thread, page)) {
        return ST_EFAULT;
    }
    if (page >= USER_END >> PAGE_SHIFT) {
        return ST_EFAULT;
    }
    if (UNLIKELY(thread->upcall.active)) {
        self_pager_keep_times(thread);
    }
    journal_trap(thread->call);
    fault_begin(thread, page, access, &outcome);
    if (outcome.action == FAULT_UPCALL) {
        self_pager_ask(thread, outcome.region, page, access, RESUME_SYSCALL);
    }
    if (outcome.action >= FAULT_JOINED) {
        page_fault_wait_for(thread, &outcome, RESUME_SYSCALL);
    }
    return outcome.action == FAULT_RESUME ? ST_OK : ST_EFAULT;
}

void
upcall_copy_fault(uint64_t address, uint32_t access)
{
    struct thread *thread = thread_current();

    if (page_fault_for_call(address >> PAGE_SHIFT, access) != ST_OK) {
        return;
    }
    /* The page came while we looked (pager=kernel, or another thread's reply):
     * restart at once. */
    thread->resume = RESUME_USER;
    context_restart_syscall(thread->context.frame);
}

void
upcall_exception(struct trap_frame *frame)
{
    struct process *process = process_current();
    struct exit_report report = {
        .reason = REASON_EXCEPTION,
        .vector = (uint32_t)frame->vector,
        .error_code = frame->error,
        .rip = frame->rip,
    };

    page_fault_end(process, &report);
}

void
upcall_bad_return(struct trap_frame *frame)
{
    upcall_exception(frame);
    sched_dispatch();
}
