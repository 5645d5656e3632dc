/* SPDX-License-Identifier: MIT */
/* Notifications. */
#include "notification.h"

#include <base/string.h>

#include <mm/heap.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

enum status
notification_create(struct notification **out)
{
    struct notification *notification = kmalloc(sizeof(*notification));
    enum status status;

    if (notification == NULL) {
        return ST_ENOMEM;
    }
    memset(notification, 0, sizeof(*notification));
    status = charge_make(&notification->charge, process_current(),
                         sizeof(*notification));
    if (status != ST_OK) {
        kfree(notification);
        return status;
    }
    object_init(&notification->object, OBJECT_NOTIFICATION);
    list_init(&notification->waiters);
    *out = notification;
    return ST_OK;
}

static const struct wait_class notification_wait_class = {
    .name = "notification",
    .abort = thread_abort_listed,
};

uint64_t
notification_take(struct notification *notification, uint64_t mask)
{
    uint64_t taken = notification->bits & mask;

    notification->bits &= ~taken;
    return taken;
}

void
notification_signal(struct notification *notification, uint64_t bits)
{
    notification->bits |= bits;
    list_for_each_safe(node, &notification->waiters) {
        struct thread *waiter = LIST_ENTRY(node, struct thread, wait_link);
        uint64_t taken = notification_take(notification, waiter->wait_bits);

        if (taken != 0) {
            list_remove(&waiter->wait_link);
            thread_finish(waiter, (int64_t)taken);
        }
    }
}

void
notification_wait(struct notification *notification, uint64_t mask,
                  uint64_t deadline_ns)
{
    struct thread *thread = thread_current();

    if (!thread_set_deadline(thread, deadline_ns)) {
        sched_yield_current(ST_ETIMEDOUT);
    }
    thread->wait_bits = mask;
    list_add_tail(&notification->waiters, &thread->wait_link);
    thread_wait(&notification_wait_class, notification, RESUME_USER);
}

void
notification_destroy(struct object *object)
{
    struct notification *notification =
        CONTAINER_OF(object, struct notification, object);

    /* Another thread of its process may have closed the handle that a waiter
     * used: nobody can signal any more. */
    while (!list_is_empty(&notification->waiters)) {
        thread_abort_wait(LIST_ENTRY(list_first(&notification->waiters),
                                     struct thread, wait_link),
                          ST_EBADF);
    }
    charge_drop(&notification->charge);
    kfree(notification);
}
