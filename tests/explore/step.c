/* SPDX-License-Identifier: MIT */
/* Which steps are possible, and their words. */
#include "step.h"

#include <stdio.h>

#include <ipc/endpoint.h>
#include <ipc/fault.h>
#include <mm/vmm.h>
#include <task/process.h>
#include <task/thread.h>

#include "world.h"

/* ---- one step ---------------------------------------------------------- */

/* Ready to go on in ring 3, or to begin its system call again. */
static bool
step_is_runnable(const struct thread *thread)
{
    return thread != NULL && thread->state == THREAD_READY
           && thread->resume != RESUME_KERNEL;
}

static bool
step_is_continuation(const struct thread *thread)
{
    return thread != NULL && thread->state == THREAD_READY
           && thread->resume == RESUME_KERNEL;
}

/* Whether @thread may do @step at all: in the middle of a system call there is
 * only one thing to do. */
static bool
step_is_free(const struct step *step, const struct thread *thread)
{
    const struct step *call = &world.clients[step->who].calls[step->thread];

    if (!step_is_runnable(thread)) {
        return false;
    }
    return thread->resume != RESUME_SYSCALL
           || (call->event == step->event && call->page == step->page
               && call->argument == step->argument);
}

/* A page that is there is no fault; but a call that waited for it goes on. */
static bool
step_may_touch(const struct step *step, const struct thread *thread)
{
    uint32_t access = step->thread % 2 == 0 ? PROT_WRITE : PROT_READ;

    return step->page < world.scope.pages
           && (thread->resume == RESUME_SYSCALL
               || !mmu_leaf_allows(world_leaf(step->who, step->page), access));
}

static bool
step_may_change_region(const struct step *step)
{
    const struct region *region;

    if (step->page >= world.scope.pages) {
        return false;
    }
    region = world_region(step->who, step->page);
    if (world_client_thread(step->who, step->thread)->resume
        == RESUME_SYSCALL) {
        return true; /* it has begun */
    }
    if (step->event == STEP_MAP) {
        return region == NULL;
    }
    if (step->event == STEP_UNMAP) {
        return step->page + step->argument <= world.scope.pages
               && (region != NULL || step->argument > 1);
    }
    return region != NULL && (step->argument & ~region->spec.prot) == 0
           && step->argument != region->spec.prot
           && (step->argument == PROT_NONE || step->argument == PROT_READ);
}

static bool
step_is_possible_for_client(const struct step *step)
{
    struct thread *thread;

    if (step->who >= world.scope.clients
        || world.clients[step->who].process == NULL
        || step->thread >= world.scope.threads) {
        return false;
    }
    thread = world_client_thread(step->who, step->thread);
    switch (step->event) {
    case STEP_TOUCH:
        return step_is_free(step, thread) && step_may_touch(step, thread);
    case STEP_UNMAP:
    case STEP_MAP:
    case STEP_PROTECT:
        return step_is_free(step, thread) && step_may_change_region(step);
    case STEP_EXIT:
        return step_is_free(step, thread);
    case STEP_KILL:
        return step->thread == 0 && world_client_is_alive(step->who);
    case STEP_REAP:
        return step_is_continuation(thread);
    default:
        return false;
    }
}

static bool
step_may_answer(const struct step *step)
{
    const struct call *call = world_owed(step->who, step->page);

    return call != NULL && step->argument < ANSWERS
           && (world.scope.answers >> step->argument & 1) != 0
           && (step->argument != ANSWER_ZERO_RUN || call->run > 1);
}

/* Whether somebody waits for @pager now, so that the hard limit could pass. */
static bool
step_may_hang(unsigned pager)
{
    return world_pager_is_alive(pager)
           && world.endpoint->attached == world.pagers[pager].process
           && (world.endpoint->queued != 0 || world_owed(pager, 0) != NULL);
}

static bool
step_is_possible_for_pager(const struct step *step)
{
    struct thread *thread;

    if (step->who >= WORLD_PAGERS || world.pagers[step->who].process == NULL
        || step->thread >= world.scope.servers) {
        return false;
    }
    thread = world_pager_thread(step->who, step->thread);
    switch (step->event) {
    case STEP_RECEIVE:
    case STEP_REPLY_STALE:
        return step_is_runnable(thread);
    case STEP_REPLY:
    case STEP_REPLY_RECEIVE:
        return step_is_runnable(thread) && step_may_answer(step);
    case STEP_TIMEOUT: /* a pager that owes nothing may as well wait */
        return thread != NULL && thread->state == THREAD_WAITING
               && !list_is_empty(&thread->process->owed);
    case STEP_PAGER_KILL:
        return step->thread == 0 && world_pager_is_alive(step->who);
    case STEP_PAGER_HANG:
        return step->thread == 0 && step_may_hang(step->who);
    case STEP_PAGER_REAP:
        return step_is_continuation(thread);
    default:
        return false;
    }
}

static bool
step_may_start_pager(void)
{
    bool room = false;

    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        if (world_pager_is_alive(i)) {
            return false;
        }
        room = room
               || (i < world.scope.pagers && world.pagers[i].process == NULL);
    }
    return room;
}

