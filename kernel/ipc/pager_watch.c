/* SPDX-License-Identifier: MIT */
/* Limits, strikes and grace. */
#include "pager_watch.h"

#include <arch/cpu.h>
#include <arch/timer.h>
#include <klib/log.h>
#include <task/call.h>
#include <task/process.h>
#include <task/sched.h>

#include "endpoint.h"
#include "fault.h"
#include "supervisor.h"

#define NS_PER_MS 1000000ull
/* Rounded up: never sooner than was said. */
#define TICKS(ms) \
    ((uint32_t)(((ms)*NS_PER_MS + TIMER_TICK_NS - 1) / TIMER_TICK_NS))
#define SOFT_MS  100u
#define HARD_MS  1000u
#define GRACE_MS 5000u

/* What one tick may do: look at so many list nodes; an endpoint costs more, and
 * most of all a client that ends, with a line on the log. */
#define WATCH_STEPS        1024u
#define WATCH_STEPS_LOOK   16u
#define WATCH_STEPS_GIVEUP 512u

static unsigned pager_watch_steps; /* left in this tick */
static struct list pager_watch_list = { &pager_watch_list, &pager_watch_list };

const struct pager_limits pager_watch_defaults = {
    .soft = { TICKS(SOFT_MS), TICKS(SOFT_MS) },
    .hard = { TICKS(HARD_MS), TICKS(HARD_MS) },
    .grace = TICKS(GRACE_MS),
};

/* A soft limit and its hard one, in ticks from milliseconds. */
static bool
pager_watch_convert(uint64_t soft_ms, uint64_t hard_ms, uint32_t *soft,
                    uint32_t *hard)
{
    if (soft_ms < PAGER_LIMIT_MS_LEAST || soft_ms > hard_ms
        || hard_ms > PAGER_LIMIT_MS_MOST) {
        return false;
    }
    *soft = TICKS(soft_ms);
    *hard = TICKS(hard_ms);
    return true;
}

enum status
pager_watch_limit(struct endpoint *endpoint, const uint64_t ms[PAGER_LIMITS])
{
    struct pager_limits limits;

    if (!pager_watch_convert(ms[PAGER_LIMIT_SOFT], ms[PAGER_LIMIT_HARD],
                             &limits.soft.could_work, &limits.hard.could_work)
        || !pager_watch_convert(ms[PAGER_LIMIT_RUN_SOFT],
                                ms[PAGER_LIMIT_RUN_HARD], &limits.soft.ran,
                                &limits.hard.ran)
        || !pager_watch_convert(ms[PAGER_LIMIT_GRACE], ms[PAGER_LIMIT_GRACE],
                                &limits.grace, &limits.grace)) {
        return ST_EINVAL;
    }
    endpoint->limits = limits;
    return ST_OK;
}

static uint32_t
pager_watch_ms(uint32_t ticks)
{
    return (uint32_t)(ticks * TIMER_TICK_NS / NS_PER_MS);
}

void
pager_watch_limits(const struct endpoint *endpoint, uint64_t ms[PAGER_LIMITS])
{
    const struct pager_limits *limits = &endpoint->limits;

    ms[PAGER_LIMIT_SOFT] = pager_watch_ms(limits->soft.could_work);
    ms[PAGER_LIMIT_HARD] = pager_watch_ms(limits->hard.could_work);
    ms[PAGER_LIMIT_RUN_SOFT] = pager_watch_ms(limits->soft.ran);
    ms[PAGER_LIMIT_RUN_HARD] = pager_watch_ms(limits->hard.ran);
    ms[PAGER_LIMIT_GRACE] = pager_watch_ms(limits->grace);
}

enum status
pager_watch_attach(struct endpoint *endpoint, struct process *process)
{
    if (endpoint->attached != NULL) {
        return ST_EBUSY;
    }
    if (process->served_rank != 0 && process->served_rank != endpoint->rank) {
        return ST_EPERM;
    }
    process->served_rank = endpoint->rank;
    endpoint->attached = process;
    endpoint->strikes = 0;
    endpoint->stuck_since = process->watch_clock;
    endpoint->is_late = false;
    list_add_tail(&process->serves, &endpoint->attach_link);
    return ST_OK;
}

