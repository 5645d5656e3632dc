/* SPDX-License-Identifier: MIT */
/* Endpoints: the queue and the life of the object; messages are in ipc.c. */
#include "endpoint.h"

#include <base/string.h>

#include <klib/kassert.h>
#include <mm/heap.h>

#include "pager_watch.h"

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
    list_init(&endpoint->attach_link);
    list_init(&endpoint->watch_link);
    endpoint->rank = rank;
    *out = endpoint;
    return ST_OK;
}

static void
endpoint_mark_queued(struct endpoint *endpoint, struct call *call,
                     uint32_t priority)
{
    endpoint->queued |= 1u << priority;
    call->state = CALL_QUEUED;
    call->endpoint = endpoint;
    call->priority = (uint8_t)priority;
}

void
endpoint_queue_call(struct endpoint *endpoint, struct call *call,
                    uint32_t priority)
{
    endpoint_mark_queued(endpoint, call, priority);
    list_add_tail(&endpoint->queue[priority], &call->endpoint_link);
}

void
endpoint_requeue_call(struct endpoint *endpoint, struct call *call,
                      uint32_t priority)
{
    endpoint_mark_queued(endpoint, call, priority);
    list_add_head(&endpoint->queue[priority], &call->endpoint_link);
}

void
endpoint_unqueue_call(struct call *call)
{
    struct endpoint *endpoint = call->endpoint;

    KASSERT(call->state == CALL_QUEUED);
    list_remove(&call->endpoint_link);
    if (list_is_empty(&endpoint->queue[call->priority])) {
        endpoint->queued &= ~(1u << call->priority);
    }
    call->state = CALL_IDLE;
}

struct call *
endpoint_best_call(struct endpoint *endpoint, bool serves)
{
    uint32_t queued = endpoint->queued;

    while (queued != 0) {
        unsigned best = 31u - (unsigned)__builtin_clz(queued);

        list_for_each(node, &endpoint->queue[best]) {
            struct call *call = LIST_ENTRY(node, struct call, endpoint_link);

            if (serves || !call->is_fault) {
                return call;
            }
        }
        queued &= ~(1u << best);
    }
    return NULL;
}

struct call *
endpoint_best_fault(struct endpoint *endpoint)
{
    for (uint32_t queued = endpoint->queued; queued != 0;) {
        unsigned best = 31u - (unsigned)__builtin_clz(queued);

        list_for_each(node, &endpoint->queue[best]) {
            struct call *call = LIST_ENTRY(node, struct call, endpoint_link);

            if (call->is_fault) {
                return call;
            }
        }
        queued &= ~(1u << best);
    }
    return NULL;
}

uint64_t
endpoint_count_queued(const struct endpoint *endpoint)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < PRIORITIES; i++) {
        list_for_each(node, &endpoint->queue[i]) {
            count++;
        }
    }
    return count;
}

void
endpoint_destroy(struct object *object)
{
    struct endpoint *endpoint = CONTAINER_OF(object, struct endpoint, object);

    KASSERT(endpoint->queued == 0);
    KASSERT(list_is_empty(&endpoint->receivers));
    KASSERT(list_is_empty(&endpoint->servers));
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

/* Threads of a process that closed the handle they receive by. */
static void
endpoint_abort_receivers(struct list *receivers)
{
    while (!list_is_empty(receivers)) {
        thread_abort_wait(LIST_ENTRY(list_first(receivers), struct thread,
                                     wait_link),
                          ST_EBADF);
    }
}

/* The last handle that could receive is gone: nobody will ever answer. */
void
endpoint_handle_removed(struct object *object, uint32_t rights)
{
    struct endpoint *endpoint = CONTAINER_OF(object, struct endpoint, object);
    struct call *call;

    if ((rights & RIGHT_RECEIVE) == 0) {
        return;
    }
    endpoint->receive_handles--;
    /* It may have been the server's, whose record will go. If it was not, the
     * server is known again when it next receives. */
    endpoint->server = NULL;
    if (endpoint->receive_handles > 0) {
        return;
    }
    while ((call = endpoint_best_call(endpoint, false)) != NULL) {
        thread_abort_wait(call->owner, ST_EPIPE);
    }
    endpoint_abort_receivers(&endpoint->receivers);
    endpoint_abort_receivers(&endpoint->servers);
}
