/* SPDX-License-Identifier: MIT */
/*
 * Claim: while a view is made, the parent's other threads may do what they want.
 *
 *      viewrace write         one writes to the pages: no write is lost, and the
 *                             child's view does not change
 *      viewrace unmap         one destroys and makes parts of the range
 *      viewrace kill          one kills or starts the child that is being made
 *      viewrace huge          half a terabyte with a few pages in it
 *      viewrace late          how long an interrupt waits: prints "latest N ns",
 *                             which under -icount are instructions
 *
 * The other thread has the higher priority and runs once a tick, so it comes in
 * the middle of a spawn that takes longer than that.
 */
#include <string.h>

#include <libsecos/manifest.h>

#include "actor.h"
#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGES  12000u
#define ROUNDS 40u
#define RW     (PROT_READ | PROT_WRITE)
#define TICK   1u /* ns: the next tick is soon enough */

static volatile uint64_t *race_at;
static uint64_t race_base;
static uint64_t race_shadow[PAGES];
static volatile uint64_t race_done; /* turns of the other thread */
static volatile bool race_stop;
static char race_stack[16384] __attribute__((aligned(16)));

/* Run @thread beside while @director_work goes on. */
static void
race(void (*thread)(void *), void (*director_work)(void))
{
    int64_t other =
        thread_create(thread, NULL, race_stack + sizeof(race_stack) - 8, 8);

    claim_true("another thread", other > 0);
    director_work();
    race_stop = true;
    (void)thread_join((handle_t)other, 0);
    race_stop = false;
}

static void
rest(void)
{
    race_done++;
    (void)process_sleep_until(process_clock() + TICK);
}

static void
race_region(void)
{
    race_base = (uint64_t)actor_region(0, PAGES, RW, HANDLE_NONE);
    race_at = (volatile uint64_t *)(uintptr_t)race_base;
    for (uint64_t page = 0; page < PAGES; page++) {
        race_at[page * ACTOR_WORDS] = 0;
    }
}

/* Spawn an actor with a view of all; *@turns says how often the other thread came
 * meanwhile. */
static int64_t
race_spawn(uint64_t *turns)
{
    uint64_t before = race_done;
    int64_t got = actor_spawn_with(race_base, PAGES, 0);

    *turns += race_done - before;
    return got;
}

/* ---- writes ------------------------------------------------------------------- */

static void
race_writer(UNUSED void *nothing)
{
    uint64_t n = 0;

    while (!race_stop) {
        for (unsigned i = 0; i < 300; i++) {
            uint64_t page = ++n * 7919 % PAGES;

            race_at[page * ACTOR_WORDS] = n;
            race_shadow[page] = n;
        }
        rest();
    }
    thread_exit(0);
}

static int64_t
race_look(struct actor *child)
{
    return actor_order(child, ORDER_FIRST, race_base, PAGES, 0);
}

static void
race_write_rounds(void)
{
    uint64_t changed = 0;
    uint64_t turns = 0;
    uint64_t rounds = 0;

    for (; rounds < 4 || (turns == 0 && rounds < ROUNDS); rounds++) {
        int64_t process = race_spawn(&turns);
        struct actor child = { .process = (handle_t)process };
        int64_t sum;

        if (process < 0) {
            claim_status("spawn", process, 1);
            return;
        }
        (void)actor_await(&child, NULL);
        sum = race_look(&child);
        (void)process_sleep_until(process_clock() + 10000000);
        changed += race_look(&child) != sum;
        (void)actor_end(&child);
    }
    claim_true("writes came in the middle", turns > 0);
    claim_equal("views that changed", (int64_t)changed, 0);
}

static void
race_write(void)
{
    uint64_t lost = 0;

    race_region();
    race(race_writer, race_write_rounds);
    for (uint64_t page = 0; page < PAGES; page++) {
        lost += race_at[page * ACTOR_WORDS] != race_shadow[page];
    }
    claim_equal("writes that were lost", (int64_t)lost, 0);
    (void)region_destroy(race_base, PAGES);
}

/* ---- regions -------------------------------------------------------------------- */

static void
race_unmapper(UNUSED void *nothing)
{
    for (uint64_t n = 0; !race_stop; n++) {
        uint64_t page = n * 7919 % (PAGES - 64);
        uint64_t base = race_base + page * PAGE_BYTES;

        (void)region_destroy(base, 64);
        rest();
        (void)actor_region(base, 64, RW, HANDLE_NONE);
        race_at[page * ACTOR_WORDS] = n;
        (void)region_protect(base + 8 * PAGE_BYTES, 8, PROT_READ);
        rest();
        (void)region_destroy(base + 8 * PAGE_BYTES, 8);
        (void)actor_region(base + 8 * PAGE_BYTES, 8, RW, HANDLE_NONE);
    }
    thread_exit(0);
}

/* Spawn and end, over and over; *@failed counts what did not succeed. */
static void
race_rounds(uint64_t *failed, bool started)
{
    uint64_t turns = 0;

    for (uint64_t i = 0; i < ROUNDS || (turns == 0 && i < 4 * ROUNDS); i++) {
        int64_t process = race_spawn(&turns);

        if (process < 0) {
            ++*failed;
            continue;
        }
        (void)process_kill((uint64_t)process);
        (void)process_wait((handle_t)process, 0);
        (void)handle_close((handle_t)process);
    }
    claim_true("it came in the middle", turns > 0 && started);
}

