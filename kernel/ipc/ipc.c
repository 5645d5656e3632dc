/* SPDX-License-Identifier: MIT */
/* The message paths in general; the direct one is in ipc_direct.c. */
#include "ipc.h"

#include <secos/ipc.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <klib/kassert.h>
#include <task/handle.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/sched.h>

#include "detach.h"
#include "donation.h"
#include "endpoint.h"
#include "fault.h"
#include "ipc_inline.h"
#include "pager_watch.h"

/* ---- registers --------------------------------------------------------- */

static ALWAYS_INLINE void
ipc_copy_message(struct trap_frame *to, const struct trap_frame *from)
{
    to->rsi = from->rsi;
    to->rdx = from->rdx;
    to->r10 = from->r10;
    to->r8 = from->r8;
    to->r9 = from->r9;
    to->rbx = from->rbx;
}

/* A failed call leaves zeroes in every output but rax. */
static void
ipc_set_failure(struct trap_frame *frame, enum status status)
{
    frame->rdi = 0;
    frame->rsi = 0;
    frame->rdx = 0;
    frame->r10 = 0;
    frame->r8 = 0;
    frame->r9 = 0;
    frame->rbx = 0;
    frame->r12 = 0;
    frame->r13 = 0;
    frame->rax = (uint64_t)(int64_t)status;
}

NORETURN static COLD void
ipc_fail(struct trap_frame *frame, enum status status)
{
    ipc_set_failure(frame, status);
    context_resume(frame);
}

/* No such handle. A process without the IPC group never gets one (spawn refuses
 * it, notify_create too), so its calls all end here and need no check before. */
NORETURN static COLD void
ipc_fail_handle(struct trap_frame *frame, const char *call)
{
    enum status status = permission_check(SYS_GROUP_IPC, call);

    ipc_fail(frame, status == ST_OK ? ST_EBADF : status);
}

/* The current thread's call is done and its frame complete: go on with it, or
 * let a better one that it woke run first. */
NORETURN static void
ipc_resume_current(struct thread *current)
{
    current->resume = RESUME_USER;
    sched_preempt();
    context_resume(current->context.frame);
}

/* ---- waiting ----------------------------------------------------------- */

static void
ipc_abort_call(struct thread *thread, enum status status)
{
    struct call *call = thread->wait_object;

    if (call->state == CALL_QUEUED) {
        endpoint_unqueue_call(call);
    } else {
        list_remove(&call->delivered_link);
        call->state = CALL_IDLE;
        if (call->receiver != NULL) {
            donation_lose(call->receiver);
        }
    }
    call_renew(call);
    ipc_set_failure(thread->context.frame, status);
}

static void
ipc_abort_receive(struct thread *thread, enum status status)
{
    list_remove(&thread->wait_link);
    ipc_set_failure(thread->context.frame, status);
}

const struct wait_class ipc_call_wait = {
    .name = "call",
    .is_call = true,
    .abort = ipc_abort_call,
};

const struct wait_class ipc_receive_wait = {
    .name = "receive",
    .abort = ipc_abort_receive,
};

/* ---- call -------------------------------------------------------------- */

static ALWAYS_INLINE void
ipc_fill_receiver(struct trap_frame *to, const struct trap_frame *from,
                  const struct call *call)
{
    ipc_copy_message(to, from);
    to->rax = ST_OK;
    to->rdi = call_reply_id(call);
    to->r12 = call->badge;
    to->r13 = 0;
}

/* Give @handle of @from to the slot that @to named in r13.
 * Returns ST_EBADF, ST_EPERM, or ST_EMFILE if there is no such slot. */
static enum status
ipc_give_handle(struct thread *from, uint64_t handle, struct thread *to,
                uint64_t *slot_out)
{
    uint64_t spec = to->context.frame->r13;
    uint32_t slot = (uint32_t)spec & HANDLE_SLOT_MASK;
    struct handle_entry *entry = handle_lookup(&from->process->handles, handle);
    struct handle_table *table = &to->process->handles;
    enum status status;

    if (entry == NULL || entry->kind == OBJECT_NONE) {
        return ST_EBADF;
    }
    if ((entry->rights & RIGHT_GRANT) == 0) {
        return ST_EPERM;
    }
    if ((spec & IPC_SLOT_OPEN) == 0 || !handle_slot_is_free(table, slot)) {
        return ST_EMFILE;
    }
    status =
        handle_add_at(table, slot, entry->object, entry->rights, entry->badge);
    KASSERT(status == ST_OK);
    *slot_out = IPC_SLOT_OPEN | handle_of_slot(table, slot);
    return ST_OK;
}

/* Deliver @call, in no queue, to @receiver, in no list. Returns why the handle
 * it brings could not be given; then nothing was delivered. */
static enum status
ipc_deliver(struct call *call, struct thread *receiver)
{
    struct thread *caller = call->owner;
    struct trap_frame *from = caller->context.frame;
    uint64_t handle = from->rdi >> 32;
    uint64_t slot = 0;

    if (handle != 0) {
        enum status status = ipc_give_handle(caller, handle, receiver, &slot);

        if (status != ST_OK) {
            return status;
        }
    }
    ipc_mark_delivered(call, receiver);
    ipc_fill_receiver(receiver->context.frame, from, call);
    receiver->context.frame->r13 = slot;
    return ST_OK;
}

