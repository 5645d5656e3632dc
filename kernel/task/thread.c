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

/* What a thread costs its process beside the kernel stack. */
static uint64_t
thread_bytes(void)
{
    return sizeof(struct thread) + cpu_features.fpu_bytes
           + sizeof(struct call);
}

static void
thread_init(struct thread *thread, struct process *process, uint32_t priority)
{
    thread->process = process;
    thread->state = THREAD_SUSPENDED;
    thread->resume = RESUME_USER;
    thread->base_priority = (uint8_t)priority;
    thread->priority = (uint8_t)priority;
    thread->slice = THREAD_QUANTUM_TICKS;
    list_init(&thread->run_link);
    list_init(&thread->wait_link);
    list_init(&thread->deadline_link);
    list_init(&thread->process_link);
    object_init(&thread->object, OBJECT_THREAD);
}

enum status
thread_create(struct process *process, uint32_t priority,
              struct thread **thread_out)
{
    struct thread *thread;
    void *fpu;
    void *stack;
    enum status status = process_charge_bytes(process, thread_bytes());

    if (status != ST_OK) {
        return status;
    }
    status = ST_ENOMEM;
    thread = kmalloc(sizeof(*thread));
    if (thread == NULL) {
        goto undo_charge;
    }
    fpu = kmalloc_aligned(cpu_features.fpu_bytes, 64);
    if (fpu == NULL) {
        goto undo_thread;
    }
    stack = kernel_stack_alloc(&process->quota);
    if (stack == NULL) {
        goto undo_fpu;
    }
    memset(thread, 0, sizeof(*thread));
    status = call_create(thread, &thread->call);
    if (status != ST_OK) {
        goto undo_stack;
    }
    thread_init(thread, process, priority);
    thread->kernel_stack = stack;
    context_init(&thread->context, kernel_stack_top(stack), fpu);
    thread->context.root = process->space.tables.root;
    list_add_tail(&process->threads, &thread->process_link);
    process->thread_count++;
    *thread_out = thread;
    return ST_OK;

undo_stack:
    kernel_stack_free(stack, &process->quota);
undo_fpu:
    kfree(fpu);
undo_thread:
    kfree(thread);
undo_charge:
    process_uncharge_bytes(process, thread_bytes());
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
}

void
thread_free(struct thread *thread)
{
    struct process *process = thread->process;

    KASSERT(thread->state == THREAD_DEAD || thread->state == THREAD_SUSPENDED
            || thread->resume == RESUME_KERNEL);
    sched_forget(thread);
    list_remove(&thread->process_link);
    process->thread_count--;
    call_destroy(thread->call);
    kernel_stack_free(thread->kernel_stack, &process->quota);
    kfree(thread->context.fpu);
    kfree(thread);
    process_uncharge_bytes(process, thread_bytes());
}

struct thread *
thread_current(void)
{
    return cpu_this()->current;
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
        sched_deadline_remove(thread);
    }
}
