/* SPDX-License-Identifier: MIT */
/*
 * How costs grow with what there is already. Prints lines "growth NAME N TICKS":
 * one operation, the median of 15, while N others of its kind exist.
 *
 *      regions     one made and destroyed among N regions
 *      region      a fault in a region other than the one found last, N regions
 *      processes   spawn, exit and wait of `null`, N processes alive
 *      faults      a fault served by the boot pager, N threads waiting for pages
 *                  that their own pager never brings
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_MEMORY,
               0, 0);

#define BATCHES        15
#define REGIONS_MOST   100000u
#define PROCESSES_MOST 1000u
#define THREADS_MOST   100u
#define BASE           0x0000180000000000ull
/* Every other page, so that no two regions become one. */
#define STRIDE (2 * PAGE_BYTES)

static uint64_t growth_samples[BATCHES];

static uint64_t
growth_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static int
growth_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void
growth_print(const char *name, uint64_t n)
{
    qsort(growth_samples, BATCHES, sizeof(growth_samples[0]), growth_compare);
    printf("growth %s %lu %lu\n", name, n, growth_samples[BATCHES / 2]);
}

static void
growth_make_region(uint64_t base, uint64_t pages, handle_t binding)
{
    struct region_request request = {
        .base = base,
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
        .binding = binding,
    };

    if (region_create(&request) < 0) {
        printf("growth: no region at 0x%lx\n", base);
        exit(1);
    }
}

static void
growth_touch(uint64_t address)
{
    *(volatile uint8_t *)(uintptr_t)address = 1;
}

/* ---- regions ------------------------------------------------------------------ */

static void
growth_with_regions(uint64_t n)
{
    uint64_t middle = BASE + n / 2 * STRIDE + PAGE_BYTES;

    for (int i = 0; i < BATCHES; i++) {
        uint64_t start = growth_tsc();

        growth_make_region(middle, 1, HANDLE_NONE);
        (void)region_destroy(middle, 1);
        growth_samples[i] = growth_tsc() - start;
    }
    growth_print("regions", n);
}

static void
growth_regions(void)
{
    uint64_t n = 0;

    for (uint64_t until = 1; until <= REGIONS_MOST; until *= 10) {
        for (; n < until; n++) {
            growth_make_region(BASE + n * STRIDE, 1, HANDLE_NONE);
        }
        growth_with_regions(n);
        for (int i = 0; i < BATCHES; i++) {
            uint64_t at = n < BATCHES ? 0 : n / BATCHES * (uint64_t)i;
            uint64_t start;

            (void)region_destroy(BASE + at * STRIDE, 1);
            growth_make_region(BASE + at * STRIDE, 1, HANDLE_NONE);
            growth_touch(BASE + at * STRIDE); /* the tables are there now */
            (void)region_destroy(BASE + at * STRIDE, 1);
            growth_make_region(BASE + at * STRIDE, 1, HANDLE_NONE);
            start = growth_tsc();
            growth_touch(BASE + at * STRIDE);
            growth_samples[i] = growth_tsc() - start;
        }
        growth_print("region", n);
    }
    (void)region_destroy(BASE, REGIONS_MOST * 2);
}

/* ---- processes ------------------------------------------------------------------ */

static int64_t
growth_spawn(uint32_t flags)
{
    static const char args[] = "null";
    struct spawn_request request = {
        .name = "null",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
        .flags = flags,
    };
    int64_t child = process_spawn(&request);

    if (child < 0) {
        printf("growth: spawn: %s\n", syscall_status_text(child));
        exit(1);
    }
    return child;
}

static void
growth_processes(void)
{
    static handle_t children[PROCESSES_MOST];
    uint64_t n = 0;

    for (uint64_t until = 1; until <= PROCESSES_MOST; until *= 10) {
        for (; n < until; n++) {
            children[n] = (handle_t)growth_spawn(SPAWN_SUSPENDED);
        }
        for (int i = 0; i < BATCHES; i++) {
            uint64_t start = growth_tsc();
            handle_t child = (handle_t)growth_spawn(0);

            (void)process_wait(child, 0);
            growth_samples[i] = growth_tsc() - start;
            (void)handle_close(child);
        }
        growth_print("processes", n);
    }
    while (n-- > 0) {
        (void)process_kill(children[n]);
        (void)process_wait(children[n], 0);
        (void)handle_close(children[n]);
    }
}

/* ---- waiting faults ---------------------------------------------------------------- */

static void
growth_wait_for_page(void *page)
{
    growth_touch((uintptr_t)page);
    thread_exit(0);
}

static void
growth_add_waiter(uint64_t n, uint64_t base)
{
    static char stacks[THREADS_MOST][1024] __attribute__((aligned(16)));
    void *page = (void *)(uintptr_t)(base + n * PAGE_BYTES);
    int64_t thread;

    memset(stacks[n], 0, sizeof(stacks[n]));
    thread = thread_create(growth_wait_for_page, page,
                           stacks[n] + sizeof(stacks[n]) - 8, 0);
    if (thread < 0) {
        printf("growth: thread: %s\n", syscall_status_text(thread));
        exit(1);
    }
    (void)handle_close((handle_t)thread);
    (void)thread_yield();
}

static void
growth_faults(void)
{
    int64_t endpoint = endpoint_create(RANK_SERVER);
    int64_t binding = binding_create((handle_t)endpoint, 1,
                                     PROT_READ | PROT_WRITE, THREADS_MOST);
    uint64_t waiting = BASE;
    uint64_t served = BASE + (1ull << 30);
    uint64_t n = 0;

    growth_make_region(waiting, THREADS_MOST, (handle_t)binding);
    growth_make_region(served, 512, HANDLE_NONE);
    growth_touch(served);
    for (uint64_t until = 1; until <= THREADS_MOST; until *= 10) {
        for (; n < until; n++) {
            growth_add_waiter(n, waiting);
        }
        for (int i = 0; i < BATCHES; i++) {
            uint64_t start;

            served += PAGE_BYTES;
            start = growth_tsc();
            growth_touch(served);
            growth_samples[i] = growth_tsc() - start;
        }
        growth_print("faults", n);
    }
}

int
main(void)
{
    growth_regions();
    growth_processes();
    growth_faults();
    exit(0);
}