/* Call @endpoint, where @receiver waits or, if it is NULL, nobody does. */
NORETURN static void
ipc_call_general(struct thread *caller, struct endpoint *endpoint,
                 struct thread *receiver)
{
    struct trap_frame *frame = caller->context.frame;
    struct call *call = caller->call;
    enum status status;

    if (caller->process->served_rank != 0
        && endpoint->rank >= caller->process->served_rank) {
        ipc_fail(frame, ST_EDEADLK);
    }
    if (endpoint->receive_handles == 0) {
        ipc_fail(frame, ST_EPIPE);
    }
    if (receiver == NULL && donation_is_cycle(caller, endpoint)) {
        ipc_fail(frame, ST_EDEADLK);
    }
    if (!thread_set_deadline(caller, frame->r14)) {
        ipc_fail(frame, ST_ETIMEDOUT);
    }
    if (receiver == NULL) {
        thread_set_waiting(caller, &ipc_call_wait, call, RESUME_USER);
        endpoint_queue_call(endpoint, call, caller->priority);
        donation_raise(endpoint, caller->priority);
        sched_dispatch();
    }
    status = ipc_deliver(call, receiver);
    if (status != ST_OK) {
        thread_clear_deadline(caller);
        ipc_fail(frame, status);
    }
    list_remove(&receiver->wait_link);
    thread_clear_deadline(receiver);
    thread_set_waiting(caller, &ipc_call_wait, call, RESUME_USER);
    donation_give(receiver, caller->priority);
    ipc_run(receiver);
}

int64_t
sys_ipc_call(uint64_t a, UNUSED uint64_t b, UNUSED uint64_t c,
             UNUSED uint64_t d, UNUSED uint64_t e, UNUSED uint64_t f)
{
    struct thread *caller = thread_current();
    struct trap_frame *frame = caller->context.frame;
    struct process *process = caller->process;
    struct call *call = caller->call;
    struct handle_entry *entry = handle_lookup(&process->handles, (uint32_t)a);
    struct endpoint *endpoint;
    struct thread *receiver;

    if (UNLIKELY(entry == NULL || entry->kind != OBJECT_ENDPOINT)) {
        ipc_fail_handle(frame, "ipc_call");
    }
    if (UNLIKELY((entry->rights & RIGHT_CALL) == 0)) {
        ipc_fail(frame, ST_EPERM);
    }
    endpoint = CONTAINER_OF(entry->object, struct endpoint, object);
    receiver = endpoint_receiver(endpoint);
    call->is_fault = false;
    call->badge = entry->badge;
    call->endpoint = endpoint;
    ipc_call_general(caller, endpoint, receiver);
}

/* ---- reply ------------------------------------------------------------- */

/* Answer the thread call @call from @frame, which is @server's. The caller is
 * in no queue afterwards. Returns why a handle could not be given; then the
 * call is still owed its answer. */
static ALWAYS_INLINE enum status
ipc_reply_to_call(struct thread *server, const struct trap_frame *frame,
                  struct call *call)
{
    struct thread *caller = call->owner;
    struct trap_frame *to = caller->context.frame;
    uint64_t handle = frame->rdi >> 32;
    uint64_t slot = 0;

    if (UNLIKELY(handle != 0)) {
        enum status status = ipc_give_handle(server, handle, caller, &slot);

        if (status != ST_OK) {
            return status;
        }
    }
    ipc_close_call(call);
    if (UNLIKELY(caller->deadline_tick != 0)) {
        thread_clear_deadline(caller);
    }
    ipc_copy_message(to, frame);
    to->rax = ST_OK;
    to->rdi = 0;
    to->r12 = 0;
    to->r13 = slot;
    return ST_OK;
}

/* Answer the call with @reply_id. Status ST_EGONE: the id names nothing that this
 * process owes. */
static ALWAYS_INLINE struct reply_result
ipc_answer(struct thread *server, const struct trap_frame *frame,
           uint64_t reply_id)
{
    struct reply_result result = { NULL, ST_EGONE };
    struct call *call;

    if (UNLIKELY(!call_find(reply_id, &call) || call->state != CALL_DELIVERED
                 || call->server != server->process)) {
        return result;
    }
    if (call->is_fault) {
        return fault_reply(call, frame);
    }
    result.status = ipc_reply_to_call(server, frame, call);
    if (LIKELY(result.status == ST_OK)) {
        result.woken = call->owner;
    }
    return result;
}

int64_t
sys_ipc_reply(UNUSED uint64_t a, UNUSED uint64_t b, UNUSED uint64_t c,
              UNUSED uint64_t d, UNUSED uint64_t e, UNUSED uint64_t f)
{
    struct thread *server = thread_current();
    struct trap_frame *frame = server->context.frame;
    struct reply_result result = ipc_answer(server, frame, frame->r12);

    if (UNLIKELY(result.status == ST_EGONE)
        && permission_check(SYS_GROUP_IPC, "ipc_reply") != ST_OK) {
        result.status = ST_EPERM;
    }
    if (result.woken != NULL) {
        sched_add(result.woken);
    }
    donation_settle(server);
    ipc_set_failure(frame, result.status);
    if (sched_has_above(server->priority)) {
        cpu_this()->resched = true;
    }
    ipc_resume_current(server);
}

