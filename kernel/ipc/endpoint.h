/* SPDX-License-Identifier: MIT */
/*
 * Endpoints: where calls meet the servers that take them.
 *
 *      callers ---> queue[priority] ---> receivers
 *                        ^
 *      faults -----------+   (made by the kernel; only for a receiver with
 *                             the SERVE right)
 *
 * I1  Never both a receiver waiting and a call queued that it could take.
 * I2  A queued call's message stays in its caller's register frame: nothing is
 *     copied twice and nothing needs to be stored.
 *
 * An endpoint belongs to whoever created it and outlives the server that
 * receives on it; without any handle that could receive it is dead, and callers
 * are told so at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

#include <task/call.h>
#include <task/charge.h>
#include <task/object.h>
#include <task/thread.h>

struct process;

struct endpoint {
    struct object object;
    struct charge charge;
    struct list servers;   /* waiting threads with the SERVE right */
    struct list receivers; /* waiting threads without              */
    struct list queue[PRIORITIES];
    uint32_t queued; /* bitmap: queue[n] is not empty              */
    uint32_t rank;
    uint32_t receive_handles;
    struct process *server; /* who received last, if it may still do so */

    /* Who answers its faults (pager_watch.h). */
    struct process *attached;
    struct list attach_link; /* in attached->serves      */
    struct list watch_link;  /* in the list of all pagers */
    uint64_t orphaned_tick;  /* when attached became NULL */
    uint64_t taken;          /* faults taken from the queue */
    uint64_t taken_before;   /* the same at the last tick   */
    uint64_t stuck_since;    /* watch_clock of `attached`: none taken since */

    /* What `pager status` reports. */
    uint64_t faults_served;
    uint64_t faults_redelivered;
    uint64_t strikes;
};

/* Create an endpoint of @rank, paid by @maker (NULL = the kernel).
 * Returns ST_ENOMEM. */
MUST_CHECK enum status endpoint_create(uint32_t rank, struct process *maker,
                                       struct endpoint **out);

/* Queue @call, whose caller already waits. */
void endpoint_queue_call(struct endpoint *endpoint, struct call *call,
                         uint32_t priority);

/* Queue it before the others of its priority: a fault that is redelivered. */
void endpoint_requeue_call(struct endpoint *endpoint, struct call *call,
                           uint32_t priority);

/* Take a queued call out of the queue. */
void endpoint_unqueue_call(struct call *call);

/* The best queued call that a receiver may take, or NULL; it stays queued.
 * @serves  the receiver has the SERVE right and may take faults */
struct call *endpoint_best_call(struct endpoint *endpoint, bool serves);

/* The best queued fault, or NULL; it stays queued. */
struct call *endpoint_best_fault(struct endpoint *endpoint);

/* A waiting receiver for an ordinary call, or for a fault; NULL if none. */
static inline struct thread *
endpoint_receiver(const struct endpoint *endpoint)
{
    const struct list *list = list_is_empty(&endpoint->servers)
                                  ? &endpoint->receivers
                                  : &endpoint->servers;
    struct list *first = list_first(list);

    return first == NULL ? NULL : LIST_ENTRY(first, struct thread, wait_link);
}

static inline struct thread *
endpoint_server(const struct endpoint *endpoint)
{
    struct list *first = list_first(&endpoint->servers);

    return first == NULL ? NULL : LIST_ENTRY(first, struct thread, wait_link);
}

/* How many calls wait in the queue. Cost: O(queued). */
uint64_t endpoint_count_queued(const struct endpoint *endpoint);

/* The object class calls these. */
void endpoint_destroy(struct object *object);
void endpoint_handle_added(struct object *object, uint32_t rights);
void endpoint_handle_removed(struct object *object, uint32_t rights);
