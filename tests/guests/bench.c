/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's operations cost. Prints lines "bench NAME VALUE UNIT".
 *
 * Each figure is the median of 15 batches after a warm-up, with what the loop
 * itself costs taken off. The unit is the TSC's tick; under
 * -icount shift=0,sleep=off that is one instruction, the same in every run.
 *
 * The program plays every part itself: called as `bench server` it is the other
 * side of the IPC figure, and `null`, where there is such a module, is what it
 * spawns.
 *
 * Called as `bench faults` it measures the two rows of faults only. Called as
 * `bench NAME` it measures that row alone, with a system call that does not exist
 * before and behind its last batch: marks for tests/bench/profile.py.
 */
#include "bench.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

/* Where the fault figures have their pages: a whole number of page tables. */
#define BENCH_FAULT_BASE  0x0000180000000000ull
#define BENCH_FAULT_PAGES 2048u
#define BENCH_FAULT_BATCH 64u
#define BENCH_POOL_BATCH  16u /* what the pool surely holds, with tables */
/* More than the pool of zeroed frames ever holds. */
#define BENCH_DRAIN_PAGES 128u

/* ---- what is measured in a loop ------------------------------------------- */

static handle_t bench_endpoint;

static ALWAYS_INLINE void
bench_nothing(void)
{
    __asm__ volatile("" ::: "memory");
}

static ALWAYS_INLINE void
bench_call(void)
{
    struct ipc_message m = { .label = 1 };

    (void)ipc_call_inline(bench_endpoint, &m, 0);
}

/* A deadline takes a call off the direct path. */
static ALWAYS_INLINE void
bench_call_general(void)
{
    struct ipc_message m = { .label = 1 };

    (void)ipc_call_inline(bench_endpoint, &m, BENCH_FAR_DEADLINE);
}

static ALWAYS_INLINE void
bench_region(void)
{
    struct region_request request = {
        .base = BENCH_FAULT_BASE,
        .pages = 1,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    (void)region_create(&request);
    (void)region_destroy(BENCH_FAULT_BASE, 1);
}

static ALWAYS_INLINE void
bench_malloc(void)
{
    void *volatile block = malloc(64);

    free(block);
}

/* Define bench_loop_NAME: the ticks of BENCH_REPEAT times @statement. */
#define BENCH_LOOP(name, statement)              \
    static uint64_t bench_loop_##name(void)      \
    {                                            \
        uint64_t start = bench_tsc();            \
                                                 \
        for (int i = 0; i < BENCH_REPEAT; i++) { \
            statement;                           \
        }                                        \
        return bench_tsc() - start;              \
    }

BENCH_LOOP(nothing, bench_nothing())
BENCH_LOOP(null, (void)syscall_null())
BENCH_LOOP(null_int80, (void)syscall_null_int80())
BENCH_LOOP(call, bench_call())
BENCH_LOOP(call_general, bench_call_general())
BENCH_LOOP(yield, (void)thread_yield())
BENCH_LOOP(region, bench_region())
BENCH_LOOP(malloc, bench_malloc())

static uint64_t
bench_loop_median(uint64_t (*loop)(void))
{
    uint64_t samples[BENCH_BATCHES];

    for (int i = -BENCH_WARM_UP; i < BENCH_BATCHES; i++) {
        uint64_t ticks;

        bench_mark(i);
        ticks = loop();
        bench_mark(i);
        samples[i < 0 ? 0 : i] = ticks;
    }
    return bench_median(samples);
}

static void
bench_loop(const char *name, uint64_t (*loop)(void))
{
    uint64_t overhead;

    if (!bench_wants(name)) {
        return;
    }
    overhead = bench_loop_median(bench_loop_nothing);

    bench_print(name, bench_loop_median(loop) - overhead, BENCH_REPEAT);
}

/* ---- IPC ------------------------------------------------------------------- */

/* Answer whatever comes, until nobody can call any more. */
static int
bench_serve(void)
{
    struct ipc_message m = { .label = 0 };
    int64_t status = ipc_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);

    while (status == ST_OK) {
        status = ipc_reply_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);
    }
    return 0;
}

