/* SPDX-License-Identifier: MIT */
/*
 * Fixed traces through the memory managers: what one allocation and its free
 * cost, how many 2 MiB frames are left after churn, what the heap holds. The
 * same sources run twice, with the kernel's flags both times: on the host
 * under callgrind (traces_host.c) and inside the kernel under icount
 * (traces_kernel.c).
 *
 * Each trace is a pair of functions: trace_NAME does the work, and
 * trace_NAME_empty is the same loop without the calls. Their difference, over
 * the number of pairs, is the figure.
 */
#pragma once

#include <stdint.h>

/* Frames that a trace can hold: all of 1 GiB. */
#define TRACE_FRAMES_MAX (262144u)

struct trace {
    const char *name;
    void (*prepare)(uint32_t argument); /* NULL: nothing to do */
    uint64_t (*run)(void);              /* each returns the pairs it did */
    uint64_t (*run_empty)(void);
    void (*finish)(void);
    uint32_t argument;
};

enum {
    TRACE_PMM_SEQ = 0,
    TRACE_KMALLOC_TIGHT = 5,
    TRACE_KMALLOC_MIXED = 6, /* its argument is the number of live blocks */
    TRACE_COUNT = 7,
};
extern const struct trace traces[TRACE_COUNT];

/* The time stamp counter. */
static inline uint64_t
trace_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/*
 * How well 2 MiB frames come back. All of RAM is taken frame by frame, and
 * frames picked at random are freed until @percent is in use: no 2 MiB frame is
 * left. Then 16 rounds of churn; in each, as many frames as are in use are
 * picked at random and replaced, one by one. Returns the 2 MiB frames that can
 * be had now, in percent of free frames / 512.
 */
uint64_t trace_recovery(uint32_t percent);

/* Bytes that the heap holds for 1,000 bytes asked for: blocks of 16 to 2,048
 * bytes, or (large) of 5 to 100 KiB. */
uint64_t trace_held_mixed(void);
uint64_t trace_held_large(void);

/* Frames that the heap still holds after everything was freed. */
uint64_t trace_left(void);
