/* SPDX-License-Identifier: MIT */
/*
 * How costs grow with what there is already. Prints lines "growth NAME N TICKS":
 * one operation, the median of 15, while N others of its kind exist.
 *
 *      regions     one made and destroyed among N regions
 *      region      a fault in a region other than the one found last, N regions
 *      processes   spawn, exit and wait of `null`, N processes alive
 *      calls       a call to a server and its reply, N processes alive
 *      faults      a fault that the boot pager serves, while N threads wait for
 *                  pages of a pager that has not come yet (growth/faults.c)
 *      held        a fault that this pager serves, while it owes N others
 *
 * Called as `growth MOST` it stops at N = MOST.
 */
#include "growth/growth.h"

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

#define REGIONS_MOST   100000u
#define PROCESSES_MOST 1000u
#define FAULTS_MOST    1000u
#define RW             (PROT_READ | PROT_WRITE)
/* Every other page, so that no two regions become one. */
#define STRIDE (2 * PAGE_BYTES)

uint64_t growth_samples[GROWTH_BATCHES];

handle_t
growth_need(const char *what, int64_t status)
{
    if (status < 0) {
        printf("growth: %s: %s\n", what, syscall_status_text(status));
        exit(1);
    }
    return (handle_t)status;
}

static int
growth_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

void
growth_print(const char *name, uint64_t n)
{
    qsort(growth_samples, GROWTH_BATCHES, sizeof(growth_samples[0]),
          growth_compare);
    printf("growth %s %lu %lu\n", name, n, growth_samples[GROWTH_BATCHES / 2]);
}

void
growth_make_region(uint64_t base, uint64_t pages, uint32_t prot,
                   handle_t binding)
{
    struct region_request request = {
        .base = base,
        .pages = pages,
        .prot = prot,
        .kind = REGION_ANONYMOUS,
        .binding = binding,
    };

    (void)growth_need("region_create", region_create(&request));
}

/* ---- regions ------------------------------------------------------------------ */

static void
growth_with_regions(uint64_t n)
{
    uint64_t middle = GROWTH_BASE + n / 2 * STRIDE + PAGE_BYTES;

    for (int i = 0; i < GROWTH_BATCHES; i++) {
        uint64_t start = growth_tsc();

        growth_make_region(middle, 1, RW, HANDLE_NONE);
        (void)region_destroy(middle, 1);
        growth_samples[i] = growth_tsc() - start;
    }
    growth_print("regions", n);
}

/* A fault at @base, whose region was found long ago: the one found last is that of
 * the page behind it, which also holds the page table. */
static uint64_t
growth_fault_in_region(uint64_t base)
{
    uint64_t start;

    (void)region_destroy(base, 1);
    growth_make_region(base, 1, RW, HANDLE_NONE);
    growth_make_region(base + PAGE_BYTES, 1, PROT_READ, HANDLE_NONE);
    (void)*(volatile uint8_t *)(uintptr_t)(base + PAGE_BYTES);
    start = growth_tsc();
    growth_touch(base);
    start = growth_tsc() - start;
    (void)region_destroy(base + PAGE_BYTES, 1);
    return start;
}

static void
growth_regions(uint64_t most)
{
    uint64_t n = 0;

    for (uint64_t until = 1; until <= most; until *= 10) {
        for (; n < until; n++) {
            growth_make_region(GROWTH_BASE + n * STRIDE, 1, RW, HANDLE_NONE);
        }
        growth_with_regions(n);
        for (uint64_t i = 0; i < GROWTH_BATCHES; i++) {
            uint64_t at = n * i / GROWTH_BATCHES;

            growth_samples[i] =
                growth_fault_in_region(GROWTH_BASE + at * STRIDE);
        }
        growth_print("region", n);
    }
    (void)region_destroy(GROWTH_BASE, n * 2);
}

/* ---- processes ------------------------------------------------------------------ */

handle_t
growth_spawn(const char *name, const char *args, uint32_t bytes, handle_t give,
             uint32_t flags)
{
    struct spawn_request request = {
        .args = syscall_address(args),
        .args_bytes = bytes,
        .give = give,
        .flags = flags,
    };

    strlcpy(request.name, name, sizeof(request.name));
    return growth_need("spawn", process_spawn(&request));
}

void
growth_end(handle_t child)
{
    (void)process_kill(child);
    (void)process_wait(child, 0);
    (void)handle_close(child);
}

static handle_t
growth_spawn_null(uint32_t flags)
{
    return growth_spawn("null", "null", sizeof("null"), HANDLE_NONE, flags);
}

/* The part of `growth server`: answer until nobody can call any more. */
static int
growth_be_server(void)
{
    struct ipc_message m = { .label = 0 };
    int64_t status = ipc_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);

    while (status == ST_OK) {
        status = ipc_reply_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);
    }
    return 0;
}

static void
growth_with_processes(uint64_t n, handle_t endpoint)
{
    for (int i = 0; i < GROWTH_BATCHES; i++) {
        uint64_t start = growth_tsc();
        handle_t child = growth_spawn_null(0);

        (void)process_wait(child, 0);
        growth_samples[i] = growth_tsc() - start;
        (void)handle_close(child);
    }
    growth_print("processes", n);
    for (int i = 0; i < GROWTH_BATCHES; i++) {
        struct ipc_message m = { .label = 1 };
        uint64_t start = growth_tsc();

        (void)ipc_call_inline(endpoint, &m, 0);
        growth_samples[i] = growth_tsc() - start;
    }
    growth_print("calls", n);
}

static void
growth_processes(uint64_t most)
{
    static const char server_args[] = "growth\0server";
    static handle_t children[PROCESSES_MOST];
    handle_t endpoint = growth_need("endpoint", endpoint_create(RANK_SERVER));
    int64_t give = handle_copy(endpoint, RIGHT_RECEIVE | RIGHT_GRANT);
    uint64_t n = 1;

    children[0] = growth_spawn("growth", server_args, sizeof(server_args),
                               growth_need("handle", give), 0);
    for (uint64_t until = 1; until <= most; until *= 10) {
        for (; n < until; n++) {
            children[n] = growth_spawn_null(SPAWN_SUSPENDED);
        }
        growth_with_processes(n, endpoint);
    }
    while (n-- > 0) {
        growth_end(children[n]);
    }
}

static uint64_t
growth_at_most(uint64_t most, uint64_t limit)
{
    return most < limit ? most : limit;
}

int
main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";
    uint64_t most = argc > 1 ? strtoull(argv[argc - 1], NULL, 10) : UINT64_MAX;

    if (strcmp(part, "server") == 0) {
        return growth_be_server();
    }
    if (strcmp(part, "pager") == 0) {
        return growth_be_pager();
    }
    if (strcmp(part, "wait") == 0) {
        return growth_be_waiters(most);
    }
    growth_regions(growth_at_most(most, REGIONS_MOST));
    growth_processes(growth_at_most(most, PROCESSES_MOST));
    growth_faults(growth_at_most(most, FAULTS_MOST));
    return 0;
}
