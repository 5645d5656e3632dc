/* SPDX-License-Identifier: MIT */
/* Ready queues, the deadline wheel, and the one place that gives the CPU away. */
#include "sched.h"

#include <base/string.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/timer.h>
#include <klib/kassert.h>
#include <mm/pmm.h>

#include "kernel_stack.h"
#include "sched_inline.h"

/* A deadline hangs in the list of its tick modulo the wheel's size: adding and
 * removing take one step, and a tick looks only at its own list. What it looks at
 * is bounded, since interrupts are off: of a crowd that hangs in one list the
 * rest waits in sched_due for the next ticks. */
#define WHEEL_SLOTS 256u
#define DUE_STEP    128u

static struct list sched_queues[PRIORITIES];
uint32_t sched_ready;
static struct list sched_wheel[WHEEL_SLOTS];
static struct list sched_due = { &sched_due, &sched_due };
uint64_t sched_switch_count;

void
sched_init(uint64_t idle_stack_top)
{
    for (unsigned i = 0; i < PRIORITIES; i++) {
        list_init(&sched_queues[i]);
    }
    for (unsigned i = 0; i < WHEEL_SLOTS; i++) {
        list_init(&sched_wheel[i]);
    }
    cpu_this()->idle_stack_top = idle_stack_top;
}

/* Put @thread, in no queue, behind its equals, and ask for no switch. */
static ALWAYS_INLINE void
sched_enqueue(struct thread *thread)
{
    thread->state = THREAD_READY;
    sched_ready |= 1u << thread->priority;
    list_add_tail(&sched_queues[thread->priority], &thread->run_link);
}

static void
sched_mark_ready(struct thread *thread)
{
    struct cpu *cpu = cpu_this();

    KASSERT(list_is_empty(&thread->run_link));
    thread->state = THREAD_READY;
    sched_ready |= 1u << thread->priority;
    if (cpu->current != NULL && thread->priority > cpu->current->priority) {
        cpu->resched = true;
    }
}

void
sched_add(struct thread *thread)
{
    sched_mark_ready(thread);
    list_add_tail(&sched_queues[thread->priority], &thread->run_link);
}

void
sched_add_first(struct thread *thread)
{
    sched_mark_ready(thread);
    list_add_head(&sched_queues[thread->priority], &thread->run_link);
}

void
sched_remove(struct thread *thread)
{
    if (list_is_empty(&thread->run_link)) {
        return;
    }
    list_remove(&thread->run_link);
    if (list_is_empty(&sched_queues[thread->priority])) {
        sched_ready &= ~(1u << thread->priority);
    }
}

/* Take the first of the best queue; there is one. */
static ALWAYS_INLINE struct thread *
sched_take_best(void)
{
    unsigned best = 31u - (unsigned)__builtin_clz(sched_ready);
    struct list *queue = &sched_queues[best];
    struct list *first = queue->next;

    list_remove(first);
    if (list_is_empty(queue)) {
        sched_ready &= ~(1u << best);
    }
    return LIST_ENTRY(first, struct thread, run_link);
}

/* @next goes on in another way than by its frame. */
NORETURN static NOINLINE void
sched_switch_restart(struct thread *next)
{
    struct cpu *cpu = cpu_this();

    if (next->resume == RESUME_KERNEL) {
        context_call(cpu->idle_stack_top,
                     (void (*)(void *))(uintptr_t)next->continuation, next);
    }
    if (cpu->fpu_owner != next) {
        struct thread *loaded = cpu->fpu_owner;

        sched_switch_count++;
        cpu->fpu_owner = next;
        context_activate(cpu, loaded == NULL ? NULL : &loaded->context,
                         &next->context);
    }
    next->resume = RESUME_USER;
    next->restart_entry = cpu->kernel_entries;
    context_restart_syscall(next->context.frame);
}

NORETURN static ALWAYS_INLINE void
sched_switch_inline(struct thread *next)
{
    struct cpu *cpu = cpu_this();
    struct thread *loaded = cpu->fpu_owner;

    next->state = THREAD_RUNNING;
    cpu->current = next;
    if (UNLIKELY(next->resume != RESUME_USER)) {
        sched_switch_restart(next);
    }
    if (LIKELY(loaded != next)) {
        sched_switch_count++;
        cpu->fpu_owner = next;
        context_activate(cpu, loaded == NULL ? NULL : &loaded->context,
                         &next->context);
    }
    context_resume(next->context.frame);
}

void
sched_switch(struct thread *next)
{
    sched_switch_inline(next);
}

/* Nothing to run: use the time to zero a frame for the pool, one at a time so
 * that an interrupt waits for no more than that, and sleep when it is full. */
NORETURN static void
sched_idle(UNUSED void *nothing)
{
    while (sched_ready == 0) {
        if (pmm_pool_refill_one()) {
            cpu_interrupt_window();
        } else {
            cpu_wait_for_interrupt();
        }
    }
    sched_dispatch();
}

