/* SPDX-License-Identifier: MIT */
/* pthread: barriers, semaphores, read-write locks, detached threads, timeouts. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t finished;
static int phase_sum[3], shared;

static void *
phases(void *arg)
{
    int id = *(int *)arg;

    for (int phase = 0; phase < 3; phase++) {
        pthread_rwlock_wrlock(&rwlock);
        phase_sum[phase] += id * (phase + 1);
        pthread_rwlock_unlock(&rwlock);
        pthread_barrier_wait(&barrier);
        pthread_rwlock_rdlock(&rwlock);
        if (phase_sum[phase] != 10 * (phase + 1)) {
            printf("phase %d too early\n", phase);
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return arg;
}

static void *
detached(void *arg)
{
    __atomic_fetch_add(&shared, 1, __ATOMIC_SEQ_CST);
    sem_post(&finished);
    return arg;
}

int
main(void)
{
    pthread_t threads[4], thread;
    pthread_attr_t attr;
    int ids[4] = { 1, 2, 3, 4 };
    struct timespec soon;
    void *result;

    pthread_barrier_init(&barrier, NULL, 4);
    sem_init(&finished, 0, 0);
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, phases, &ids[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &result);
        printf("%d ", *(int *)result);
    }
    printf("%d %d %d\n", phase_sum[0], phase_sum[1], phase_sum[2]);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 100; i++) {
        if (pthread_create(&thread, &attr, detached, NULL) != 0) {
            return 1;
        }
        sem_wait(&finished);
    }
    printf("%d\n", shared);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 5000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_nsec -= 1000000000;
        soon.tv_sec++;
    }
    printf("%d", sem_timedwait(&finished, &soon));
    printf(" %d\n", errno == ETIMEDOUT);
    return 0;
}
