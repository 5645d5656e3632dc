/* SPDX-License-Identifier: MIT */
/*
 * Waiting faults. A process has room for 128 threads, so the waiters are several
 * processes: of 1, 9 and 90 threads, and from there on of 100. A pager of our own,
 * this program again, owes them their pages: first it has not started, and all of
 * them stand in the queue of its endpoint; then it takes each and defers it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "growth.h"

#define GROUP_MOST   100u
#define GROUPS_MOST  16u
#define BADGE_WAITS  1u
#define BADGE_SERVED 2u
#define SERVED_PAGES 8192u
#define RW           (PROT_READ | PROT_WRITE)
/* More than the pool of zeroed frames ever holds. */
#define DRAIN_PAGES 128u

/* ---- who waits ------------------------------------------------------------- */

static void
faults_wait_for_page(void *page)
{
    growth_touch((uintptr_t)page);
    thread_exit(0);
}

int
growth_be_waiters(uint64_t count)
{
    static char stacks[GROUP_MOST][1024] __attribute__((aligned(16)));

    growth_make_region(GROWTH_BASE, count, RW, HANDLE_SLOT_GIVEN);
    memset(stacks, 0, count * sizeof(stacks[0])); /* their pages are there */
    for (uint64_t i = 1; i < count; i++) {
        void *page = (void *)(uintptr_t)(GROWTH_BASE + i * PAGE_BYTES);

        (void)growth_need("thread",
                          thread_create(faults_wait_for_page, page,
                                        stacks[i] + sizeof(stacks[i]) - 8, 0));
        (void)thread_yield();
    }
    growth_touch(GROWTH_BASE); /* this thread is the last one */
    return 1;
}

static handle_t
faults_add_group(uint64_t count, handle_t binding)
{
    static char args[32];
    int bytes = snprintf(args, sizeof(args), "growth%cwait%c%lu", 0, 0, count);
    handle_t group =
        growth_spawn("growth", args, (uint32_t)bytes + 1, binding, 0);

    /* Turns enough for its first thread and each of the others. */
    for (uint64_t i = 0; i < 8 * count + 64; i++) {
        (void)thread_yield();
    }
    return group;
}

/* ---- the pager that owes them -------------------------------------------------- */

/* Defers what it owes the waiters, brings every other page, and tells who calls
 * how many it owes. */
int
growth_be_pager(void)
{
    struct ipc_message m = { .label = 0 };
    uint64_t owed = 0;
    int64_t status = ipc_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);

    while (status == ST_OK) {
        if (!pager_is_fault(&m)) {
            m.label = owed;
        } else if (pager_fault_of(&m).badge == BADGE_WAITS) {
            m.label = VERDICT_DEFER;
            owed++;
        } else {
            pager_answer_zero(&m, 1);
        }
        status = ipc_reply_receive_inline(HANDLE_SLOT_GIVEN, &m, 0);
    }
    return 0;
}

/* Start it, and wait until it owes all the @waiting. A call has its turn with the
 * groups: before it comes back, one fault of each is taken. */
static handle_t
faults_start_pager(handle_t endpoint, uint64_t waiting)
{
    static const char args[] = "growth\0pager";
    handle_t pager = growth_spawn("growth", args, sizeof(args), endpoint, 0);

    for (uint64_t i = 0; i <= waiting; i++) {
        struct ipc_message m = { .label = 0 };

        (void)growth_need("call", ipc_call(endpoint, HANDLE_NONE, &m, 0));
        if (m.label == waiting) {
            return pager;
        }
    }
    printf("growth: not all of %lu wait\n", waiting);
    exit(1);
}

/* ---- what a fault costs meanwhile ------------------------------------------------ */

/* Touch pages from *@page on, which goes on behind them. */
static void
faults_measure(const char *name, uint64_t n, uint64_t *page)
{
    for (uint64_t i = 0; i < DRAIN_PAGES; i++) {
        growth_touch(*page);
        *page += PAGE_BYTES;
    }
    for (int i = 0; i < GROWTH_BATCHES; i++) {
        uint64_t start = growth_tsc();

        growth_touch(*page);
        growth_samples[i] = growth_tsc() - start;
        *page += PAGE_BYTES;
    }
    growth_print(name, n);
}

void
growth_faults(uint64_t most)
{
    handle_t endpoint = growth_need("endpoint", endpoint_create(RANK_SERVER));
    handle_t waits =
        growth_need("binding", binding_create(endpoint, BADGE_WAITS, RW, most));
    handle_t served = growth_need(
        "binding", binding_create(endpoint, BADGE_SERVED, RW, SERVED_PAGES));
    uint64_t by_boot_pager = GROWTH_BASE;
    uint64_t by_ours = GROWTH_BASE + SERVED_PAGES * PAGE_BYTES;
    handle_t groups[GROUPS_MOST];
    uint64_t counts[GROUPS_MOST]; /* with all the groups before it */
    uint64_t n = 0;
    uint64_t count = 0;
    handle_t pager;

    growth_make_region(by_boot_pager, SERVED_PAGES, RW, HANDLE_NONE);
    growth_make_region(by_ours, SERVED_PAGES, RW, served);
    for (uint64_t until = 1; until <= most; until *= 10) {
        while (n < until) {
            uint64_t more = until - n < GROUP_MOST ? until - n : GROUP_MOST;

            groups[count] = faults_add_group(more, waits);
            n += more;
            counts[count++] = n;
        }
        faults_measure("faults", n, &by_boot_pager);
    }
    pager = faults_start_pager(endpoint, n);
    while (count-- > 0) {
        n = counts[count];
        /* The powers of ten. */
        if (n <= GROUP_MOST || n == most) {
            faults_measure("held", n, &by_ours);
        }
        growth_end(groups[count]);
    }
    growth_end(pager);
}
