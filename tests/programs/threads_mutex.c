/* SPDX-License-Identifier: MIT */
/* C11 threads: mutexes, condition variables, joins; a queue between threads. */
#include <stdio.h>
#include <threads.h>

#define ITEMS 300
#define ROOM  8

static mtx_t lock;
static cnd_t not_full, not_empty;
static int queue[ROOM], used, taken_from, done;

static int
producer(void *arg)
{
    int base = *(int *)arg;

    for (int i = 0; i < ITEMS; i++) {
        mtx_lock(&lock);
        while (used == ROOM) {
            cnd_wait(&not_full, &lock);
        }
        queue[(taken_from + used) % ROOM] = base + i;
        used++;
        cnd_signal(&not_empty);
        mtx_unlock(&lock);
    }
    return base;
}

static int
consumer(void *arg)
{
    long *sum = arg;

    for (;;) {
        mtx_lock(&lock);
        while (used == 0 && !done) {
            cnd_wait(&not_empty, &lock);
        }
        if (used == 0) {
            mtx_unlock(&lock);
            return 0;
        }
        *sum += queue[taken_from];
        taken_from = (taken_from + 1) % ROOM;
        used--;
        cnd_signal(&not_full);
        mtx_unlock(&lock);
    }
}

int
main(void)
{
    thrd_t make[3], take[2];
    int bases[3] = { 1000, 2000, 3000 };
    long sums[2] = { 0, 0 };
    int result;

    mtx_init(&lock, mtx_plain);
    cnd_init(&not_full);
    cnd_init(&not_empty);
    for (int i = 0; i < 2; i++) {
        if (thrd_create(&take[i], consumer, &sums[i]) != thrd_success) {
            return 1;
        }
    }
    for (int i = 0; i < 3; i++) {
        thrd_create(&make[i], producer, &bases[i]);
    }
    for (int i = 0; i < 3; i++) {
        thrd_join(make[i], &result);
        printf("producer %d\n", result);
    }
    mtx_lock(&lock);
    done = 1;
    cnd_broadcast(&not_empty);
    mtx_unlock(&lock);
    for (int i = 0; i < 2; i++) {
        thrd_join(take[i], NULL);
    }
    printf("%ld\n", sums[0] + sums[1]);
    return 0;
}
