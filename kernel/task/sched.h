/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: fixed priorities, round robin inside each, 32 queues and a
 * bitmap. A higher number runs first.
 *
 * A slice is the processor's, not a thread's: whoever is dispatched gets a whole
 * one, and whoever gets the processor from another by a call, a fault or an answer
 * gets what is left of that one's. So those who hand the processor to and fro
 * share one slice, and then their equals run.
 *
 * Dispatching is one-way (arch/context.h): sched_dispatch and sched_switch leave
 * the present kernel stack for good. A ready thread is in exactly one queue; the
 * running thread is in none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include <task/thread.h>

/* Set up the queues and the deadline wheel. @idle_stack_top is the stack the
 * processor idles and tears down on. Context: boot. */
void sched_init(uint64_t idle_stack_top);

/* Put a thread that is in no queue behind its equals, or before them. */
void sched_add(struct thread *thread);
void sched_add_first(struct thread *thread);

/* Put @thread, who runs or was to run now, back for a better one: first in its
 * queue if the processor's slice is not used up, with what is left of it. */
void sched_put_back(struct thread *thread);

/* Take @thread out of its ready queue; harmless if it is in none. */
void sched_remove(struct thread *thread);

/* Bit n: a thread of priority n is ready. sched.c's, here for the next line. */
extern uint32_t sched_ready;

/* Whether a ready thread outranks @priority. Cost: 4 instructions. */
static inline bool
sched_has_above(uint32_t priority)
{
    return (sched_ready >> priority) > 1;
}

/* Run the best ready thread, or idle until there is one. */
NORETURN void sched_dispatch(void);

/* Run @next now: the direct path of IPC. It must be in no queue. */
NORETURN void sched_switch(struct thread *next);

/* For the end of a system call that may have woken somebody better: return
 * @result, or store it and let the better one run first. */
int64_t sched_return(int64_t result);

/* Give way at a point where the system call can be started again: lets pending
 * interrupts in, and if another thread should run now, requeues the current one
 * to restart its call and does not return. */
void sched_checkpoint(void);

/* The current thread's call ends with @result and it goes to the end of its
 * queue. */
NORETURN void sched_yield_current(int64_t result);

/* Change what a thread runs at, wherever it is. */
void sched_set_priority(struct thread *thread, uint32_t priority);

/* The periodic tick: time, deadlines, slices. Called by the timer interrupt. */
void sched_tick(void);

/* The current thread, interrupted in ring 3, must let another run if a tick or
 * a wake-up asked for it. Returns if not. */
void sched_preempt(void);

/* Nanoseconds since start. */
uint64_t sched_now_ns(void);

/* Deadlines: see thread_set_deadline. */
void sched_deadline_add(struct thread *thread);

/* Count of switches between threads, for reports. */
extern uint64_t sched_switch_count;

/* The user state of @thread that is in the registers will not be needed. */
void sched_forget_user_state(struct thread *thread);

/* A thread is freed: nothing may point at it. */
void sched_forget(struct thread *thread);
