/* SPDX-License-Identifier: MIT */
/* What pagers do, and what is done to them. */
#include <secos/fault.h>
#include <secos/ipc.h>
#include <secos/process.h>

#include <arch/cpu.h>
#include <arch/timer.h>
#include <arch/upcalls.h>
#include <ipc/binding.h>
#include <ipc/endpoint.h>
#include <ipc/fault.h>
#include <ipc/ipc.h>
#include <ipc/pager_watch.h>
#include <klib/panic.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

#include "act.h"
#include "machine.h"
#include "world.h"

/* Beyond every limit of pager_watch.c. */
#define LONG_TICKS (6ull * 1000000000ull / TIMER_TICK_NS)

/* A system call with its registers. */
struct act_pager_call {
    struct trap_frame *frame;
    int64_t (*call)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
};

static void
act_pager_system_call(void *argument)
{
    const struct act_pager_call *c = argument;
    struct trap_frame *f = c->frame;

    f->rax = (uint64_t)c->call(f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9);
}

/* The fast door: the direct path, and where that says no, the general one. */
static int64_t
act_pager_reply_receive(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                        uint64_t e, uint64_t f)
{
    uint64_t reply_id = thread_current()->context.frame->r12;

    if (upcall_ipc_reply_receive(a, reply_id).frame->vector != TRAP_NONE) {
        panic("world: a fault was answered like a call");
    }
    return sys_ipc_reply_receive(a, b, c, d, e, f);
}

static void
act_pager_set_answer(struct trap_frame *frame, const struct call *call,
                     enum step_answer answer)
{
    static const uint64_t verdicts[ANSWERS] = {
        [ANSWER_ZERO] = VERDICT_ZERO,   [ANSWER_ZERO_RUN] = VERDICT_ZERO,
        [ANSWER_SHARE] = VERDICT_SHARE, [ANSWER_MOVE] = VERDICT_MOVE,
        [ANSWER_COPY] = VERDICT_COPY,   [ANSWER_FAIL] = VERDICT_FAIL,
        [ANSWER_DEFER] = VERDICT_DEFER, [ANSWER_NONSENSE] = 77,
    };

    frame->r12 = call_reply_id(call);
    frame->rsi = verdicts[answer];
    frame->rdx = answer == ANSWER_ZERO_RUN ? call->run : 1;
    frame->r10 = WORLD_SLOT_MEMORY;
    frame->r8 = call->page - world_first_page();
}

/* What a receive that did not wait must have brought. */
static void
act_pager_check_event(const struct trap_frame *frame)
{
    struct call *call;

    if (frame->rax != ST_OK || frame->rsi != EVENT_FAULT) {
        return;
    }
    if (!call_find(frame->rdi, &call) || call->state != CALL_DELIVERED
        || frame->rdx != call->page - world_first_page()
        || frame->r12 != (BADGE_KERNEL | world.binding->badge)) {
        world_complain("event_tells_the_fault");
    }
}

/* Make @call as thread @step->thread of the pager, its registers being set. Returns
 * whether that thread is back in ring 3. */
static bool
act_pager_call_kernel(const struct step *step, struct act_pager_call *call)
{
    struct process *process = world.pagers[step->who].process;
    struct thread *thread = world_pager_thread(step->who, step->thread);

    call->frame->r13 = 0;
    call->frame->r14 = 0;
    (void)world_run(thread, act_pager_system_call, call);
    return world.complaint == NULL && !process->ending
           && world_living(process, thread) != NULL
           && thread->state == THREAD_READY;
}

static void
act_pager_receive(const struct step *step)
{
    struct trap_frame *frame =
        world_pager_thread(step->who, step->thread)->context.frame;
    struct act_pager_call call = { frame, sys_ipc_receive };

    frame->rdi = WORLD_SLOT_ENDPOINT;
    if (act_pager_call_kernel(step, &call)) {
        act_pager_check_event(frame);
    }
}

/* Who waits for the page of a call: they are told if they cannot have it. */
struct act_pager_waiters {
    struct step of[WORLD_CLIENTS * WORLD_THREADS];
    unsigned count;
};

