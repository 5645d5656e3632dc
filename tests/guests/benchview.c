/* SPDX-License-Identifier: MIT */
/*
 * What sharing costs. Prints lines "bench NAME VALUE UNIT", as bench.c does.
 *
 *      view_per_page        a present page in the view of a child
 *      cow_fault            a write to a page that a child sees too: a copy
 *      cow_fault_in_place   a write to a page that nobody sees any more but we
 *      share_fault          a read that a pager answers with a page of an object
 *
 * The child is `null`, which never runs. The pager of the last row is this program
 * again.
 */
#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/memory.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "bench.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define PAGES 64u /* a batch */
#define BASE  0x0000180000000000ull
#define RW    (PROT_READ | PROT_WRITE)

static int64_t
benchview_region(handle_t source, uint64_t base, uint64_t pages, uint32_t prot)
{
    struct region_request request = {
        .binding = source,
        .base = base,
        .pages = pages,
        .prot = prot,
        .kind = REGION_ANONYMOUS,
    };

    return region_create(&request);
}

static uint64_t
benchview_write(void)
{
    volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)BASE;
    uint64_t start = bench_tsc();

    for (uint64_t i = 0; i < PAGES; i++) {
        at[i * PAGE_BYTES] = 1;
    }
    return bench_tsc() - start;
}

/* A child that sees @pages of ours and does nothing. */
static handle_t
benchview_child(uint64_t pages)
{
    struct spawn_request request = {
        .name = "null",
        .flags = SPAWN_SUSPENDED,
        .view_base = BASE,
        .view_pages = pages,
    };
    int64_t child = process_spawn(&request);

    if (child < 0) {
        printf("benchview: no child: %s\n", syscall_status_text(child));
        exit(1);
    }
    return (handle_t)child;
}

static void
benchview_end(handle_t child)
{
    (void)process_kill(child);
    (void)process_wait(child, 0);
    (void)handle_close(child);
}

static void
benchview_spawn(void)
{
    uint64_t samples[BENCH_BATCHES];

    if (!bench_wants("view_per_page")) {
        return;
    }
    for (int i = -BENCH_WARM_UP; i < BENCH_BATCHES; i++) {
        uint64_t start = bench_tsc();
        uint64_t without;
        handle_t child = benchview_child(0);

        without = bench_tsc() - start;
        benchview_end(child);
        (void)benchview_write();
        bench_mark(i);
        start = bench_tsc();
        child = benchview_child(PAGES);
        samples[i < 0 ? 0 : i] = bench_tsc() - start - without;
        bench_mark(i);
        benchview_end(child);
    }
    bench_print("view_per_page", bench_median(samples), PAGES);
}

/* With the child there, or gone. */
static void
benchview_cow(const char *name, bool alone)
{
    uint64_t samples[BENCH_BATCHES];

    if (!bench_wants(name)) {
        return;
    }
    for (int i = -BENCH_WARM_UP; i < BENCH_BATCHES; i++) {
        handle_t child = benchview_child(PAGES);
        uint64_t ticks;

        if (alone) {
            benchview_end(child);
        }
        bench_mark(i);
        ticks = benchview_write();
        bench_mark(i);
        samples[i < 0 ? 0 : i] = ticks - benchview_write();
        if (!alone) {
            benchview_end(child);
        }
    }
    bench_print(name, bench_median(samples), PAGES);
}

/* ---- a pager of our own ---------------------------------------------------- */

#define SHARED_PAGES (PAGES * (BENCH_BATCHES + BENCH_WARM_UP))

static int
benchview_serve(void)
{
    int64_t object = memory_create(SHARED_PAGES);
    int64_t base = benchview_region((handle_t)object, 0, SHARED_PAGES, RW);
    struct ipc_message m = { .label = 0 };
    int64_t status;

    (void)region_populate((uint64_t)base, SHARED_PAGES, PROT_WRITE);
    status = ipc_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);
    while (status == ST_OK) {
        m.label = VERDICT_SHARE;
        m.words[2] = m.words[0];
        m.words[1] = (uint64_t)object;
        m.words[0] = 1;
        status = ipc_reply_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);
    }
    return 0;
}

static int64_t
benchview_spawn_pager(const char *name, handle_t endpoint)
{
    static char args[64];
    struct spawn_request request = { .give = endpoint };

    strlcpy(request.name, name, sizeof(request.name));
    request.args = syscall_address(args);
    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "%s%cpager", name, 0) + 1;
    return process_spawn(&request);
}

static uint64_t
benchview_read(uint64_t first)
{
    const volatile uint8_t *at = (const volatile uint8_t *)(uintptr_t)BASE;
    uint64_t start = bench_tsc();

    for (uint64_t i = first; i < first + PAGES; i++) {
        (void)at[i * PAGE_BYTES];
    }
    return bench_tsc() - start;
}

static void
benchview_share(const char *name)
{
    handle_t endpoint = (handle_t)endpoint_create(RANK_SERVER);
    int64_t pager = benchview_spawn_pager(name, endpoint);
    int64_t binding = binding_create(endpoint, 1, PROT_READ, SHARED_PAGES);
    uint64_t samples[BENCH_BATCHES];

    if (pager < 0 || !bench_wants("share_fault")) {
        return;
    }
    (void)benchview_region((handle_t)binding, BASE, SHARED_PAGES, PROT_READ);
    for (int i = -BENCH_WARM_UP; i < BENCH_BATCHES; i++) {
        uint64_t first = (uint64_t)(i + BENCH_WARM_UP) * PAGES;
        uint64_t ticks;

        bench_mark(i);
        ticks = benchview_read(first);
        bench_mark(i);
        samples[i < 0 ? 0 : i] = ticks - benchview_read(first);
    }
    (void)region_destroy(BASE, SHARED_PAGES);
    bench_print("share_fault", bench_median(samples), PAGES);
    benchview_end((handle_t)pager);
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "pager") == 0) {
        return benchview_serve();
    }
    bench_only = argc > 1 ? argv[1] : NULL;
    if (benchview_region(HANDLE_NONE, BASE, PAGES, RW) < 0) {
        return 1;
    }
    (void)benchview_write();
    benchview_spawn();
    benchview_cow("cow_fault", false);
    benchview_cow("cow_fault_in_place", true);
    (void)region_destroy(BASE, PAGES);
    benchview_share(argv[0]);
    return 0;
}