NORETURN static ALWAYS_INLINE void
sched_dispatch_inline(void)
{
    struct cpu *cpu = cpu_this();
    struct thread *next;

    cpu->resched = false;
    if (sched_ready == 0) {
        cpu->current = NULL;
        context_call(cpu->idle_stack_top, sched_idle, NULL);
    }
    next = sched_take_best();
    cpu->slice = THREAD_QUANTUM_TICKS;
    if (UNLIKELY(next->slice != 0)) {
        cpu->slice = next->slice;
        next->slice = 0;
    }
    sched_switch_inline(next);
}

void
sched_dispatch(void)
{
    sched_dispatch_inline();
}

void
sched_put_back(struct thread *thread)
{
    const struct cpu *cpu = cpu_this();

    if (cpu->slice > 0) {
        thread->slice = cpu->slice;
        sched_add_first(thread);
    } else {
        sched_add(thread);
    }
}

int64_t
sched_return(int64_t result)
{
    struct cpu *cpu = cpu_this();

    if (LIKELY(!cpu->resched)) {
        return result;
    }
    cpu->current->context.frame->rax = (uint64_t)result;
    cpu->current->resume = RESUME_USER;
    sched_put_back(cpu->current);
    sched_dispatch();
}

void
sched_checkpoint(void)
{
    struct cpu *cpu = cpu_this();

    cpu_interrupt_window();
    if (!cpu->resched) {
        return;
    }
    if (cpu->current->resume != RESUME_KERNEL) {
        cpu->current->resume = RESUME_SYSCALL;
    }
    sched_put_back(cpu->current);
    sched_dispatch();
}

void
sched_yield_current(int64_t result)
{
    struct thread *current = cpu_this()->current;

    current->context.frame->rax = (uint64_t)result;
    current->resume = RESUME_USER;
    sched_enqueue(current);
    sched_dispatch_inline();
}

void
sched_set_priority(struct thread *thread, uint32_t priority)
{
    struct cpu *cpu = cpu_this();

    if (thread->priority == priority) {
        return;
    }
    if (thread->state == THREAD_READY) {
        sched_remove(thread);
        thread->priority = (uint8_t)priority;
        sched_add(thread);
        return;
    }
    thread->priority = (uint8_t)priority;
    if (cpu->current == thread && sched_has_above(priority)) {
        cpu->resched = true;
    }
}

void
sched_deadline_add(struct thread *thread)
{
    list_add_tail(&sched_wheel[thread->deadline_tick % WHEEL_SLOTS],
                  &thread->deadline_link);
}

/* All threads there can be are looked at before the wheel has turned once, so one
 * that hangs for a later turn is back in its list in time. */
_Static_assert(KERNEL_STACKS_MOST / DUE_STEP < WHEEL_SLOTS,
               "the wheel is too fast");

static void
sched_expire(uint64_t now)
{
    list_splice_tail(&sched_due, &sched_wheel[now % WHEEL_SLOTS]);
    for (unsigned i = 0; i < DUE_STEP && !list_is_empty(&sched_due); i++) {
        struct thread *thread =
            LIST_ENTRY(list_first(&sched_due), struct thread, deadline_link);

        if (thread->deadline_tick <= now) {
            thread_abort_wait(thread, ST_ETIMEDOUT);
        } else {
            list_unlink(&thread->deadline_link);
            sched_deadline_add(thread);
        }
    }
}

void
sched_tick(void)
{
    struct cpu *cpu = cpu_this();
    struct thread *current = cpu->current;

    cpu->ticks++;
    sched_expire(cpu->ticks);
    if (current == NULL) {
        return;
    }
    current->cpu_ticks++;
    if (cpu->slice > 0) {
        cpu->slice--;
    }
    /* Equal priority takes turns; a lower one waits. */
    if (cpu->slice == 0 && (sched_ready >> current->priority) != 0) {
        cpu->resched = true;
    }
}

void
sched_preempt(void)
{
    struct cpu *cpu = cpu_this();

    if (!cpu->resched) {
        return;
    }
    cpu->current->resume = RESUME_USER;
    sched_put_back(cpu->current);
    sched_dispatch();
}

uint64_t
sched_now_ns(void)
{
    return cpu_this()->ticks * TIMER_TICK_NS;
}

void
sched_forget_user_state(struct thread *thread)
{
    struct cpu *cpu = cpu_this();

    if (cpu->fpu_owner == thread) {
        cpu->fpu_owner = NULL;
    }
}

void
sched_forget(struct thread *thread)
{
    struct cpu *cpu = cpu_this();

    sched_forget_user_state(thread);
    if (cpu->current == thread) {
        cpu->current = NULL;
    }
}
