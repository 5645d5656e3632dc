/* SPDX-License-Identifier: MIT */
/* What the programs that measure share: the clock, the median, the line of a
 * figure, and the marks for tests/bench/profile.py. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/syscall.h>

#define BENCH_BATCHES      15
#define BENCH_WARM_UP      3
#define BENCH_REPEAT       64
#define BENCH_FAR_DEADLINE (1ull << 60)
/* A foreign system call, which nobody handles here. */
#define BENCH_MARK 1u

static inline uint64_t
bench_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static inline int
bench_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static inline uint64_t
bench_median(uint64_t samples[BENCH_BATCHES])
{
    qsort(samples, BENCH_BATCHES, sizeof(samples[0]), bench_compare);
    return samples[BENCH_BATCHES / 2];
}

static const char *bench_only;

static inline bool
bench_wants(const char *name)
{
    return bench_only == NULL || strcmp(bench_only, name) == 0;
}

/* Begin or end what a profile shows; @batch of BENCH_BATCHES is the one. */
static inline void
bench_mark(int batch)
{
    if (bench_only != NULL && batch == BENCH_BATCHES - 1) {
        (void)syscall_fast(BENCH_MARK, (const uint64_t[6]){ 0 });
    }
}

static inline void
bench_print(const char *name, uint64_t total, uint64_t operations)
{
    printf("bench %s %lu ticks\n", name, (total + operations / 2) / operations);
    if (bench_only != NULL) {
        printf("operations %lu\n", operations);
    }
}
