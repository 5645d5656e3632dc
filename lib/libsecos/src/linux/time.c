/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping. There is one clock: time since the machine started. It is
 * also what the time of day is told by, so days begin at 1 January 1970; a
 * process's own time is counted from its start.
 */
#include <stddef.h>

#include <libsecos/process.h>

#include "linux.h"

#define NS_PER_SECOND 1000000000u

/* Linux: linux/time.h. */
#define CLOCK_MONOTONIC    1
#define CLOCK_PROCESS_TIME 2
#define CLOCK_THREAD_TIME  3
#define CLOCK_LAST         7
#define TIMER_ABSOLUTE     1u

struct linux_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

static uint64_t time_start;

void
linux_time_init(void)
{
    time_start = process_clock();
}

static uint64_t
time_now(uint64_t clock)
{
    uint64_t now = process_clock();

    return clock == CLOCK_PROCESS_TIME || clock == CLOCK_THREAD_TIME
               ? now - time_start
               : now;
}

static void
time_store(struct linux_timespec *to, uint64_t ns)
{
    to->seconds = (int64_t)(ns / NS_PER_SECOND);
    to->nanoseconds = (int64_t)(ns % NS_PER_SECOND);
}

/* Nanoseconds in @from; false if it is not a time. */
static bool
time_load(const struct linux_timespec *from, uint64_t *ns)
{
    if (from->seconds < 0 || from->nanoseconds < 0
        || from->nanoseconds >= NS_PER_SECOND) {
        return false;
    }
    if (from->seconds > INT64_MAX / NS_PER_SECOND / 2) {
        *ns = INT64_MAX / 2; /* 146 years: nobody will see the difference */
        return true;
    }
    *ns = (uint64_t)from->seconds * NS_PER_SECOND + (uint64_t)from->nanoseconds;
    return true;
}

bool
linux_time_deadline(uint64_t timespec, bool is_absolute, uint64_t *deadline_ns)
{
    uint64_t ns;

    if (!time_load((const struct linux_timespec *)(uintptr_t)timespec, &ns)) {
        return false;
    }
    *deadline_ns = (is_absolute ? 0 : process_clock()) + ns;
    if (*deadline_ns == 0) {
        *deadline_ns = 1; /* 0 would mean for ever */
    }
    return true;
}

int64_t
linux_clock_gettime(struct linux_call *call)
{
    if (call->a > CLOCK_LAST) {
        return ST_EINVAL;
    }
    time_store((struct linux_timespec *)(uintptr_t)call->b, time_now(call->a));
    return 0;
}

int64_t
linux_clock_getres(struct linux_call *call)
{
    if (call->a > CLOCK_LAST) {
        return ST_EINVAL;
    }
    if (call->b != 0) {
        time_store((struct linux_timespec *)(uintptr_t)call->b, 1);
    }
    return 0;
}

int64_t
linux_gettimeofday(struct linux_call *call)
{
    struct linux_timespec *to = (struct linux_timespec *)(uintptr_t)call->a;

    if (to != NULL) {
        time_store(to, process_clock());
        to->nanoseconds /= 1000; /* struct timeval has microseconds */
    }
    return 0;
}

int64_t
linux_time(struct linux_call *call)
{
    int64_t seconds = (int64_t)(process_clock() / NS_PER_SECOND);

    if (call->a != 0) {
        *(int64_t *)(uintptr_t)call->a = seconds;
    }
    return seconds;
}

/* Nothing interrupts a sleep, so nothing ever remains of it. */
static int64_t
time_sleep(uint64_t timespec, bool is_absolute)
{
    uint64_t deadline;

    if (!linux_time_deadline(timespec, is_absolute, &deadline)) {
        return ST_EINVAL;
    }
    return process_sleep_until(deadline);
}

int64_t
linux_nanosleep(struct linux_call *call)
{
    return time_sleep(call->a, false);
}

int64_t
linux_clock_nanosleep(struct linux_call *call)
{
    if (call->a > CLOCK_LAST) {
        return ST_EINVAL;
    }
    return time_sleep(call->c, (call->b & TIMER_ABSOLUTE) != 0);
}

/* struct rusage begins with user and system time; nobody measures the rest. */
int64_t
linux_getrusage(struct linux_call *call)
{
    int64_t *usage = (int64_t *)(uintptr_t)call->b;
    uint64_t us = (process_clock() - time_start) / 1000;

    for (int i = 0; i < 18; i++) {
        usage[i] = 0;
    }
    usage[0] = (int64_t)(us / 1000000);
    usage[1] = (int64_t)(us % 1000000);
    return 0;
}
