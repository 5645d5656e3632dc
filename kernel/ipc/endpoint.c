/* SPDX-License-Identifier: MIT */
/* Endpoints: the queue and the life of the object; messages are in ipc.c. */
#include "endpoint.h"

#include <base/string.h>

#include <klib/kassert.h>
#include <mm/heap.h>
#include <task/process.h>

#include "detach.h"
#include "pager_watch.h"
#include "supervisor.h"

/* Those that nobody can receive from and somebody waits at, by dead_link. */
static struct list endpoint_dead = { &endpoint_dead, &endpoint_dead };

enum status
endpoint_create(uint32_t rank, struct process *maker, struct endpoint **out)
{
    struct endpoint *endpoint = kmalloc(sizeof(*endpoint));
    enum status status;

    if (endpoint == NULL) {
        return ST_ENOMEM;
    }
    memset(endpoint, 0, sizeof(*endpoint));
    status = charge_make(&endpoint->charge, maker, sizeof(*endpoint));
    if (status != ST_OK) {
        kfree(endpoint);
        return status;
    }
    object_init(&endpoint->object, OBJECT_ENDPOINT);
    list_init(&endpoint->servers);
    list_init(&endpoint->receivers);
    for (unsigned i = 0; i < PRIORITIES; i++) {
        list_init(&endpoint->queue[i]);
    }
    list_init(&endpoint->leading);
    list_init(&endpoint->attach_link);
    list_init(&endpoint->watch_link);
    list_init(&endpoint->telling);
    list_init(&endpoint->dead_link);
    endpoint->rank = rank;
    endpoint->limits = pager_watch_defaults;
    *out = endpoint;
    return ST_OK;
}

/* @call comes to its queue, behind the messages that are there. */
static void
endpoint_add_message(struct endpoint *endpoint, struct call *call)
{
    struct call **first = &endpoint->messages[call->priority];

    if (*first == NULL) {
        *first = call;
    } else {
        list_add_before(&(*first)->lead_link, &call->lead_link);
    }
}

/* @call leaves it. */
static void
endpoint_drop_message(struct endpoint *endpoint, const struct call *call)
{
    struct call **first = &endpoint->messages[call->priority];

    if (*first == call) {
        struct list *next = list_first(&call->lead_link);

        *first = next == NULL ? NULL : LIST_ENTRY(next, struct call, lead_link);
    }
}

static void
endpoint_mark_queued(struct endpoint *endpoint, struct call *call,
                     uint32_t priority)
{
    endpoint->queued |= 1ull << priority;
    call->state = CALL_QUEUED;
    call->endpoint = endpoint;
    call->priority = (uint8_t)priority;
    endpoint->waiting++;
    if (call->is_fault) {
        pager_watch_expect(endpoint);
    } else {
        endpoint_add_message(endpoint, call);
    }
}

/* The fault of @process that leads its turn in this queue, or NULL. */
static struct call *
endpoint_find_turn(const struct process *process,
                   const struct endpoint *endpoint, uint32_t priority)
{
    list_for_each(node, &process->turns) {
        struct call *call = LIST_ENTRY(node, struct call, turn_link);

        if (call->endpoint == endpoint && call->priority == priority) {
            return call;
        }
    }
    return NULL;
}

/* @call leads its turn at @endpoint, with the followers that @from led; its place
 * in the queue is the caller's affair. */
static void
endpoint_lead(struct endpoint *endpoint, struct call *call, struct call *from)
{
    list_add_tail(&call->owner->process->turns, &call->turn_link);
    list_add_tail(&endpoint->leading, &call->lead_link);
    if (from != NULL) {
        list_remove(&from->turn_link);
        list_remove(&from->lead_link);
        list_splice_tail(&call->followers, &from->followers);
    }
}

void
endpoint_queue_call(struct endpoint *endpoint, struct call *call,
                    uint32_t priority)
{
    struct list *queue = &endpoint->queue[priority];

    if (call->is_fault) {
        struct call *leader =
            endpoint_find_turn(call->owner->process, endpoint, priority);

        if (leader != NULL) {
            queue = &leader->followers;
        } else {
            endpoint_lead(endpoint, call, NULL);
        }
    }
    endpoint_mark_queued(endpoint, call, priority);
    list_add_tail(queue, &call->endpoint_link);
}

void
endpoint_requeue_call(struct endpoint *endpoint, struct call *call,
                      uint32_t priority)
{
    struct call *leader =
        endpoint_find_turn(call->owner->process, endpoint, priority);

    endpoint_lead(endpoint, call, leader);
    if (leader != NULL) {
        list_remove(&leader->endpoint_link);
        list_add_head(&call->followers, &leader->endpoint_link);
    }
    endpoint_mark_queued(endpoint, call, priority);
    list_add_head(&endpoint->queue[priority], &call->endpoint_link);
}

