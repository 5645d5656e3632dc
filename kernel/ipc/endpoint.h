/* SPDX-License-Identifier: MIT */
/*
 * Endpoints: where calls meet the servers that take them.
 *
 *      callers ---> queue[priority] ---> receivers
 *                        ^
 *      faults -----------+   (made by the kernel; only for a receiver with
 *                             the SERVE right)
 *
 * Within a priority the faults of different spaces take turns, so that a flood
 * from one does not starve another. In the queue stands one fault of each space,
 * which leads the others of its space; when it is taken, the next one of them
 * stands behind everybody else's:
 *
 *      queue[p] -> A1 -> B1 -> C1            take A1:  B1 -> C1 -> A2 -> A3 ...
 *                  |
 *                  A2 -> A3 -> ... (followers)
 *
 * I1  Never both a receiver waiting and a call queued that it could take.
 * I2  A queued call's message stays in its caller's register frame: nothing is
 *     copied twice and nothing needs to be stored.
 * I3  A queue holds at most one fault of a space; that one, and no follower, is
 *     in its process's list `turns` and in `leading`.
 * I4  `server` and the thread's `served` point at each other, or neither does: one
 *     thread for an endpoint, and one endpoint for a thread.
 *
 * An endpoint belongs to whoever created it and outlives the server that
 * receives on it; without any handle that could receive it is dead: who calls is
 * told so at once, and who waits by the supervisor (decision 0027).
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

/* What a pager is allowed, in ticks (pager_watch.h). */
struct pager_limits {
    struct watch_clock soft;
    struct watch_clock hard;
    uint32_t grace;
};

/* In `queued`: something is to be told. */
#define ENDPOINT_TELLS (1ull << 32)

struct endpoint {
    struct object object;
    struct charge charge;
    struct list servers;   /* waiting threads with the SERVE right */
    struct list receivers; /* waiting threads without              */
    struct list queue[PRIORITIES];
    uint64_t queued;     /* bit n: queue[n] is not empty; ENDPOINT_TELLS */
    struct list leading; /* the faults in the queues, by lead_link       */
    /* The first message in queue[n], or NULL: the messages there are a ring by
     * lead_link. */
    struct call *messages[PRIORITIES];
    uint32_t waiting; /* calls in the queues, followers too */
    uint32_t rank;
    uint32_t receive_handles;
    struct thread *server; /* who received last, if it may still do so: I4 */

    /* Who answers its faults (pager_watch.h). */
    struct process *attached;
    struct list attach_link; /* in attached->serves      */
    struct list watch_link;  /* a fault waits or is owed: in the watch list */
    uint64_t orphaned_tick;  /* when the grace period began; 0 = not yet    */
    uint64_t taken;          /* faults and events taken from the queue */
    uint64_t taken_before;   /* the same at the last tick              */
    struct watch_clock stuck_since; /* of `attached`: none taken since    */
    struct pager_limits limits;
    bool is_late; /* beyond a soft limit, and the log says so */

    /* What its pager is to be told (detach.h). */
    struct list telling;   /* bindings, by tell_link              */
    struct list dead_link; /* nobody receives: in a list to clear, with a
                            * reference */
    bool told;             /* and no call taken since             */

    /* What `pager status` reports. */
    uint64_t faults_served;
    uint64_t faults_redelivered;
    uint64_t strikes;
};

/* Create an endpoint of @rank, paid by @maker (NULL = the kernel).
 * Returns ST_ENOMEM. */
MUST_CHECK enum status endpoint_create(uint32_t rank, struct process *maker,
                                       struct endpoint **out);

/* Nobody is known to serve @endpoint. */
static inline void
endpoint_forget_server(struct endpoint *endpoint)
{
    if (endpoint->server != NULL) {
        endpoint->server->served = NULL;
        endpoint->server = NULL;
    }
}

/* Queue @call, whose caller already waits. Cost: constant; a fault looks through
 * its process's turns, one for each endpoint and priority it waits at. */
void endpoint_queue_call(struct endpoint *endpoint, struct call *call,
                         uint32_t priority);

/* Queue it before the others of its priority: a fault that is redelivered. */
void endpoint_requeue_call(struct endpoint *endpoint, struct call *call,
                           uint32_t priority);

/* Take a queued call out of the queue, for it is given up: who followed it has
 * its place. Cost: constant. */
void endpoint_unqueue_call(struct call *call);

/* Take a queued call out of the queue, to deliver it: who followed it goes to the
 * end. Cost: constant. */
void endpoint_take_call(struct call *call);

/* The fault @call, which leads its space's turn, lets the others go before it. */
void endpoint_pass_call(struct call *call);

/* The best queued call that a receiver may take, or NULL; it stays queued. Cost:
 * constant, however many faults go before a message.
 * @serves  the receiver has the SERVE right and may take faults */
struct call *endpoint_best_call(struct endpoint *endpoint, bool serves);

/* A waiting receiver for a fault; NULL if none. */
static inline struct thread *
endpoint_server(const struct endpoint *endpoint)
{
    struct list *first = list_first(&endpoint->servers);

    return first == NULL ? NULL : LIST_ENTRY(first, struct thread, wait_link);
}

/* A waiting receiver for an ordinary call, rather one that does not serve; NULL
 * if none. */
static inline struct thread *
endpoint_receiver(const struct endpoint *endpoint)
{
    struct list *first = list_first(&endpoint->receivers);

    return first == NULL ? endpoint_server(endpoint)
                         : LIST_ENTRY(first, struct thread, wait_link);
}

/* The object class calls these. */
void endpoint_destroy(struct object *object);
void endpoint_handle_added(struct object *object, uint32_t rights);
void endpoint_handle_removed(struct object *object, uint32_t rights);

/* Tell up to @most of those who wait where nobody will ever receive: callers
 * (ST_EPIPE), receivers (ST_EBADF), and drop what was to be told there; true when
 * none is left. The supervisor's work. */
MUST_CHECK bool endpoint_bury_step(unsigned most);
