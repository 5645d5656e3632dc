/* SPDX-License-Identifier: MIT */
/*
 * The direct path: a message, or the answer to a fault, and the processor with it.
 *
 * A server waits, nothing is queued, no deadline and no handle are involved, and
 * nobody more important is ready: then a message moves from thread to thread in
 * registers (arch/x86_64/syscall_ipc.asm), and what happens here is all that
 * happens. Each function first looks at everything that could stand in the way,
 * and has changed nothing when it says no; then the general path of ipc.c decides.
 */
#include <secos/fault.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/upcalls.h>
#include <task/handle.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/sched_inline.h>

#include "donation.h"
#include "fault_inline.h"
#include "ipc.h"
#include "ipc_inline.h"
#include "journal.h"

/* Reply id and badge of who gets an answer. */
static const uint64_t ipc_direct_no_name[2];

/* Nobody goes on by this frame: the general path is to be taken. */
static const struct trap_frame ipc_direct_no_frame = { .vector = TRAP_NONE };

/* No direct path for the call @number of @thread with @handle. */
static NOINLINE struct upcall_passage
ipc_direct_refuse(uint64_t handle, const struct thread *thread,
                  enum sys_number number)
{
    thread->context.frame->rax = number;
    thread->context.frame->rdi = handle;
    return (struct upcall_passage){ &ipc_direct_no_frame, ipc_direct_no_name };
}

/* Whether @handle names, in *@out, an endpoint, and carries of the rights @asked
 * just @wanted; if not, the general path says why. A handle to give stands in the
 * upper half of @handle, where no name has anything. */
static ALWAYS_INLINE bool
ipc_direct_find(const struct process *process, uint64_t handle, uint32_t asked,
                uint32_t wanted, struct handle_entry **out)
{
    return LIKELY(handle_find(&process->handles, handle, out)
                  && ((*out)->power & HANDLE_POWER_MASK(asked))
                         == HANDLE_POWER(OBJECT_ENDPOINT, wanted));
}

/* Those who wait for a call to @endpoint, whom endpoint_receiver would choose
 * from. The list may be empty. */
static ALWAYS_INLINE struct list *
ipc_direct_receivers(struct endpoint *endpoint)
{
    return LIKELY(!list_is_empty(&endpoint->receivers)) ? &endpoint->receivers
                                                        : &endpoint->servers;
}

struct upcall_passage
upcall_ipc_call(uint64_t handle)
{
    struct cpu *cpu = cpu_this();
    struct thread *caller = cpu->current;
    struct process *process = caller->process;
    struct call *call = caller->call;
    struct handle_entry *entry;
    struct endpoint *endpoint;
    struct thread *receiver;
    struct list *receivers;

    if (!ipc_direct_find(process, handle, RIGHT_CALL, RIGHT_CALL, &entry)) {
        return ipc_direct_refuse(handle, caller, SYS_ipc_call);
    }
    endpoint = CONTAINER_OF(entry->object, struct endpoint, object);
    receivers = ipc_direct_receivers(endpoint);
    receiver = LIST_ENTRY(receivers->next, struct thread, wait_link);
    /* The caller runs, so unless a switch is due nobody above it is ready. */
    if (UNLIKELY(list_is_empty(receivers) || process->served_rank != 0
                 || receiver->deadline_tick != 0 || cpu->resched)) {
        return ipc_direct_refuse(handle, caller, SYS_ipc_call);
    }
    list_unlink_first(receivers);
    call->badge = entry->badge;
    call->endpoint = endpoint;
    ipc_mark_delivered(call, receiver);
    thread_set_waiting(caller, &ipc_call_wait, call, RESUME_USER);
    donation_give(receiver, caller->priority);
    sched_hand_over(cpu, caller, receiver);
    return (struct upcall_passage){
        .frame = receiver->context.frame,
        .name = call_name(call),
    };
}

/* Give the page that @call waits for, if that needs no more ado. Returns the
 * region it is in; NULL: nothing was done. */
static ALWAYS_INLINE const struct region *
ipc_direct_give_page(struct call *call)
{
    struct space *space = call->space;
    const struct region *region = space->regions.last;

    if (UNLIKELY(call->leaf == NULL || region == NULL
                 || !region_covers(region, call->page)
                 || !vmm_try_install_zero(space,
                                          vaddr(call->page << PAGE_SHIFT),
                                          call->leaf, region->spec.prot))) {
        return NULL;
    }
    return region;
}

/* @call is to be answered by the thread that runs, and is not a message or not at
 * a plain server. If it is a fault and the answer ZERO for one page, give it, and
 * go on where it was missing. */
static NOINLINE struct upcall_passage
ipc_direct_answer_fault(uint64_t handle, struct cpu *cpu, struct call *call)
{
    struct thread *server = cpu->current;
    const struct trap_frame *frame = server->context.frame;
    struct process *process = server->process;
    const struct region *region;
    struct handle_entry *entry;
    struct endpoint *endpoint;
    struct thread *woken;

    if (!ipc_direct_find(process, handle, RIGHT_RECEIVE | RIGHT_SERVE,
                         RIGHT_RECEIVE | RIGHT_SERVE, &entry)
        || UNLIKELY(call->phase != CALL_PHASE_FAULT
                    || frame->rsi != VERDICT_ZERO || frame->rdx != 1)) {
        return ipc_direct_refuse(handle, server, SYS_ipc_reply_receive);
    }
    endpoint = CONTAINER_OF(entry->object, struct endpoint, object);
    if (UNLIKELY(endpoint->attached != process || endpoint->queued != 0)) {
        return ipc_direct_refuse(handle, server, SYS_ipc_reply_receive);
    }
    call->trap.replied_tsc = journal_stamp();
    region = ipc_direct_give_page(call);
    if (UNLIKELY(region == NULL)) {
        return ipc_direct_refuse(handle, server, SYS_ipc_reply_receive);
    }
    ipc_wait_at(server, endpoint, true);
    woken = fault_resolve(call, region, VERDICT_ZERO, 1, process);
    if (UNLIKELY(woken->resume != RESUME_USER
                 || sched_has_above(woken->priority))) {
        ipc_run(woken);
    }
    sched_hand_over(cpu, server, woken);
    context_resume(woken->context.frame);
}

struct upcall_passage
upcall_ipc_reply_receive(uint64_t handle, uint64_t reply_id)
{
    struct cpu *cpu = cpu_this();
    struct thread *server = cpu->current;
    struct process *process = server->process;
    struct handle_entry *entry;
    struct endpoint *endpoint;
    struct thread *caller;
    struct call *call;

    if (!call_find(reply_id, &call)
        || UNLIKELY(call->server != process
                    || server->priority != server->base_priority)) {
        return ipc_direct_refuse(handle, server, SYS_ipc_reply_receive);
    }
    if (call->phase != CALL_PHASE_MESSAGE
        || !ipc_direct_find(process, handle, RIGHT_RECEIVE | RIGHT_SERVE,
                            RIGHT_RECEIVE, &entry)) {
        return ipc_direct_answer_fault(handle, cpu, call);
    }
    endpoint = CONTAINER_OF(entry->object, struct endpoint, object);
    caller = call->owner;
    if (UNLIKELY(endpoint->queued != 0 || caller->deadline_tick != 0
                 || sched_has_above(caller->priority))) {
        return ipc_direct_refuse(handle, server, SYS_ipc_reply_receive);
    }
    ipc_close_call(call);
    ipc_wait_at(server, endpoint, false);
    sched_hand_over(cpu, server, caller);
    return (struct upcall_passage){
        .frame = caller->context.frame,
        .name = ipc_direct_no_name,
    };
}