/* Start this program again as the server of bench_endpoint. */
static int64_t
bench_spawn_server(const char *name)
{
    static char args[64];
    struct spawn_request request = { .priority = 0 };
    int64_t give = handle_copy(bench_endpoint, RIGHT_RECEIVE | RIGHT_GRANT);

    if (give < 0) {
        return give;
    }
    strlcpy(request.name, name, sizeof(request.name));
    request.args = syscall_address(args);
    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "%s%cserver", name, 0) + 1;
    request.give = (handle_t)give;
    return process_spawn(&request);
}

static void
bench_ipc(const char *name)
{
    int64_t endpoint = endpoint_create(RANK_SERVER);
    int64_t server;

    if (endpoint < 0) {
        printf("bench: endpoint_create: %s\n", syscall_status_text(endpoint));
        return;
    }
    bench_endpoint = (handle_t)endpoint;
    server = bench_spawn_server(name);
    if (server < 0) {
        printf("bench: spawn: %s\n", syscall_status_text(server));
        return;
    }
    bench_loop("ipc_roundtrip", bench_loop_call);
    bench_loop("ipc_general", bench_loop_call_general);
    (void)process_kill((handle_t)server);
    (void)process_wait((handle_t)server, 0);
}

/* ---- threads ---------------------------------------------------------------- */

static volatile bool bench_yielder_stop;
static char bench_yielder_stack[4096] __attribute__((aligned(16)));

static void
bench_yielder(UNUSED void *nothing)
{
    while (!bench_yielder_stop) {
        (void)thread_yield();
    }
    thread_exit(0);
}

/* Two threads yield to each other: every yield is a system call and a switch. */
static void
bench_switch(void)
{
    uint64_t overhead;
    int64_t thread;

    if (!bench_wants("context_switch")) {
        return;
    }
    overhead = bench_loop_median(bench_loop_nothing);
    thread =
        thread_create(bench_yielder, NULL,
                      bench_yielder_stack + sizeof(bench_yielder_stack) - 8, 0);
    if (thread < 0) {
        printf("bench: thread_create: %s\n", syscall_status_text(thread));
        return;
    }
    bench_print("context_switch",
                (bench_loop_median(bench_loop_yield) - overhead) / 2,
                BENCH_REPEAT);
    bench_yielder_stop = true;
    (void)thread_join((handle_t)thread, 0);
}

/* ---- faults ----------------------------------------------------------------- */