/* Take @call out; the first that followed it leads, and goes before @place. */
static void
endpoint_remove_call(struct call *call, struct list *place)
{
    struct endpoint *endpoint = call->endpoint;
    struct list *first = list_first(&call->followers);

    KASSERT(call->state == CALL_QUEUED);
    if (first != NULL) {
        list_unlink(first);
        list_add_before(place, first);
        endpoint_lead(endpoint, LIST_ENTRY(first, struct call, endpoint_link),
                      call);
    }
    if (!call->is_fault) {
        endpoint_drop_message(endpoint, call);
    }
    endpoint->waiting--;
    list_remove(&call->turn_link);
    list_remove(&call->lead_link);
    list_remove(&call->endpoint_link);
    if (list_is_empty(&endpoint->queue[call->priority])) {
        endpoint->queued &= ~(1ull << call->priority);
    }
    call->state = CALL_IDLE;
}

void
endpoint_unqueue_call(struct call *call)
{
    endpoint_remove_call(call, &call->endpoint_link);
}

void
endpoint_take_call(struct call *call)
{
    endpoint_remove_call(call, &call->endpoint->queue[call->priority]);
}

void
endpoint_pass_call(struct call *call)
{
    list_unlink(&call->endpoint_link);
    list_add_tail(&call->endpoint->queue[call->priority], &call->endpoint_link);
}

struct call *
endpoint_best_call(struct endpoint *endpoint, bool serves)
{
    uint32_t queued = (uint32_t)endpoint->queued;

    while (queued != 0) {
        unsigned best = 31u - (unsigned)__builtin_clz(queued);

        if (serves) {
            return LIST_ENTRY(list_first(&endpoint->queue[best]), struct call,
                              endpoint_link);
        }
        if (endpoint->messages[best] != NULL) {
            return endpoint->messages[best];
        }
        queued &= ~(1u << best);
    }
    return NULL;
}

void
endpoint_destroy(struct object *object)
{
    struct endpoint *endpoint = CONTAINER_OF(object, struct endpoint, object);

    KASSERT(endpoint->queued == 0);
    KASSERT(list_is_empty(&endpoint->receivers));
    KASSERT(list_is_empty(&endpoint->servers));
    KASSERT(list_is_empty(&endpoint->dead_link));
    endpoint_forget_server(endpoint);
    pager_watch_forget(endpoint);
    charge_drop(&endpoint->charge);
    kfree(endpoint);
}

void
endpoint_handle_added(struct object *object, uint32_t rights)
{
    struct endpoint *endpoint = CONTAINER_OF(object, struct endpoint, object);

    if ((rights & RIGHT_RECEIVE) != 0) {
        endpoint->receive_handles++;
    }
}

/* The caller's process closed a handle to receive by: if it serves @endpoint and
 * has no other such handle, it serves no longer. */
static void
endpoint_check_server(struct endpoint *endpoint)
{
    const struct thread *server = endpoint->server;
    const struct process *process = process_current();

    if (server == NULL || server->process != process) {
        return;
    }
    if (process->ending
        || !handle_is_held(&process->handles, &endpoint->object,
                           RIGHT_RECEIVE)) {
        endpoint_forget_server(endpoint);
    }
}

/* The last handle that could receive is gone: nobody will ever answer. */
void
endpoint_handle_removed(struct object *object, uint32_t rights)
{
    struct endpoint *endpoint = CONTAINER_OF(object, struct endpoint, object);

    if ((rights & RIGHT_RECEIVE) == 0) {
        return;
    }
    endpoint->receive_handles--;
    endpoint_check_server(endpoint);
    if (endpoint->receive_handles == 0 && list_is_empty(&endpoint->dead_link)
        && (endpoint->queued != 0 || !list_is_empty(&endpoint->receivers)
            || !list_is_empty(&endpoint->servers))) {
        object_get(&endpoint->object);
        list_add_tail(&endpoint_dead, &endpoint->dead_link);
        supervisor_wake();
    }
}

/* Tell one of those who wait at @endpoint that they do so in vain. Returns false
 * if there is none, or there is a handle again: one was on its way to a child. */
static bool
endpoint_bury_one(struct endpoint *endpoint)
{
    const struct call *call = endpoint_best_call(endpoint, false);
    struct list *receiver = list_first(&endpoint->receivers);

    if (endpoint->receive_handles > 0) {
        return false;
    }
    if (call != NULL) {
        thread_abort_wait(call->owner, ST_EPIPE);
        return true;
    }
    if (receiver == NULL) {
        receiver = list_first(&endpoint->servers);
    }
    if (receiver != NULL) { /* another thread closed the handle */
        thread_abort_wait(LIST_ENTRY(receiver, struct thread, wait_link),
                          ST_EBADF);
        return true;
    }
    return detach_drop_one(endpoint);
}

bool
endpoint_bury_step(unsigned most)
{
    for (; most > 0 && !list_is_empty(&endpoint_dead); most--) {
        struct endpoint *endpoint =
            LIST_ENTRY(list_first(&endpoint_dead), struct endpoint, dead_link);

        if (!endpoint_bury_one(endpoint)) {
            list_remove(&endpoint->dead_link);
            object_put(&endpoint->object);
        }
    }
    return list_is_empty(&endpoint_dead);
}
