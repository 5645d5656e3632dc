/* SPDX-License-Identifier: MIT */
/* Threads: creation, waiting, ending. */
#include "thread.h"

#include <base/string.h>

#include <arch/cpu.h>
#include <arch/timer.h>
#include <klib/kassert.h>
#include <mm/heap.h>

#include "call.h"
#include "kernel_stack.h"
#include "process.h"
#include "sched.h"

/* Calls looked at between two moments for interrupts. */
#define THREAD_PAUSE_CALLS 512u

/* What a running thread costs its process beside record and kernel stack. */
static uint64_t
thread_bytes(void)
{
    return cpu_features.fpu_bytes + sizeof(struct call);
}

static void
thread_init(struct thread *thread, struct process *process, uint32_t priority)
{
    memset(thread, 0, sizeof(*thread));
    object_init(&thread->object, OBJECT_THREAD);
    thread->process = process;
    thread->state = THREAD_SUSPENDED;
    thread->resume = RESUME_USER;
    thread->base_priority = (uint8_t)priority;
    thread->priority = (uint8_t)priority;
    list_init(&thread->run_link);
    list_init(&thread->wait_link);
    list_init(&thread->deadline_link);
    list_init(&thread->settle_link);
    list_init(&thread->process_link);
    list_init(&thread->joiners);
}

/* Kernel stack, FPU area and reply slot for a thread that has its record. */
static enum status
thread_equip(struct thread *thread)
{
    struct process *process = thread->process;
    void *fpu;
    void *stack;
    enum status status = process_charge_bytes(process, thread_bytes());

    if (status != ST_OK) {
        return status;
    }
    status = ST_ENOMEM;
    fpu = kmalloc_aligned(cpu_features.fpu_bytes, 64);
    if (fpu == NULL) {
        goto undo_charge;
    }
    stack = kernel_stack_alloc(&process->quota);
    if (stack == NULL) {
        goto undo_fpu;
    }
    status = call_create(thread, &thread->call);
    if (status != ST_OK) {
        goto undo_stack;
    }
    thread->kernel_stack = stack;
    context_init(&thread->context, kernel_stack_top(stack), fpu);
    thread->context.root = process->space.tables.root;
    return ST_OK;

undo_stack:
    kernel_stack_free(stack, &process->quota);
undo_fpu:
    kfree(fpu);
undo_charge:
    process_uncharge_bytes(process, thread_bytes());
    return status;
}

enum status
thread_create(struct process *process, uint32_t priority,
              struct thread **thread_out)
{
    struct thread *thread;
    enum status status;

    if (process->thread_count >= PROCESS_THREADS_MOST) {
        return ST_EAGAIN;
    }
    status = process_charge_bytes(process, sizeof(*thread));
    if (status != ST_OK) {
        return status;
    }
    status = ST_ENOMEM;
    thread = kmalloc(sizeof(*thread));
    if (thread == NULL) {
        goto undo_charge;
    }
    thread_init(thread, process, priority);
    status = thread_equip(thread);
    if (status != ST_OK) {
        goto undo_record;
    }
    list_add_tail(&process->threads, &thread->process_link);
    process->thread_count++;
    process->live_threads++;
    *thread_out = thread;
    return ST_OK;

undo_record:
    kfree(thread);
undo_charge:
    process_uncharge_bytes(process, sizeof(*thread));
    return status;
}

void
thread_stop(struct thread *thread)
{
    if (thread->state == THREAD_WAITING) {
        thread_clear_deadline(thread);
        thread->wait->abort(thread, ST_ESRCH);
    }
    sched_remove(thread);
    thread->state = THREAD_DEAD;
    if (thread->progress_object != NULL) {
        thread->progress_drop(thread->progress_object);
        thread->progress_object = NULL;
    }
    if (thread->upcall.progress_object != NULL) {
        thread->upcall.progress_drop(thread->upcall.progress_object);
        thread->upcall.progress_object = NULL;
    }
}

/* The continuation of a doomed thread that comes to run. */
static void
thread_discontinue(struct thread *thread)
{
    thread_stop(thread);
    cpu_interrupt_window(); /* many may follow */
    sched_dispatch();
}

void
thread_doom(struct thread *thread)
{
    if (thread->state == THREAD_READY
        || (thread->state == THREAD_WAITING && thread->wait->is_fault)) {
        thread->resume = RESUME_KERNEL;
        thread->continuation = thread_discontinue;
    } else if (thread->state != THREAD_DEAD) {
        thread_stop(thread);
    }
}

/* The calls in @list that @thread took are its process's now. When interrupts come
 * in, the tick may take a call away whose time is up, or end the process: then this
 * does not go on. */