static void
bench_map(void)
{
    struct region_request request = {
        .base = BENCH_FAULT_BASE,
        .pages = BENCH_FAULT_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    if (region_create(&request) < 0) {
        printf("bench: region_create failed\n");
        exit(1);
    }
}

/* Touch @count pages from page @first on; returns the ticks. */
static uint64_t
bench_touch(uint64_t first, uint64_t count)
{
    volatile uint8_t *at =
        (volatile uint8_t *)(uintptr_t)(BENCH_FAULT_BASE + first * PAGE_BYTES);
    uint64_t start = bench_tsc();

    for (uint64_t i = 0; i < count; i++) {
        at[i * PAGE_BYTES] = 1;
    }
    return bench_tsc() - start;
}

/* The same pages again, now present: what the loop costs. */
static uint64_t
bench_touch_net(uint64_t first, uint64_t count, int batch)
{
    uint64_t ticks;

    bench_mark(batch);
    ticks = bench_touch(first, count);
    bench_mark(batch);
    return ticks - bench_touch(first, count);
}

/* No frame is zero beforehand: the first touches use those up. */
static void
bench_fault_cold(void)
{
    uint64_t samples[BENCH_BATCHES];
    uint64_t page = BENCH_DRAIN_PAGES;

    if (!bench_wants("fault_pager_cold")) {
        return;
    }
    bench_map();
    (void)bench_touch(0, BENCH_DRAIN_PAGES);
    for (int i = 0; i < BENCH_BATCHES; i++) {
        samples[i] = bench_touch_net(page, BENCH_FAULT_BATCH, i);
        page += BENCH_FAULT_BATCH;
    }
    (void)region_destroy(BENCH_FAULT_BASE, BENCH_FAULT_PAGES);
    bench_print("fault_pager_cold", bench_median(samples), BENCH_FAULT_BATCH);
}

/* Before each batch the machine idles, and zeroes frames. */
static void
bench_fault_prezeroed(void)
{
    uint64_t samples[BENCH_BATCHES];
    uint64_t page = BENCH_POOL_BATCH;

    if (!bench_wants("fault_pager_prezeroed")) {
        return;
    }
    bench_map();
    (void)bench_touch(0, BENCH_POOL_BATCH);
    for (int i = 0; i < BENCH_BATCHES; i++) {
        (void)process_sleep_until(process_clock() + 50000000u);
        samples[i] = bench_touch_net(page, BENCH_POOL_BATCH, i);
        page += BENCH_POOL_BATCH;
    }
    (void)region_destroy(BENCH_FAULT_BASE, BENCH_FAULT_PAGES);
    bench_print("fault_pager_prezeroed", bench_median(samples),
                BENCH_POOL_BATCH);
}

static void
bench_populate(void)
{
    uint64_t samples[BENCH_BATCHES];
    uint64_t page = BENCH_DRAIN_PAGES;

    if (!bench_wants("populate_cold_per_page")) {
        return;
    }
    bench_map();
    (void)bench_touch(0, BENCH_DRAIN_PAGES);
    for (int i = 0; i < BENCH_BATCHES; i++) {
        uint64_t start;

        bench_mark(i);
        start = bench_tsc();
        (void)region_populate(BENCH_FAULT_BASE + page * PAGE_BYTES,
                              BENCH_FAULT_BATCH, PROT_WRITE);
        samples[i] = bench_tsc() - start;
        bench_mark(i);
        page += BENCH_FAULT_BATCH;
    }
    (void)region_destroy(BENCH_FAULT_BASE, BENCH_FAULT_PAGES);
    bench_print("populate_cold_per_page", bench_median(samples),
                BENCH_FAULT_BATCH);
}

/* A block that stays, so that malloc does not give everything back each time. */
static void
bench_heap(void)
{
    void *volatile kept = malloc(64);

    bench_loop("malloc_free_64", bench_loop_malloc);
    free(kept);
}

/* ---- processes ---------------------------------------------------------------- */

static void
bench_spawn(void)
{
    static const char args[] = "null";
    struct spawn_request request = {
        .name = "null",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
    };
    uint64_t samples[BENCH_BATCHES];

    if (!bench_wants("spawn_exit_wait")) {
        return;
    }
    for (int i = -BENCH_WARM_UP; i < BENCH_BATCHES; i++) {
        uint64_t start;
        int64_t child;

        bench_mark(i);
        start = bench_tsc();
        child = process_spawn(&request);
        if (child < 0) {
            return; /* there is no such module */
        }
        (void)process_wait((handle_t)child, 0);
        samples[i < 0 ? 0 : i] = bench_tsc() - start;
        bench_mark(i);
        (void)handle_close((handle_t)child);
    }
    bench_print("spawn_exit_wait", bench_median(samples), 1);
}

static void
bench_boot(void)
{
    struct machine_info info;

    if (bench_wants("boot_to_prompt") && sys_machine(&info) == ST_OK
        && info.prompt_tsc != 0) {
        bench_print("boot_to_prompt", info.prompt_tsc - info.boot_tsc, 1);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "server") == 0) {
        return bench_serve();
    }
    if (argc > 1 && strcmp(argv[1], "faults") == 0) {
        bench_fault_cold();
        bench_fault_prezeroed();
        return 0;
    }
    bench_only = argc > 1 ? argv[1] : NULL;
    bench_loop("syscall_null", bench_loop_null);
    bench_loop("syscall_null_int80", bench_loop_null_int80);
    bench_ipc(argv[0]);
    bench_switch();
    bench_fault_cold();
    bench_fault_prezeroed();
    bench_populate();
    bench_loop("region_create_destroy", bench_loop_region);
    bench_heap();
    bench_spawn();
    bench_boot();
    return 0;
}