void
pager_watch_expect(struct endpoint *endpoint)
{
    if (LIKELY(!list_is_empty(&endpoint->watch_link))) {
        return;
    }
    list_add_tail(&pager_watch_list, &endpoint->watch_link);
    endpoint->taken_before = endpoint->taken;
    if (endpoint->attached != NULL) {
        endpoint->stuck_since = endpoint->attached->watch_clock;
    } else if (endpoint->orphaned_tick == 0) {
        endpoint->orphaned_tick = cpu_this()->ticks;
    }
}

bool
pager_watch_detach_step(struct process *process, unsigned most)
{
    for (; most > 0 && !list_is_empty(&process->serves); most--) {
        struct endpoint *endpoint = LIST_ENTRY(list_first(&process->serves),
                                               struct endpoint, attach_link);

        list_remove(&endpoint->attach_link);
        endpoint->attached = NULL;
        endpoint->orphaned_tick = cpu_this()->ticks;
    }
    return list_is_empty(&process->serves);
}

void
pager_watch_forget(struct endpoint *endpoint)
{
    list_remove(&endpoint->attach_link);
    list_remove(&endpoint->watch_link);
}

static void
pager_watch_end(struct endpoint *endpoint, const char *why)
{
    klog("secos: pager %s (process %u) is taken for dead: %s",
         endpoint->attached->name, endpoint->attached->id, why);
    supervisor_pager_failed(endpoint->attached, why);
    process_kill(endpoint->attached);
}

static bool
pager_watch_may(unsigned steps)
{
    if (pager_watch_steps < steps) {
        pager_watch_steps = 0;
        return false;
    }
    pager_watch_steps -= steps;
    return true;
}

/* The fault of @endpoint that its server has owed the longest, or NULL: also if
 * no step is left. */
static struct call *
pager_watch_oldest(const struct endpoint *endpoint)
{
    list_for_each(node, &endpoint->attached->owed) {
        struct call *call = LIST_ENTRY(node, struct call, delivered_link);

        if (call->endpoint == endpoint) {
            return call;
        }
        if (!pager_watch_may(1)) {
            return NULL;
        }
    }
    return NULL;
}

/* Whether @process, which owes @oldest or has not taken what is queued at @endpoint,
 * has a thread for it that others keep off the processor; true if no step is left.
 * A thread that even who waits goes before is no excuse. */
static bool
pager_watch_is_starved(const struct endpoint *endpoint,
                       const struct process *process, const struct call *oldest)
{
    const struct thread *current = cpu_this()->current;
    uint32_t priority =
        oldest != NULL
            ? oldest->owner->priority
            : 31u - (uint32_t)__builtin_clz((uint32_t)endpoint->queued);

    if (current != NULL && current->process == process) {
        return false;
    }
    list_for_each(node, &process->threads) {
        const struct thread *thread =
            LIST_ENTRY(node, struct thread, process_link);

        if ((thread->state == THREAD_READY && thread->priority >= priority)
            || !pager_watch_may(1)) {
            return true;
        }
    }
    return false;
}

static uint32_t
pager_watch_longer(uint32_t now, uint32_t since, uint32_t other)
{
    return now - since > now - other ? now - since : now - other;
}

/* How long its server has let @endpoint wait: for @oldest, the answer it owes the
 * longest (or NULL), or, while faults are queued, since it took the last one. */
static struct watch_clock
pager_watch_waited(struct endpoint *endpoint, const struct call *oldest)
{
    struct watch_clock now = endpoint->attached->watch_clock;
    struct watch_clock owed = oldest == NULL ? now : oldest->delivered_at;
    struct watch_clock stuck;

    if (endpoint->taken != endpoint->taken_before
        || list_is_empty(&endpoint->leading)) {
        endpoint->taken_before = endpoint->taken;
        endpoint->stuck_since = now;
    }
    stuck = endpoint->stuck_since;
    return (struct watch_clock){
        pager_watch_longer(now.could_work, owed.could_work, stuck.could_work),
        pager_watch_longer(now.ran, owed.ran, stuck.ran),
    };
}