static void
thread_leave_calls(const struct thread *thread, struct list *list)
{
    struct list *node = list->next;

    for (unsigned looked_at = 1; node != list; looked_at++) {
        struct call *call = LIST_ENTRY(node, struct call, delivered_link);

        if (call->receiver == thread) {
            call->receiver = NULL;
        }
        if (looked_at % THREAD_PAUSE_CALLS == 0) {
            cpu_interrupt_window();
            if (call->state != CALL_DELIVERED
                || call->server != thread->process) {
                node = list;
            }
        }
        node = node->next;
    }
}

void
thread_free(struct thread *thread)
{
    struct process *process = thread->process;

    KASSERT(thread->state == THREAD_DEAD || thread->state == THREAD_SUSPENDED
            || thread->resume == RESUME_KERNEL);
    thread_leave_calls(thread, &process->delivered);
    thread_leave_calls(thread, &process->owed);
    thread->state = THREAD_DEAD;
    sched_forget(thread);
    list_remove(&thread->settle_link);
    if (thread->served != NULL) {
        *thread->served = NULL;
    }
    list_remove(&thread->process_link);
    process->thread_count--;
    call_destroy(thread->call);
    kernel_stack_free(thread->kernel_stack, &process->quota);
    thread->kernel_stack = NULL;
    kfree(thread->context.fpu);
    process_uncharge_bytes(process, thread_bytes());
    object_put(&thread->object);
}

void
thread_destroy(struct object *object)
{
    struct thread *thread = CONTAINER_OF(object, struct thread, object);

    process_uncharge_bytes(thread->process, sizeof(*thread));
    kfree(thread);
}

/* ---- one thread of several ends ---------------------------------------- */

void
thread_abort_listed(struct thread *thread, enum status status)
{
    list_remove(&thread->wait_link);
    thread->context.frame->rax = (uint64_t)(int64_t)status;
}

static const struct wait_class thread_join_wait = {
    .name = "thread",
    .abort = thread_abort_listed,
};

/* The continuation of a thread that has ended, on the processor's own stack. */
static void
thread_reap(struct thread *thread)
{
    while (!list_is_empty(&thread->joiners)) {
        struct thread *joiner =
            LIST_ENTRY(list_first(&thread->joiners), struct thread, wait_link);

        list_remove(&joiner->wait_link);
        thread_finish(joiner, thread->exit_value);
    }
    thread_free(thread);
    sched_dispatch();
}

static void
thread_begin_reaping(struct thread *thread, int64_t value)
{
    thread->exit_value = value;
    thread->resume = RESUME_KERNEL;
    thread->continuation = thread_reap;
}

void
thread_exit(int64_t value)
{
    struct thread *thread = thread_current();

    if (thread->process->live_threads == 1) {
        struct exit_report report = { .wait = (uint32_t)value & 0xFF };

        process_end(thread->process, &report);
        sched_dispatch();
    }
    thread->process->live_threads--;
    thread_begin_reaping(thread, value);
    sched_add_first(thread);
    sched_dispatch();
}

void
thread_kill(struct thread *thread, int64_t value)
{
    KASSERT(thread != thread_current() && thread->resume != RESUME_KERNEL);
    thread_stop(thread);
    thread->process->live_threads--;
    thread_begin_reaping(thread, value);
    sched_add(thread);
}

void
thread_join(struct thread *thread, uint64_t deadline_ns)
{
    struct thread *self = thread_current();

    if (!thread_set_deadline(self, deadline_ns)) {
        sched_yield_current(ST_ETIMEDOUT);
    }
    list_add_tail(&thread->joiners, &self->wait_link);
    thread_wait(&thread_join_wait, thread, RESUME_USER);
}

void
thread_wait(const struct wait_class *class, void *object,
            enum thread_resume resume)
{
    thread_set_waiting(cpu_this()->current, class, object, resume);
    sched_dispatch();
}

void
thread_wake(struct thread *thread)
{
    KASSERT(thread->state == THREAD_WAITING);
    thread_clear_deadline(thread);
    sched_add(thread);
}

void
thread_finish(struct thread *thread, int64_t result)
{
    if (thread->resume == RESUME_USER) {
        thread->context.frame->rax = (uint64_t)result;
    }
    thread_wake(thread);
}

void
thread_abort_wait(struct thread *thread, enum status status)
{
    thread_clear_deadline(thread);
    thread->wait->abort(thread, status);
    sched_add(thread);
}

bool
thread_set_deadline(struct thread *thread, uint64_t deadline_ns)
{
    uint64_t tick;

    if (deadline_ns == 0) {
        return true;
    }
    if (deadline_ns <= sched_now_ns()) {
        return false;
    }
    /* Never early: the tick that ends at or after the deadline. */
    tick = deadline_ns / TIMER_TICK_NS;
    if (deadline_ns % TIMER_TICK_NS != 0) {
        tick++;
    }
    thread->deadline_tick = tick;
    sched_deadline_add(thread);
    return true;
}

void
thread_clear_deadline(struct thread *thread)
{
    if (thread->deadline_tick != 0) {
        list_remove(&thread->deadline_link);
        thread->deadline_tick = 0;
    }
}
