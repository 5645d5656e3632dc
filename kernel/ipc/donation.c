/* SPDX-License-Identifier: MIT */
/* Following chains of calls. */
#include "donation.h"

#include <task/call.h>
#include <task/process.h>
#include <task/sched.h>

#include "endpoint.h"
#include "supervisor.h"

/* Longer chains of servers than this are not followed. */
#define DONATION_CHAIN 32u

/* Messages of a server, and faults, that are looked at when its priority is settled. */
#define DONATION_HELD 32u

/* Threads that lost callers, by settle_link. */
static struct list donation_unsettled = { &donation_unsettled,
                                          &donation_unsettled };

/* The call that @thread waits in, or NULL. */
static struct call *
donation_call_of(const struct thread *thread)
{
    return thread->state == THREAD_WAITING && thread->wait->is_call
               ? thread->call
               : NULL;
}

/* Raise @thread; returns the endpoint it waits at in turn, if it is queued
 * there, or the thread that holds its call in *@holder. */
static struct endpoint *
donation_raise_thread(struct thread *thread, uint32_t priority,
                      struct thread **holder)
{
    struct call *call = donation_call_of(thread);

    *holder = NULL;
    if (thread->priority >= priority) {
        return NULL;
    }
    sched_set_priority(thread, priority);
    if (call == NULL) {
        return NULL;
    }
    if (call->state == CALL_QUEUED) {
        struct endpoint *endpoint = call->endpoint;

        endpoint_unqueue_call(call);
        endpoint_queue_call(endpoint, call, priority);
        return endpoint;
    }
    *holder = call->receiver;
    return NULL;
}

void
donation_raise(struct endpoint *endpoint, uint32_t priority)
{
    struct thread *thread = endpoint->server;

    for (unsigned depth = 0; depth < DONATION_CHAIN && thread != NULL;
         depth++) {
        struct thread *holder;

        endpoint = donation_raise_thread(thread, priority, &holder);
        thread = endpoint != NULL ? endpoint->server : holder;
    }
}

/* @priority, or that of the best caller in @list whose call @server took. */
static uint32_t
donation_held(const struct thread *server, const struct list *list,
              uint32_t priority)
{
    unsigned looked_at = 0;

    list_for_each(node, list) {
        const struct call *call = LIST_ENTRY(node, struct call, delivered_link);

        if (call->receiver == server && call->owner->priority > priority) {
            priority = call->owner->priority;
        }
        if (++looked_at == DONATION_HELD) {
            break;
        }
    }
    return priority;
}

void
donation_settle_slow(struct thread *server)
{
    uint32_t priority = server->base_priority;

    if (server->served != NULL) {
        const struct endpoint *endpoint =
            CONTAINER_OF(server->served, struct endpoint, server);
        uint32_t queued = (uint32_t)endpoint->queued;
        uint32_t best = queued == 0 ? 0 : 31u - (unsigned)__builtin_clz(queued);

        priority = best > priority ? best : priority;
    }
    priority = donation_held(server, &server->process->delivered, priority);
    priority = donation_held(server, &server->process->owed, priority);
    sched_set_priority(server, priority);
}

void
donation_lose(struct thread *server)
{
    if (server->priority != server->base_priority
        && list_is_empty(&server->settle_link)) {
        list_add_tail(&donation_unsettled, &server->settle_link);
        supervisor_wake();
    }
}

bool
donation_settle_step(unsigned most)
{
    for (; most > 0 && !list_is_empty(&donation_unsettled); most--) {
        struct list *first = list_first(&donation_unsettled);

        list_remove(first);
        donation_settle(LIST_ENTRY(first, struct thread, settle_link));
    }
    return list_is_empty(&donation_unsettled);
}

bool
donation_is_cycle(const struct thread *caller, const struct endpoint *endpoint)
{
    const struct thread *server = endpoint->server;

    for (unsigned depth = 0; depth < DONATION_CHAIN; depth++) {
        const struct call *call;

        /* A process with more threads may yet receive with another. */
        if (server == NULL || server->process->live_threads != 1) {
            return false;
        }
        if (server == caller) {
            return true;
        }
        call = donation_call_of(server);
        if (call == NULL) {
            return false;
        }
        /* Once delivered, a call may outlive its endpoint. */
        server = call->state == CALL_QUEUED ? call->endpoint->server
                                            : call->receiver;
    }
    return true;
}
