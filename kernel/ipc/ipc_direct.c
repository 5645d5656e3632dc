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

static ALWAYS_INLINE struct upcall_passage
ipc_direct_refuse(uint64_t handle)
{
    return (struct upcall_passage){ .frame = NULL, .name = handle };
}

/* Whether @handle names, in *@out, an endpoint and carries @right; if not, the
 * general path says why. A handle to give stands in the upper half of @handle,
 * where no generation is so large. */
static ALWAYS_INLINE bool
ipc_direct_find(const struct process *process, uint64_t handle, uint32_t right,
                struct handle_entry **out)
{
    return LIKELY(handle_find(&process->handles, handle, out)
                  && (*out)->kind == OBJECT_ENDPOINT
                  && ((*out)->rights & right) != 0);
}

/* Whether a thread, *@out then, waits for a call to @endpoint: endpoint_receiver,
 * without a NULL that would have to be looked for. */
static ALWAYS_INLINE bool
ipc_direct_receiver(const struct endpoint *endpoint, struct thread **out)
{
    struct list *first = endpoint->receivers.next;

    if (UNLIKELY(first == &endpoint->receivers)) {
        first = endpoint->servers.next;
        if (first == &endpoint->servers) {
            return false;
        }
    }
    *out = LIST_ENTRY(first, struct thread, wait_link);
    return true;
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

    if (!ipc_direct_find(process, handle, RIGHT_CALL, &entry)) {
        return ipc_direct_refuse(handle);
    }
    endpoint = CONTAINER_OF(entry->object, struct endpoint, object);
    /* The caller runs, so unless a switch is due nobody above it is ready. */
    if (!ipc_direct_receiver(endpoint, &receiver)
        || UNLIKELY(process->served_rank != 0 || receiver->deadline_tick != 0
                    || cpu->resched)) {
        return ipc_direct_refuse(handle);
    }
    list_unlink(&receiver->wait_link);
    call->is_fault = false;
    call->badge = entry->badge;
    call->endpoint = endpoint;
    ipc_mark_delivered(call, receiver);
    thread_set_waiting(caller, &ipc_call_wait, call, RESUME_USER);
    donation_give(receiver, caller->priority);
    receiver->slice = caller->slice;
    sched_hand_over(cpu, caller, receiver);
    return (struct upcall_passage){
        .frame = receiver->context.frame,
        .name = (uintptr_t)call,
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

/* The answer to the fault @call is ZERO, for one page: give it, and go on where
 * it was missing. */
static NOINLINE struct upcall_passage
ipc_direct_answer_fault(uint64_t handle, struct thread *server,
                        const struct handle_entry *entry, struct call *call)
{
    const struct trap_frame *frame = server->context.frame;
    struct cpu *cpu = cpu_this();
    const struct region *region;
    struct thread *woken;

    if (frame->rsi != VERDICT_ZERO || frame->rdx != 1) {
        return ipc_direct_refuse(handle);
    }
    call->trap.replied_tsc = journal_stamp();
    region = ipc_direct_give_page(call);
    if (UNLIKELY(region == NULL)) {
        return ipc_direct_refuse(handle);
    }
    ipc_wait_at(server, CONTAINER_OF(entry->object, struct endpoint, object),
                (entry->rights & RIGHT_SERVE) != 0);
    woken = fault_resolve(call, region, VERDICT_ZERO, 1, server->process);
    if (UNLIKELY(woken->resume != RESUME_USER
                 || sched_has_above(woken->priority))) {
        ipc_run(woken);
    }
    sched_hand_over(cpu, server, woken);
    context_resume(woken->context.frame);
}

/* The answer to the thread's call @call moves on in registers. */
static ALWAYS_INLINE struct upcall_passage
ipc_direct_answer_call(struct cpu *cpu, struct thread *server,
                       struct endpoint *endpoint, bool serves,
                       struct call *call)
{
    struct thread *caller = call->owner;

    ipc_close_call(call);
    ipc_wait_at(server, endpoint, serves);
    sched_hand_over(cpu, server, caller);
    return (struct upcall_passage){
        .frame = caller->context.frame,
        .name = (uintptr_t)ipc_direct_no_name,
    };
}

struct upcall_passage
upcall_ipc_reply_receive(uint64_t handle, uint64_t reply_id)
{
    struct cpu *cpu = cpu_this();
    struct thread *server = cpu->current;
    struct process *process = server->process;
    struct handle_entry *entry;
    struct endpoint *endpoint;
    struct call *call;
    bool serves;

    if (!ipc_direct_find(process, handle, RIGHT_RECEIVE, &entry)
        || !call_find(reply_id, &call)
        || UNLIKELY(call->server != process || call->state != CALL_DELIVERED)) {
        return ipc_direct_refuse(handle);
    }
    endpoint = CONTAINER_OF(entry->object, struct endpoint, object);
    serves = (entry->rights & RIGHT_SERVE) != 0;
    if (UNLIKELY(endpoint->queued != 0
                 || server->priority != server->base_priority
                 || (serves && endpoint->attached != process))) {
        return ipc_direct_refuse(handle);
    }
    if (call->is_fault) {
        return ipc_direct_answer_fault(handle, server, entry, call);
    }
    if (UNLIKELY(call->owner->deadline_tick != 0
                 || sched_has_above(call->owner->priority))) {
        return ipc_direct_refuse(handle);
    }
    return ipc_direct_answer_call(cpu, server, endpoint, serves, call);
}
