/* SPDX-License-Identifier: MIT */
/*
 * futex: wait until somebody says that a word has changed.
 *
 *      wait   under the lock: is the word still so? then a row, and out
 *      wake   under the lock: rows of that word are marked and signalled
 *
 * A row keeps its notification for the next who waits. A program whose manifest
 * allows no notifications sleeps a little instead and looks again: a wait may
 * always end early.
 */
#include <stddef.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>

#include "linux.h"

#define FUTEX_ROWS   64u
#define FUTEX_NAP_NS 1000000u
#define FUTEX_BIT    1u

/* Linux: linux/futex.h. */
#define FUTEX_WAIT        0u
#define FUTEX_WAKE        1u
#define FUTEX_REQUEUE     3u
#define FUTEX_CMP_REQUEUE 4u
#define FUTEX_WAIT_BITSET 9u
#define FUTEX_WAKE_BITSET 10u
#define FUTEX_OPERATION   0x7Fu

struct futex_row {
    uint64_t word; /* its address; 0 = the row is free */
    bool woken;
    handle_t notification;
};

static struct futex_row futex_rows[FUTEX_ROWS];
static bool futex_naps; /* there are no notifications for us */

/* A free row with a notification, or NULL. */
static struct futex_row *
futex_take_row(uint64_t word)
{
    for (unsigned i = 0; i < FUTEX_ROWS && !futex_naps; i++) {
        struct futex_row *row = &futex_rows[i];

        if (row->word != 0) {
            continue;
        }
        if (row->notification == HANDLE_NONE) {
            int64_t handle = notify_create();

            if (handle < 0) {
                futex_naps = handle == ST_EPERM;
                break;
            }
            row->notification = (handle_t)handle;
        }
        row->word = word;
        row->woken = false;
        return row;
    }
    return NULL;
}

static int64_t
futex_nap(uint64_t deadline_ns)
{
    uint64_t until = process_clock() + FUTEX_NAP_NS;

    if (deadline_ns != 0 && deadline_ns <= until) {
        (void)process_sleep_until(deadline_ns);
        return ST_ETIMEDOUT;
    }
    (void)process_sleep_until(until);
    return ST_OK;
}

static int64_t
futex_wait(uint64_t word, uint32_t value, uint64_t deadline_ns)
{
    struct futex_row *row;
    int64_t status;

    linux_lock();
    if (__atomic_load_n((uint32_t *)(uintptr_t)word, __ATOMIC_SEQ_CST)
        != value) {
        linux_unlock();
        return ST_EAGAIN;
    }
    row = futex_take_row(word);
    linux_unlock();
    if (row == NULL) {
        return futex_nap(deadline_ns);
    }
    status = notify_wait(row->notification, FUTEX_BIT, deadline_ns);
    linux_lock();
    if (status < 0 && row->woken) {
        /* The wake came with the deadline: its bit must not wake the next. */
        status = notify_wait(row->notification, FUTEX_BIT, 0);
    }
    row->word = 0;
    linux_unlock();
    return status < 0 ? status : ST_OK;
}

int64_t
linux_futex_wake_locked(uint64_t word, uint64_t most)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < FUTEX_ROWS && count < most; i++) {
        struct futex_row *row = &futex_rows[i];

        if (row->word == word && !row->woken) {
            row->woken = true;
            (void)notify_signal(row->notification, FUTEX_BIT);
            count++;
        }
    }
    return (int64_t)count;
}

static int64_t
futex_wake(uint64_t word, uint64_t most)
{
    int64_t count;

    linux_lock();
    count = linux_futex_wake_locked(word, most);
    linux_unlock();
    return count;
}

/* Wake some, and let others wait for another word. */
static int64_t
futex_requeue(const struct linux_call *call)
{
    uint64_t moved = 0;
    int64_t count;

    linux_lock();
    count = linux_futex_wake_locked(call->a, (uint32_t)call->c);
    for (unsigned i = 0; i < FUTEX_ROWS && moved < (uint32_t)call->d; i++) {
        struct futex_row *row = &futex_rows[i];

        if (row->word == call->a && !row->woken) {
            row->word = call->e;
            moved++;
        }
    }
    linux_unlock();
    return count + (int64_t)moved;
}

/* futex(word, operation, value, timeout or count, second word, third value) */
int64_t
linux_futex(struct linux_call *call)
{
    uint64_t operation = call->b & FUTEX_OPERATION;
    uint64_t deadline = 0;

    switch (operation) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        if (call->d != 0
            && !linux_time_deadline(call->d, operation == FUTEX_WAIT_BITSET,
                                    &deadline)) {
            return ST_EINVAL;
        }
        return futex_wait(call->a, (uint32_t)call->c, deadline);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        return futex_wake(call->a, (uint32_t)call->c);
    case FUTEX_CMP_REQUEUE:
        if (*(volatile uint32_t *)(uintptr_t)call->a != (uint32_t)call->f) {
            return ST_EAGAIN;
        }
        return futex_requeue(call);
    case FUTEX_REQUEUE:
        return futex_requeue(call);
    default:
        return ST_ENOSYS;
    }
}