/* ---- receive ----------------------------------------------------------- */

/* Take the best queued call that can be delivered; a call whose handle cannot
 * be given is refused to its caller and the next one is tried. There may be many
 * of them, so interrupts are let in: every thread that can run is in a queue. */
static bool
ipc_take_queued(struct thread *server, struct endpoint *endpoint, bool serves)
{
    struct call *call;

    if (serves && (endpoint->queued & ENDPOINT_TELLS) != 0
        && detach_take(endpoint, server)) {
        return true;
    }
    while ((call = endpoint_best_call(endpoint, serves)) != NULL) {
        enum status status;

        endpoint_take_call(call);
        if (call->is_fault) {
            endpoint->taken++;
            fault_deliver(server, call);
            donation_give(server, call->owner->priority);
            return true;
        }
        status = ipc_deliver(call, server);
        if (status == ST_OK) {
            donation_give(server, call->owner->priority);
            return true;
        }
        ipc_set_failure(call->owner->context.frame, status);
        thread_wake(call->owner);
        cpu_interrupt_window();
    }
    return false;
}

/* The first receive with the SERVE right. Returns if @server may answer the
 * endpoint's faults from now on. */
static NOINLINE void
ipc_attach(struct thread *server, struct endpoint *endpoint,
           struct thread *woken)
{
    enum status status = pager_watch_attach(endpoint, server->process);

    if (status != ST_OK) {
        if (woken != NULL) {
            sched_add(woken);
        }
        ipc_fail(server->context.frame, status);
    }
}

/* Receive from @endpoint. @woken is a thread that the reply before made able to
 * run, or NULL. */
NORETURN static ALWAYS_INLINE void
ipc_receive_from(struct thread *server, struct endpoint *endpoint, bool serves,
                 struct thread *woken)
{
    struct trap_frame *frame = server->context.frame;

    if (serves && UNLIKELY(endpoint->attached != server->process)) {
        ipc_attach(server, endpoint, woken);
    }
    /* Also if it takes what is queued and never waits: a circle of calls through
     * it must be seen. */
    ipc_receives_at(server, endpoint);
    donation_settle(server);
    if (UNLIKELY(endpoint->queued != 0)) {
        if (woken != NULL) {
            sched_add(woken);
            woken = NULL;
        }
        if (ipc_take_queued(server, endpoint, serves)) {
            ipc_resume_current(server);
        }
    }
    if (UNLIKELY(frame->r14 != 0) && !thread_set_deadline(server, frame->r14)) {
        if (woken != NULL) {
            sched_add(woken);
        }
        ipc_set_failure(frame, ST_ETIMEDOUT);
        ipc_resume_current(server);
    }
    ipc_wait_at(server, endpoint, serves);
    if (woken == NULL) {
        sched_dispatch();
    }
    ipc_run(woken);
}

/* The endpoint that @source names for receiving. */
static ALWAYS_INLINE struct handle_entry *
ipc_source(struct thread *server, struct trap_frame *frame, uint64_t source)
{
    struct handle_entry *entry =
        handle_lookup(&server->process->handles, (uint32_t)source);

    if (UNLIKELY(entry == NULL || entry->kind != OBJECT_ENDPOINT)) {
        ipc_fail_handle(frame, "ipc_receive");
    }
    if (UNLIKELY((entry->rights & RIGHT_RECEIVE) == 0)) {
        ipc_fail(frame, ST_EPERM);
    }
    return entry;
}

int64_t
sys_ipc_receive(uint64_t a, UNUSED uint64_t b, UNUSED uint64_t c,
                UNUSED uint64_t d, UNUSED uint64_t e, UNUSED uint64_t f)
{
    struct thread *server = thread_current();
    struct trap_frame *frame = server->context.frame;
    struct handle_entry *entry = ipc_source(server, frame, a);

    ipc_receive_from(server,
                     CONTAINER_OF(entry->object, struct endpoint, object),
                     (entry->rights & RIGHT_SERVE) != 0, NULL);
}

int64_t
sys_ipc_reply_receive(uint64_t a, UNUSED uint64_t b, UNUSED uint64_t c,
                      UNUSED uint64_t d, UNUSED uint64_t e, UNUSED uint64_t f)
{
    struct thread *server = thread_current();
    struct trap_frame *frame = server->context.frame;
    struct handle_entry *entry = ipc_source(server, frame, a);
    struct reply_result result = ipc_answer(server, frame, frame->r12);

    if (UNLIKELY(result.status != ST_OK)) {
        ipc_fail(frame, result.status);
    }
    ipc_receive_from(server,
                     CONTAINER_OF(entry->object, struct endpoint, object),
                     (entry->rights & RIGHT_SERVE) != 0, result.woken);
}