static void
act_pager_note_waiters(const struct call *call, struct act_pager_waiters *out)
{
    out->count = 0;
    for (unsigned c = 0; c < WORLD_CLIENTS; c++) {
        for (unsigned t = 0; t < WORLD_THREADS; t++) {
            const struct thread *thread = world_client_thread(c, t);

            if (thread != NULL && thread->state == THREAD_WAITING
                && thread->wait_object == call) {
                out->of[out->count++] =
                    (struct step){ .who = (uint8_t)c, .thread = (uint8_t)t };
            }
        }
    }
}

static void
act_pager_check_refused(const struct act_pager_waiters *waiters)
{
    for (unsigned i = 0; i < waiters->count; i++) {
        const struct step *who = &waiters->of[i];
        const struct thread *thread =
            world_client_thread(who->who, who->thread);

        if (!world_client_is_alive(who->who)) {
            continue;
        }
        world.clients[who->who].failed[who->thread] = true;
        if (thread == NULL || thread->refused_page == 0) {
            world_complain("refusals_are_told");
        }
    }
}

/* What else the pager owes when it answers a fault. */
struct act_pager_owed {
    uint64_t ids[WORLD_CLIENTS * WORLD_THREADS];
    unsigned count;
};

static void
act_pager_note_owed(unsigned pager, const struct call *but,
                    struct act_pager_owed *out)
{
    const struct call *call;

    out->count = 0;
    for (unsigned i = 0; (call = world_owed(pager, i)) != NULL; i++) {
        if (call != but) {
            out->ids[out->count++] = call_reply_id(call);
        }
    }
}

/* One that was told of a fault is the one who answers it: no other answer does. */
static void
act_pager_check_owed(unsigned pager, const struct act_pager_owed *before)
{
    const struct process *process = world.pagers[pager].process;

    for (unsigned i = 0; i < before->count; i++) {
        struct call *call;

        if (!call_find(before->ids[i], &call) || call->state != CALL_DELIVERED
            || call->server != process) {
            world_complain("other_answers_stay_owed");
        }
    }
}

static void
act_pager_reply(const struct step *step)
{
    struct trap_frame *frame =
        world_pager_thread(step->who, step->thread)->context.frame;
    struct act_pager_call call = { frame, sys_ipc_reply };
    const struct call *owed = world_owed(step->who, step->page);
    struct act_pager_waiters waiters;
    struct act_pager_owed others;
    bool is_back;

    act_pager_note_waiters(owed, &waiters);
    act_pager_note_owed(step->who, owed, &others);
    act_pager_set_answer(frame, owed, step->argument);
    if (step->event == STEP_REPLY_RECEIVE) {
        frame->rdi = WORLD_SLOT_ENDPOINT;
        call.call = act_pager_reply_receive;
    } else {
        frame->rdi = 0;
    }
    is_back = act_pager_call_kernel(step, &call);
    if (is_back && (int64_t)frame->rax == ST_EGONE) {
        world_complain("owed_answers_are_taken");
    }
    if (is_back && step->event == STEP_REPLY_RECEIVE) {
        act_pager_check_event(frame);
    }
    if (world.complaint == NULL && step->argument == ANSWER_FAIL) {
        act_pager_check_refused(&waiters);
    } else if (is_back
               && world.scope.poor == 0) { /* nobody has ended by this */
        act_pager_check_owed(step->who, &others);
    }
}

/* No id but those that the pager owes may be answered: neither one that was good
 * once, nor one that is another's, nor one that will be good. */
static void
act_pager_reply_id(const struct step *step, uint64_t id)
{
    struct trap_frame *frame =
        world_pager_thread(step->who, step->thread)->context.frame;
    struct act_pager_call call = { frame, sys_ipc_reply };

    frame->rdi = 0;
    frame->r12 = id;
    frame->rsi = VERDICT_ZERO;
    frame->rdx = 1;
    if (act_pager_call_kernel(step, &call) && (int64_t)frame->rax != ST_EGONE) {
        world_complain("stale_ids_are_refused");
    }
}