/* One more tick in which @process could have worked. It may serve several
 * endpoints: the tick counts once. */
static void
pager_watch_count(struct process *process)
{
    const struct cpu *cpu = cpu_this();

    if (process->watch_tick == cpu->ticks) {
        return;
    }
    process->watch_tick = cpu->ticks;
    process->watch_clock.could_work++;
    if (cpu->current != NULL && cpu->current->process == process) {
        process->watch_clock.ran++;
    }
}

/* Say once that @endpoint's server is late, after @ticks of the clock @which. */
static void
pager_watch_warn(struct endpoint *endpoint, uint32_t ticks, const char *which)
{
    if (!endpoint->is_late) {
        endpoint->is_late = true;
        klog("secos: pager %s (process %u) %s for %u ms",
             endpoint->attached->name, endpoint->attached->id, which,
             pager_watch_ms(ticks));
    }
}

static void
pager_watch_look(struct endpoint *endpoint)
{
    struct process *server = endpoint->attached;
    const struct pager_limits *limits = &endpoint->limits;
    const struct call *oldest;
    struct watch_clock waited;

    if (server->ending) {
        return;
    }
    oldest = pager_watch_oldest(endpoint);
    if (pager_watch_steps == 0) {
        return;
    }
    if (oldest == NULL && list_is_empty(&endpoint->leading)) {
        endpoint->is_late = false;
        list_remove(&endpoint->watch_link);
        return;
    }
    if (pager_watch_is_starved(endpoint, server, oldest)) {
        return;
    }
    pager_watch_count(server);
    waited = pager_watch_waited(endpoint, oldest);
    if (waited.could_work >= limits->hard.could_work) {
        pager_watch_end(endpoint, "no answer within the hard limit");
    } else if (waited.ran >= limits->hard.ran) {
        pager_watch_end(endpoint, "no answer within its processor time");
    } else if (waited.could_work >= limits->soft.could_work) {
        pager_watch_warn(endpoint, waited.could_work, "owes a page");
    } else if (waited.ran >= limits->soft.ran) {
        pager_watch_warn(endpoint, waited.ran, "owes a page and has run");
    } else {
        endpoint->is_late = false;
    }
}

/* Nobody serves @endpoint. After the grace period its faults fail, one or two a
 * tick. */
static void
pager_watch_grace(struct endpoint *endpoint)
{
    struct list *first = list_first(&endpoint->leading);

    if (first == NULL) {
        list_remove(&endpoint->watch_link);
        return;
    }
    if (cpu_this()->ticks - endpoint->orphaned_tick < endpoint->limits.grace) {
        return;
    }
    while (first != NULL && pager_watch_may(WATCH_STEPS_GIVEUP)) {
        fault_give_up(LIST_ENTRY(first, struct call, lead_link));
        first = list_first(&endpoint->leading);
    }
}

void
pager_watch_tick(void)
{
    const struct list *last = pager_watch_list.prev;
    struct list *node = &pager_watch_list;

    pager_watch_steps = WATCH_STEPS;
    while (node != last && pager_watch_may(WATCH_STEPS_LOOK)) {
        struct endpoint *endpoint;

        node = pager_watch_list.next;
        endpoint = LIST_ENTRY(node, struct endpoint, watch_link);
        list_unlink(node);
        list_add_tail(&pager_watch_list, node);
        if (endpoint->attached != NULL) {
            pager_watch_look(endpoint);
        } else {
            pager_watch_grace(endpoint);
        }
    }
}

void
pager_watch_strike(struct endpoint *endpoint)
{
    endpoint->strikes++;
    if (endpoint->strikes >= PAGER_STRIKES_MOST
        && endpoint->attached == process_current()) {
        pager_watch_end(endpoint, "three impossible answers");
    }
}