static void
race_unmap_rounds(void)
{
    uint64_t failed = 0;

    race_rounds(&failed, true);
    claim_equal("spawns that failed", (int64_t)failed, 0);
}

/* ---- the child ------------------------------------------------------------------- */

static uint64_t race_kills;
static uint64_t race_starts;
static uint64_t race_wrong_starts;

/* Kill or start every process but those that were there first. */
static void
race_killer(UNUSED void *nothing)
{
    uint64_t self = (uint64_t)process_self();

    for (uint64_t n = 0; !race_stop; n++) {
        struct process_info row;
        uint64_t slot = 0;

        while (sys_processes(slot, &row, sizeof(row)) == 1) {
            slot = row.id % SYSTEM_PROCESS_SLOTS + 1;
            if (row.parent != self || row.state != PROCESS_SUSPENDED) {
                continue;
            }
            if (n % 2 == 0) {
                int64_t status =
                    syscall1(SYS_process_start, PROCESS_BY_ID(row.id));

                race_starts++;
                race_wrong_starts += status != ST_EINVAL;
            } else {
                race_kills += process_kill(PROCESS_BY_ID(row.id)) == ST_OK;
            }
        }
        rest();
    }
    thread_exit(0);
}

static void
race_kill_rounds(void)
{
    uint64_t failed = 0;

    race_rounds(&failed, true);
    claim_equal("a killed child fails its spawn", (int64_t)failed,
                (int64_t)race_kills);
    claim_equal("half a child that was started", (int64_t)race_wrong_starts, 0);
}

/* ---- size -------------------------------------------------------------------------- */

#define HUGE_PAGES (1ull << 27)
#define HUGE_SOME  40u

static void
race_huge(void)
{
    uint64_t base = (uint64_t)actor_region(0, HUGE_PAGES, RW, HANDLE_NONE);
    uint64_t step = HUGE_PAGES / HUGE_SOME * PAGE_BYTES;
    struct memory_info before = actor_frames();
    struct actor child = { .process = HANDLE_NONE };
    uint64_t wrong = 0;

    for (unsigned i = 0; i < HUGE_SOME; i++) {
        actor_fill(base + i * step, 1, i);
    }
    claim_status("a view of half a terabyte",
                 actor_start(&child, base, HUGE_PAGES, 0), ST_OK);
    claim_equal("its pages are shared", actor_more(&before, FRAME_SHARED),
                HUGE_SOME);
    for (unsigned i = 0; i < HUGE_SOME; i++) {
        wrong += actor_order(&child, ORDER_SUM, base + i * step, 1, 0)
                 != actor_sum(i, (base + i * step) / PAGE_BYTES, 1);
    }
    claim_equal("pages that are wrong", (int64_t)wrong, 0);
    claim_equal("the child ends", actor_end(&child), 0);
    (void)region_destroy(base, HUGE_PAGES);
    claim_equal("none is shared", actor_more(&before, FRAME_SHARED), 0);
}

/* ---- time ---------------------------------------------------------------------------- */

static uint64_t race_latest;

static uint64_t
race_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* Ticks are equally far apart: by how much a wake-up comes later than the one
 * before it is what the processor would not be interrupted for. */
static void
race_clock(UNUSED void *nothing)
{
    struct machine_info info = { .tick_ns = 0 };
    uint64_t last = 0;

    (void)sys_machine(&info);
    while (!race_stop) {
        uint64_t now;

        rest();
        now = race_tsc();
        if (last != 0 && now - last > info.tick_ns
            && now - last - info.tick_ns > race_latest) {
            race_latest = now - last - info.tick_ns;
        }
        last = now;
    }
    thread_exit(0);
}

static void
race_late_rounds(void)
{
    uint64_t turns = 0;

    for (unsigned i = 0; i < 10; i++) {
        int64_t process = race_spawn(&turns);

        (void)process_kill((uint64_t)process);
        (void)process_wait((handle_t)process, 0);
        (void)handle_close((handle_t)process);
    }
    claim_true("ticks came in the middle", turns > 0);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "write";

    if (strcmp(what, "actor") == 0) {
        return actor_play(argv[0]);
    }
    actor_direct(argv[0]);
    (void)thread_priority(HANDLE_NONE, 6); /* below the other thread */
    if (strcmp(what, "write") == 0) {
        race_write();
    } else if (strcmp(what, "huge") == 0) {
        race_huge();
    } else {
        race_region();
        if (strcmp(what, "unmap") == 0) {
            race(race_unmapper, race_unmap_rounds);
        } else if (strcmp(what, "kill") == 0) {
            race(race_killer, race_kill_rounds);
            claim_true("some were killed", race_kills > 0);
            claim_true("some were to be started", race_starts > 0);
        } else {
            race(race_clock, race_late_rounds);
            printf("latest %lu ns\n", race_latest);
        }
        (void)region_destroy(race_base, PAGES);
    }
    claim_equal("audit", actor_audit(), 0);
    return claim_end();
}
