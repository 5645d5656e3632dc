/* SPDX-License-Identifier: MIT */
/*
 * The heap traces of tests/bench/traces.c on another malloc: whichever this program
 * was started with. kmalloc and kfree are jumps to it, two instructions a pair that
 * are counted. The frames of the other traces have no counterpart here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mm/heap.h>
#include <mm/pmm.h>
#include <valgrind/callgrind.h>

#include "../traces.h"

/* The traces are compiled as the kernel is. */
uintptr_t __stack_chk_guard = 0x5EC05;

void kassert_failed(const char *where_and_what);

void
kassert_failed(const char *where_and_what)
{
    fprintf(stderr, "assertion failed: %s\n", where_and_what);
    abort();
}

void *
kmalloc(size_t size)
{
    return malloc(size);
}

void
kfree(void *block)
{
    free(block);
}

/* ---- what no heap trace calls ------------------------------------------------ */

void *
pmm_alloc_frame(void)
{
    abort();
}

void
pmm_free_frame(void *frame)
{
    (void)frame;
    abort();
}

void *
pmm_alloc_large(void)
{
    abort();
}

void
pmm_free_large(void *frame)
{
    (void)frame;
    abort();
}

uint64_t
pmm_count(enum frame_kind kind)
{
    (void)kind;
    abort();
}

void
heap_get_stats(struct heap_stats *stats)
{
    (void)stats;
    abort();
}

void
heap_trim(void)
{
    abort();
}

static void
peer_run(const struct trace *trace)
{
    uint64_t ticks[2];
    uint64_t pairs;

    trace->prepare(trace->argument);
    ticks[0] = trace_tsc();
    CALLGRIND_ZERO_STATS;
    (void)trace->run_empty();
    CALLGRIND_DUMP_STATS_AT("empty");
    ticks[0] = trace_tsc() - ticks[0];
    trace->finish();
    trace->prepare(trace->argument);
    ticks[1] = trace_tsc();
    CALLGRIND_ZERO_STATS;
    pairs = trace->run();
    CALLGRIND_DUMP_STATS_AT(trace->name);
    ticks[1] = trace_tsc() - ticks[1];
    trace->finish();
    printf("pairs %s %llu\n", trace->name, (unsigned long long)pairs);
    printf("ticks %s %llu %llu\n", trace->name, (unsigned long long)ticks[0],
           (unsigned long long)ticks[1]);
}

/* Called with a number it runs the traces so often. */
int
main(int argc, char **argv)
{
    unsigned long times = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

    for (unsigned long n = 0; n < times; n++) {
        peer_run(&traces[TRACE_KMALLOC_TIGHT]);
        peer_run(&traces[TRACE_KMALLOC_MIXED]);
    }
    return 0;
}
