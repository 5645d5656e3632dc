/* SPDX-License-Identifier: MIT */
/*
 * Threads: who can run.
 *
 *                create              start
 *      (none) ----------> SUSPENDED --------> READY <-----> RUNNING
 *                                               ^              |
 *                                 thread_finish |              | thread_wait
 *                                               +--- WAITING <-+
 *      any state --- kill: wait_class.abort, unlink ---> DEAD --> freed
 *
 * A thread that is not RUNNING has nothing on its kernel stack but its register
 * frame. What it waits for is in this structure, so ending it in any state is
 * "unlink and free".
 *
 * How a thread goes on when it is dispatched is its `resume`:
 *   USER     by its frame, to ring 3; whoever woke it wrote the result there
 *   SYSCALL  its system call runs again from the start (restart classes A-C)
 *   KERNEL   `continuation` runs on the processor's own stack: teardown
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <task/call.h>
#include <task/object.h>

struct process;
struct thread;
struct call;

enum thread_state {
    THREAD_SUSPENDED,
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_WAITING,
    THREAD_DEAD,
};

enum thread_resume {
    RESUME_USER,
    RESUME_SYSCALL,
    RESUME_KERNEL,
};

#define PRIORITIES          32u
#define PRIORITY_DEFAULT    8u
#define PRIORITY_SHELL      16u
#define PRIORITY_PAGER      24u
#define PRIORITY_SUPERVISOR 28u

#define THREAD_QUANTUM_TICKS 5

/* What a waiting thread waits for. */
struct wait_class {
    bool is_fault; /* waits for its pager          */
    bool is_call;  /* waits in a call to an endpoint */
    const char *name;
    /* Unlink @thread and write @status as its result: it was killed, timed out
     * or lost its peer. The caller makes it ready or frees it. */
    void (*abort)(struct thread *thread, enum status status);
};

/* A thread that answers faults itself (ipc/self_pager.h). */
struct thread_upcall {
    uint64_t handler; /* 0 = none */
    uint64_t stack;   /* its rsp */
    bool active;      /* the handler runs, for this fault: */
    bool times_kept;  /* `trap` holds its times: it had a fault itself */
    uint8_t resume;   /* enum thread_resume of what it interrupted */
    uint32_t access;
    uint64_t page;
    uint64_t large_page; /* where populate wants 2 MiB, the last time */
    struct call_trap trap;
    /* The three fields below of the system call it interrupted. */
    uint64_t progress;
    void *progress_object;
    void (*progress_drop)(void *object);
};

struct thread {
    struct context context;
    struct process *process;
    struct call *call; /* its reply slot, reserved for life; ipc/call.h */
    uint16_t state;  /* enum thread_state: with resume, one store of 32 bits */
    uint16_t resume; /* enum thread_resume */
    uint8_t base_priority;
    uint8_t priority;      /* base or what callers donate, the higher */
    uint8_t slice;         /* ticks left, of one that was interrupted; or 0 */
    struct list run_link;  /* in a ready queue */
    struct list wait_link; /* in the queue of what it waits for */

    const struct wait_class *wait; /* while WAITING */
    void *wait_object;
    uint64_t deadline_tick; /* 0 = none */
    struct list deadline_link;
    /* In the endpoint where it received last, if nobody did so after it: who
     * serves (ipc/endpoint.h). NULL = none. */
    struct thread **served;
    struct list settle_link; /* its priority is to be settled: ipc/donation.h */
    uint64_t wait_bits;      /* notify_wait: which */
    enum status wait_status; /* process_wait_end: what to return instead */

    /* No pager gave the page that a copy of its system call needs (0 = none): the
     * copy fails if it asks again, in this run of the call and no later one. */
    uint64_t refused_page;
    uint64_t restart_entry; /* cpu->kernel_entries when the call ran again */