static void
act_pager_reply_stale(const struct step *step)
{
    const struct process *process = world.pagers[step->who].process;

    for (uint32_t slot = 1; slot < call_fresh; slot++) {
        const struct call *call = call_slots[slot].call;

        if (call == &call_nobody) {
            continue;
        }
        for (uint32_t back = 0; back < 3; back++) {
            uint32_t generation = call->generation + 1 - back;
            bool is_owed = back == 1 && call->state == CALL_DELIVERED
                           && call->server == process;

            if (!is_owed && world.complaint == NULL) {
                act_pager_reply_id(step, (uint64_t)generation << 32 | slot);
            }
        }
    }
}

/* As sched_expire does when the deadline of the receive has passed. */
static void
act_pager_time_out(void *argument)
{
    thread_abort_wait(argument, ST_ETIMEDOUT);
}

static void
act_pager_start_pager(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        if (world.pagers[i].process == NULL) {
            world_start_pager(&world.pagers[i]);
            return;
        }
    }
}

/* Time passes in which nothing happens: longer than a client has to wait for a
 * pager that hangs, or for one that is missing. */
static void
act_pager_let_time_pass(void *argument)
{
    struct process *attached = world.endpoint->attached;

    (void)argument;
    pager_watch_tick(); /* the last one that sees that things went on */
    cpu_this()->ticks += LONG_TICKS;
    if (attached != NULL) {
        attached->watch_clock.could_work += (uint32_t)LONG_TICKS;
    }
    do { /* one tick does not give up many */
        pager_watch_tick();
    } while (world.endpoint->attached == NULL
             && !list_is_empty(&world.endpoint->leading));
}

/* It has the processor, if it wants it: no time counts in which it does not. */
static void
act_pager_hang(const struct step *step)
{
    struct thread *running = NULL;

    for (unsigned t = 0; t < world.scope.servers; t++) {
        struct thread *thread = world_pager_thread(step->who, t);

        if (thread != NULL && thread->state == THREAD_READY) {
            running = thread;
        }
    }
    (void)world_run(running, act_pager_let_time_pass, NULL);
    if (world_pager_is_alive(step->who)) {
        world_complain("hanging_pagers_are_killed");
    }
}

/* The queued faults are failed, some a tick. */
static void
act_pager_give_up(void)
{
    struct act_pager_waiters waiters = { .count = 0 };

    for (unsigned i = 0; i < WORLD_CLIENTS * WORLD_THREADS; i++) {
        const struct thread *owner =
            world_client_thread(i / WORLD_THREADS, i % WORLD_THREADS);

        if (owner != NULL && owner->call->state == CALL_QUEUED) {
            struct act_pager_waiters more;

            act_pager_note_waiters(owner->call, &more);
            for (unsigned k = 0; k < more.count; k++) {
                waiters.of[waiters.count++] = more.of[k];
            }
        }
    }
    (void)world_run(NULL, act_pager_let_time_pass, NULL);
    if (world.complaint == NULL) {
        act_pager_check_refused(&waiters);
    }
}

void
act_pager_do(const struct step *step)
{
    switch (step->event) {
    case STEP_RECEIVE:
        act_pager_receive(step);
        break;
    case STEP_REPLY:
    case STEP_REPLY_RECEIVE:
        act_pager_reply(step);
        break;
    case STEP_REPLY_STALE:
        act_pager_reply_stale(step);
        break;
    case STEP_PAGER_KILL:
        (void)world_run(NULL, act_kill, world.pagers[step->who].process);
        break;
    case STEP_PAGER_HANG:
        act_pager_hang(step);
        break;
    case STEP_TIMEOUT:
        (void)world_run(NULL, act_pager_time_out,
                        world_pager_thread(step->who, step->thread));
        break;
    case STEP_PAGER_REAP:
        (void)world_run(world_pager_thread(step->who, step->thread), NULL,
                        NULL);
        break;
    case STEP_PAGER_START:
        (void)world_run(NULL, act_pager_start_pager, NULL);
        break;
    default:
        act_pager_give_up();
        break;
    }
}
