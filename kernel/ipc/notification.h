/* SPDX-License-Identifier: MIT */
/*
 * Notifications: 64 bits that anybody with the right sets and one waits for.
 * Signalling never waits and never fails, so interrupts and ending processes can
 * do it; bits that nobody waited for are kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

#include <task/charge.h>
#include <task/object.h>

struct thread;

/* Threads that may wait at one: what is woken, or looked through, in one go. */
#define NOTIFICATION_WAITERS_MOST 128u

struct notification {
    struct object object;
    struct charge charge;
    uint64_t bits;
    struct list waiters; /* threads, by wait_link; wait_bits says for what */
};

/* Create one, charged to the current process. Returns ST_ENOMEM. */
MUST_CHECK enum status notification_create(struct notification **out);

/* Set @bits and wake the first waiter that wants any of them.
 * Context: any, interrupts off. Cost: O(waiters). */
void notification_signal(struct notification *notification, uint64_t bits);

/* Take those of @mask that are set, or 0. */
uint64_t notification_take(struct notification *notification, uint64_t mask);

/* Whether no more threads may wait at @notification. */
static inline bool
notification_is_crowded(const struct notification *notification)
{
    return list_is_longer(&notification->waiters,
                          NOTIFICATION_WAITERS_MOST - 1);
}

/* Wait for any of @mask until @deadline_ns (0 = for ever); the result of the
 * system call is the bits taken, or ST_ETIMEDOUT. Does not return. */
NORETURN void notification_wait(struct notification *notification,
                                uint64_t mask, uint64_t deadline_ns);

/* The object class calls this. */
void notification_destroy(struct object *object);