bool
step_is_possible(const struct step *step)
{
    if ((world.scope.steps >> step->event & 1) == 0) {
        return false;
    }
    switch (step->event) {
    case STEP_PAGER_START:
        return step_may_start_pager();
    case STEP_GRACE:
        return world.endpoint->attached == NULL && world.endpoint->queued != 0;
    default:
        return step->event < STEP_RECEIVE ? step_is_possible_for_client(step)
                                          : step_is_possible_for_pager(step);
    }
}

/* Whether @answer is one that a pager in its right mind may give to @call. */
static bool
step_fits(const struct call *call, enum step_answer answer)
{
    switch (answer) {
    case ANSWER_ZERO:
    case ANSWER_ZERO_RUN:
    case ANSWER_SHARE:
    case ANSWER_MOVE:
        return call->leaf != NULL;
    case ANSWER_COPY:
        return call->leaf == NULL;
    case ANSWER_DEFER:
        return true;
    default:
        return false;
    }
}

bool
step_disturbs(const struct step *step)
{
    switch (step->event) {
    case STEP_UNMAP:
    case STEP_PROTECT: {
        const struct thread *thread =
            world_client_thread(step->who, step->thread);

        return thread->resume != RESUME_SYSCALL; /* it has begun already */
    }
    case STEP_EXIT:
    case STEP_KILL:
    case STEP_PAGER_KILL:
    case STEP_PAGER_HANG:
    case STEP_GRACE:
        return true;
    case STEP_REPLY:
    case STEP_REPLY_RECEIVE:
        return !step_fits(world_owed(step->who, step->page), step->argument);
    default:
        return false;
    }
}

/* ---- all of them ------------------------------------------------------- */

struct step_offer {
    struct step *steps;
    unsigned count;
};

static void
step_offer(struct step_offer *offer, unsigned event, unsigned who,
           unsigned thread, unsigned page, unsigned argument)
{
    struct step step = { (uint8_t)event, (uint8_t)who, (uint8_t)thread,
                         (uint8_t)page, (uint8_t)argument };

    if (step_is_possible(&step) && offer->count < STEPS_MOST) {
        offer->steps[offer->count++] = step;
    }
}

static void
step_offer_regions(struct step_offer *offer, unsigned client, unsigned thread)
{
    for (unsigned page = 0; page < world.scope.pages; page++) {
        step_offer(offer, STEP_UNMAP, client, thread, page, 1);
        step_offer(offer, STEP_MAP, client, thread, page, 0);
        step_offer(offer, STEP_PROTECT, client, thread, page, PROT_READ);
        step_offer(offer, STEP_PROTECT, client, thread, page, PROT_NONE);
    }
    if (world.scope.pages > 1) {
        step_offer(offer, STEP_UNMAP, client, thread, 0, world.scope.pages);
    }
}

static void
step_offer_client(struct step_offer *offer, unsigned client)
{
    bool is_first = true; /* the kernel does not care who changes regions */

    for (unsigned t = 0; t < world.scope.threads; t++) {
        const struct thread *thread = world_client_thread(client, t);

        for (unsigned page = 0; page < world.scope.pages; page++) {
            step_offer(offer, STEP_TOUCH, client, t, page, 0);
        }
        if (step_is_runnable(thread)
            && (is_first || thread->resume == RESUME_SYSCALL)) {
            is_first = is_first && thread->resume == RESUME_SYSCALL;
            step_offer_regions(offer, client, t);
        }
        step_offer(offer, STEP_EXIT, client, t, 0, 0);
        step_offer(offer, STEP_KILL, client, t, 0, 0);
        step_offer(offer, STEP_REAP, client, t, 0, 0);
    }
}

static void
step_offer_pager(struct step_offer *offer, unsigned pager)
{
    for (unsigned t = 0; t < world.scope.servers; t++) {
        step_offer(offer, STEP_RECEIVE, pager, t, 0, 0);
        for (unsigned i = 0; i < WORLD_CLIENTS * WORLD_THREADS; i++) {
            for (unsigned answer = 0; answer < ANSWERS; answer++) {
                step_offer(offer, STEP_REPLY, pager, t, i, answer);
            }
            step_offer(offer, STEP_REPLY_RECEIVE, pager, t, i, ANSWER_ZERO);
            step_offer(offer, STEP_REPLY_RECEIVE, pager, t, i, ANSWER_COPY);
        }
        step_offer(offer, STEP_REPLY_STALE, pager, t, 0, 0);
        step_offer(offer, STEP_TIMEOUT, pager, t, 0, 0);
        step_offer(offer, STEP_PAGER_KILL, pager, t, 0, 0);
        step_offer(offer, STEP_PAGER_HANG, pager, t, 0, 0);
        step_offer(offer, STEP_PAGER_REAP, pager, t, 0, 0);
    }
}

