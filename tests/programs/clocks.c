/* SPDX-License-Identifier: MIT */
/* Clocks run forwards, and a sleep takes at least as long as asked. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

static double
seconds(const struct timespec *t)
{
    return (double)t->tv_sec + (double)t->tv_nsec / 1e9;
}

int
main(void)
{
    const struct timespec nap = { .tv_nsec = 20000000 };
    struct timespec before, after;
    clock_t start = clock();
    time_t now = time(NULL);

    clock_gettime(CLOCK_MONOTONIC, &before);
    printf("%d\n", nanosleep(&nap, NULL));
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("slept %d\n", seconds(&after) - seconds(&before) >= 0.02);
    printf("not too long %d\n", seconds(&after) - seconds(&before) < 5);
    printf("%d %d\n", clock() >= start, time(NULL) >= now);
    printf("%d\n", timespec_get(&after, TIME_UTC) == TIME_UTC);
    return CLOCKS_PER_SEC == 1000000;
}
