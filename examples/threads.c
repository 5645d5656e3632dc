/* SPDX-License-Identifier: MIT */
/*
 * Four threads add up parts of a series; a mutex guards the sum. secos-cc sees
 * that the program makes threads and asks the kernel for the right to.
 *
 *      tools/secos-cc -O2 examples/threads.c -o threads.elf
 *      tools/secos-run threads.elf
 */
#include <pthread.h>
#include <stdio.h>

#define THREADS 4
#define TERMS   400000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double sum;

static void *
add_part(void *argument)
{
    long first = *(const long *)argument;
    double part = 0;

    for (long k = first; k < TERMS; k += THREADS) {
        part += (k % 2 == 0 ? 4.0 : -4.0) / (double)(2 * k + 1);
    }
    pthread_mutex_lock(&lock);
    sum += part;
    pthread_mutex_unlock(&lock);
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    long first[THREADS];

    for (long i = 0; i < THREADS; i++) {
        first[i] = i;
        if (pthread_create(&threads[i], NULL, add_part, &first[i]) != 0) {
            fprintf(stderr, "no thread %ld\n", i);
            return 1;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("pi is about %.4f\n", sum);
    return 0;
}