unsigned
step_list(struct step *steps)
{
    struct step_offer offer = { steps, 0 };

    for (unsigned i = 0; i < world.scope.clients; i++) {
        step_offer_client(&offer, i);
    }
    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        step_offer_pager(&offer, i);
    }
    step_offer(&offer, STEP_PAGER_START, 0, 0, 0, 0);
    step_offer(&offer, STEP_GRACE, 0, 0, 0, 0);
    return offer.count;
}

/* ---- to an end --------------------------------------------------------- */

static bool
step_to_reap(struct step *step)
{
    for (unsigned i = 0; i < WORLD_CLIENTS + WORLD_PAGERS; i++) {
        bool is_client = i < WORLD_CLIENTS;

        *step = (struct step){
            .event = is_client ? STEP_REAP : STEP_PAGER_REAP,
            .who = (uint8_t)(is_client ? i : i - WORLD_CLIENTS),
        };
        for (; step->thread < WORLD_THREADS; step->thread++) {
            if (step_is_possible(step)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether client @who, which ends, has a doomed thread: that may wait for a page, or
 * come to run by itself. */
static bool
step_has_doomed(unsigned who)
{
    for (unsigned i = 0; i < WORLD_THREADS; i++) {
        const struct thread *thread = world_client_thread(who, i);

        if (thread != NULL && thread->state != THREAD_DEAD
            && thread != thread->process->reaper) {
            return true;
        }
    }
    return false;
}

bool
step_alone(struct step *step)
{
    const unsigned objects = 1u << ANSWER_SHARE | 1u << ANSWER_MOVE;

    return (world.scope.answers & objects) == 0 && step_to_reap(step)
           && step->event == STEP_REAP
           && world.clients[step->who].process->ending
           && !step_has_doomed(step->who);
}

/* What thread @step->thread of pager @step->who would do. */
static bool
step_to_page(struct step *step)
{
    const struct call *owed;

    step->event = STEP_REPLY;
    step->argument = ANSWER_ZERO;
    if (step_is_possible(step)) {
        owed = world_owed(step->who, 0);
        step->argument = owed->leaf == NULL ? ANSWER_COPY : ANSWER_ZERO;
        return true;
    }
    step->event = STEP_RECEIVE;
    if (step_is_possible(step)) {
        return true;
    }
    step->event = STEP_TIMEOUT;
    return step_is_possible(step);
}

bool
step_to_serve(struct step *step)
{
    if (step_to_reap(step)) {
        return true;
    }
    *step = (struct step){ .event = STEP_PAGER_START };
    if (step_is_possible(step)) {
        return true;
    }
    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        for (unsigned t = 0; t < world.scope.servers; t++) {
            *step = (struct step){ .who = (uint8_t)i, .thread = (uint8_t)t };
            if (step_to_page(step)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- words ------------------------------------------------------------- */

static const char *const step_answers[ANSWERS] = {
    [ANSWER_ZERO] = "ZERO",   [ANSWER_ZERO_RUN] = "ZERO, the whole run",
    [ANSWER_SHARE] = "SHARE", [ANSWER_MOVE] = "MOVE",
    [ANSWER_COPY] = "COPY",   [ANSWER_FAIL] = "FAIL",
    [ANSWER_DEFER] = "DEFER", [ANSWER_NONSENSE] = "nonsense",
};

static const char *const step_events[STEP_EVENTS] = {
    [STEP_TOUCH] = "touches page %u",
    [STEP_UNMAP] = "unmaps from page %u",
    [STEP_MAP] = "maps page %u",
    [STEP_PROTECT] = "protects page %u",
    [STEP_EXIT] = "exits",
    [STEP_KILL] = "is killed with its process",
    [STEP_REAP] = "is taken apart",
    [STEP_RECEIVE] = "receives",
    [STEP_REPLY] = "answers number %u of what it owes",
    [STEP_REPLY_RECEIVE] = "answers number %u and receives",
    [STEP_REPLY_STALE] = "answers every id that it does not owe",
    [STEP_TIMEOUT] = "has waited long enough",
    [STEP_PAGER_KILL] = "is killed",
    [STEP_PAGER_HANG] = "has let a client wait for too long",
    [STEP_PAGER_REAP] = "is taken apart",
    [STEP_PAGER_START] = "is started",
    [STEP_GRACE] = "has been missing for too long",
};

void
step_describe(const struct step *step, char *text, size_t bytes)
{
    bool is_client = step->event < STEP_RECEIVE;
    int used = snprintf(text, bytes, "%s %u thread %u ",
                        is_client ? "client" : "pager", step->who,
                        step->thread);

    used += snprintf(text + used, bytes - (size_t)used,
                     step_events[step->event], step->page);
    if (step->event == STEP_REPLY || step->event == STEP_REPLY_RECEIVE) {
        snprintf(text + used, bytes - (size_t)used, ": %s",
                 step_answers[step->argument]);
    } else if (step->event == STEP_PROTECT) {
        snprintf(text + used, bytes - (size_t)used, " to %s",
                 step->argument == PROT_NONE ? "nothing" : "reading");
    } else if (step->event == STEP_UNMAP) {
        snprintf(text + used, bytes - (size_t)used, ", %u of them",
                 step->argument);
    }
}
