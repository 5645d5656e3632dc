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

#define NS_PER_MS   1000000ull
#define SOFT_TICKS  (100 * NS_PER_MS / TIMER_TICK_NS)
#define HARD_TICKS  (1000 * NS_PER_MS / TIMER_TICK_NS)
#define GRACE_TICKS (5000 * NS_PER_MS / TIMER_TICK_NS)
/* Faults that one tick fails when a grace period is over. */
#define GRACE_STEP 8u

static struct list pager_watch_list = { &pager_watch_list, &pager_watch_list };

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
    list_add_tail(&process->serves, &endpoint->attach_link);
    if (list_is_empty(&endpoint->watch_link)) {
        list_add_tail(&pager_watch_list, &endpoint->watch_link);
    }
    return ST_OK;
}

void
pager_watch_expect(struct endpoint *endpoint)
{
    if (list_is_empty(&endpoint->watch_link)) {
        endpoint->orphaned_tick = cpu_this()->ticks;
        list_add_tail(&pager_watch_list, &endpoint->watch_link);
    }
}

void
pager_watch_detach(struct process *process)
{
    while (!list_is_empty(&process->serves)) {
        struct endpoint *endpoint = LIST_ENTRY(list_first(&process->serves),
                                               struct endpoint, attach_link);

        list_remove(&endpoint->attach_link);
        endpoint->attached = NULL;
        endpoint->orphaned_tick = cpu_this()->ticks;
    }
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
    struct exit_report report = {
        .reason = REASON_KILLED,
        .wait = EXIT_BY_KILL,
    };

    klog("secos: pager %s (process %u) is taken for dead: %s",
         endpoint->attached->name, endpoint->attached->id, why);
    if (!supervisor_pager_failed(endpoint->attached, why)) {
        process_end(endpoint->attached, &report);
    }
}

/* The fault of @endpoint that its server has owed the longest, or NULL. */
static struct call *
pager_watch_oldest(const struct endpoint *endpoint)
{
    list_for_each(node, &endpoint->attached->delivered) {
        struct call *call = LIST_ENTRY(node, struct call, delivered_link);

        if (call->is_fault && call->endpoint == endpoint) {
            return call;
        }
    }
    return NULL;
}

/* Whether @process is ready and somebody else keeps it off the processor. */
static bool
pager_watch_is_starved(const struct process *process)
{
    const struct thread *current = cpu_this()->current;

    if (current != NULL && current->process == process) {
        return false;
    }
    list_for_each(node, &process->threads) {
        if (LIST_ENTRY(node, struct thread, process_link)->state
            == THREAD_READY) {
            return true;
        }
    }
    return false;
}

/* How long its server has let @endpoint wait: for the answer it owes the longest,
 * or, while faults are queued, since it took the last one. */
static uint64_t
pager_watch_waited(struct endpoint *endpoint)
{
    uint64_t now = endpoint->attached->watch_clock;
    const struct call *oldest = pager_watch_oldest(endpoint);
    uint64_t owed = oldest == NULL ? 0 : now - oldest->delivered_clock;
    uint64_t stuck;

    if (endpoint->taken != endpoint->taken_before
        || endpoint_best_fault(endpoint) == NULL) {
        endpoint->taken_before = endpoint->taken;
        endpoint->stuck_since = now;
    }
    stuck = now - endpoint->stuck_since;
    return owed > stuck ? owed : stuck;
}

static void
pager_watch_look(struct endpoint *endpoint)
{
    struct process *server = endpoint->attached;
    uint64_t tick = cpu_this()->ticks;
    uint64_t waited;

    if (server->ending || pager_watch_is_starved(server)) {
        return;
    }
    /* It may serve several endpoints: one step a tick. */
    if (server->watch_tick != tick) {
        server->watch_tick = tick;
        server->watch_clock++;
    }
    waited = pager_watch_waited(endpoint);
    if (waited == SOFT_TICKS) {
        klog("secos: pager %s (process %u) owes a page for %u ms", server->name,
             server->id, (uint32_t)(waited * TIMER_TICK_NS / NS_PER_MS));
    } else if (waited >= HARD_TICKS) {
        pager_watch_end(endpoint, "no answer within the hard limit");
    }
}

/* Nobody serves @endpoint. After the grace period its faults fail, a few a
 * tick. */
static void
pager_watch_grace(struct endpoint *endpoint)
{
    if (cpu_this()->ticks - endpoint->orphaned_tick < GRACE_TICKS) {
        return;
    }
    for (unsigned i = 0; i < GRACE_STEP && endpoint->queued != 0; i++) {
        struct call *call = endpoint_best_fault(endpoint);

        if (call == NULL) {
            return;
        }
        fault_give_up(call);
    }
}

void
pager_watch_tick(void)
{
    list_for_each_safe(node, &pager_watch_list) {
        struct endpoint *endpoint =
            LIST_ENTRY(node, struct endpoint, watch_link);

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