    void (*continuation)(struct thread *thread); /* RESUME_KERNEL */
    /* A system call that goes on where it stopped keeps its place here; zero
     * when a call ends. */
    uint64_t progress;
    void *progress_object;
    void (*progress_drop)(void *object); /* the thread ended in between */

    struct thread_upcall upcall;

    struct object object; /* one reference is its life, the others handles */
    struct list process_link;
    struct list joiners; /* threads in thread_join */
    uint64_t cpu_ticks;
    int64_t exit_value;
    void *kernel_stack; /* as kernel_stack_alloc returned it */
};

/* Threads a process may have at once: what process_end stops in one go. */
#define PROCESS_THREADS_MOST 128u

/* Create a suspended thread of @process: kernel stack, FPU area and reply slot,
 * all charged to the process. Returns ST_ENOMEM with nothing changed.
 * Cost: about 1,000 instructions, most of them clearing the FPU area. */
MUST_CHECK enum status thread_create(struct process *process, uint32_t priority,
                                     struct thread **thread_out);

/* Unlink @thread from everything it waits for or runs in. It will not run again.
 * Context: any thread, the caller's own too. */
void thread_stop(struct thread *thread);

/* The process of @thread ends: it never leaves the kernel again. One that is ready,
 * or waits for a page, stays where it is until thread_stop or its turn to run comes:
 * there may be many, and to stop one of them is long. */
void thread_doom(struct thread *thread);

/* Give back what a stopped thread needs to run; the record stays while handles
 * name it. Context: not on its own kernel stack. */
void thread_free(struct thread *thread);

/* The current thread ends with @value, seen by thread_join. The last one ends
 * its process. Does not return. */
NORETURN void thread_exit(int64_t value);

/* End @thread, another living one of the caller's process, with @value, in
 * whatever it does: what it waits for goes on without it. */
void thread_kill(struct thread *thread, int64_t value);

/* Wait until @thread, of the caller's process, has ended; the result of the
 * system call is its value, or ST_ETIMEDOUT. Does not return. */
NORETURN void thread_join(struct thread *thread, uint64_t deadline_ns);

/* Whether @thread has ended. */
static inline bool
thread_has_ended(const struct thread *thread)
{
    return thread->kernel_stack == NULL;
}

/* The object class of threads calls this. */
void thread_destroy(struct object *object);

/* The calling thread. Context: a system call or fault of that thread. */
static inline struct thread *
thread_current(void)
{
    return cpu_current();
}

/* Make the current thread wait. The caller has linked wait_link where abort
 * finds it. Does not return: the stack is dropped. @resume says how the thread
 * goes on. */
NORETURN void thread_wait(const struct wait_class *class, void *object,
                          enum thread_resume resume);

/* The same without dispatching: for paths that switch directly. */
static inline void
thread_set_waiting(struct thread *thread, const struct wait_class *class,
                   void *object, enum thread_resume resume)
{
    thread->state = THREAD_WAITING;
    thread->resume = (uint16_t)resume;
    thread->wait = class;
    thread->wait_object = object;
}

/* End the wait of @thread, already unlinked from its queue, as its resume says
 * and without touching its registers. It becomes ready. */
void thread_wake(struct thread *thread);

/* End the wait of @thread, already unlinked from its queue, with @result in rax
 * (RESUME_USER) or by running its call again (RESUME_SYSCALL: @result unused).
 * It becomes ready. */
void thread_finish(struct thread *thread, int64_t result);

/* What aborting is where a wait is only a list and a result: for wait_class.abort. */
void thread_abort_listed(struct thread *thread, enum status status);

/* Abort the wait of @thread with @status and make it ready. */
void thread_abort_wait(struct thread *thread, enum status status);

/* Arm or disarm the deadline of the wait that begins, in nanoseconds since
 * start; 0 = none. Returns false if it has passed. */
MUST_CHECK bool thread_set_deadline(struct thread *thread,
                                    uint64_t deadline_ns);
void thread_clear_deadline(struct thread *thread);
