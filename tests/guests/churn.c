/* SPDX-License-Identifier: MIT */
/*
 * Makes and ends processes, regions and objects by the hundred, and counts frames.
 *
 *      churn spawn N    N children, one after the other            (H68)
 *      churn kill N S   N children killed at random instants, seed S (H68)
 *      churn exhaust N  N children, each of which takes all memory there is (H64)
 *      churn limits     a child under every memory limit from nothing on, so that
 *                       each of its allocations fails once         (H65)
 *      churn regions N  N regions of a page with gaps between      (H42)
 *      churn flat       children until there is no room            (H63)
 *      churn nest       each process has a child, as deep as it goes (H63)
 *      churn bomb       every process makes children as long as it can (H63)
 *      churn hogs N     N children that spin, until one is killed  (H70)
 *      churn tick       says what time it is, at every tick
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "area.h"
#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGE          4096u
#define MS            1000000u
#define RW            (PROT_READ | PROT_WRITE)
#define CHILDREN_MOST 4096u

static handle_t children[CHILDREN_MOST];
static uint64_t random_state;

static uint64_t
random_below(uint64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % bound;
}

static uint64_t
free_frames(void)
{
    struct memory_info info;

    return sys_memory(&info) == ST_OK ? info.frames[FRAME_FREE] : 0;
}

/* The free frames once @want of them are there again, or after a second: children
 * of children end in their own time. */
static uint64_t
settled_frames(uint64_t want)
{
    uint64_t end = process_clock() + 1000 * MS;
    uint64_t now = free_frames();

    while (now != want && process_clock() < end) {
        (void)process_sleep_until(process_clock() + 1);
        now = free_frames();
    }
    return now;
}

/* The free frames when they are the same for three ticks. */
static uint64_t
quiet_frames(void)
{
    uint64_t last = free_frames();

    for (unsigned same = 0; same < 3; same++) {
        uint64_t now;

        (void)process_sleep_until(process_clock() + 1);
        now = free_frames();
        same = now == last ? same : 0;
        last = now;
    }
    return last;
}

static int64_t
spawn(const char *mode, uint32_t flags, uint64_t max_mem)
{
    struct spawn_request request = { .name = "churn" };
    char args[32];
    int bytes = snprintf(args, sizeof(args), "churn%c%s", 0, mode);

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)bytes + 1;
    request.flags = flags;
    request.max_mem = max_mem;
    return process_spawn(&request);
}

static int64_t
finish(int64_t process)
{
    int64_t word = process_wait((handle_t)process, 0);

    (void)handle_close((handle_t)process);
    return word;
}

/* ---- spawn and kill -------------------------------------------------------- */

static void
spawn_many(uint64_t rounds)
{
    uint64_t before = 0;
    int64_t wrong = 0;

    for (uint64_t i = 0; i < rounds + 10; i++) {
        if (i == 10) {
            before = free_frames();
        }
        wrong += finish(spawn("nothing", 0, 0)) != 0;
    }
    claim_equal("children that did not end by themselves", wrong, 0);
    claim_equal("frames lost", (int64_t)(before - free_frames()), 0);
}

/* What is killed at some instant of this: everything a process can be at. */
static void
work(void)
{
    random_state = process_started->random[0] | 1;
    for (;;) {
        uint64_t base = area_at(HANDLE_NONE, 0, 8);
        int64_t bell = notify_create();
        int64_t child;

        for (unsigned i = 0; i < 8; i++) {
            *(volatile uint64_t *)(uintptr_t)(base + i * PAGE) = i;
        }
        (void)region_protect(base, 3, PROT_READ);
        (void)region_destroy(base + PAGE, 4);
        (void)handle_copy((handle_t)bell, RIGHT_CALL);
        (void)notify_wait((handle_t)bell, 1, process_clock() + 1);
        child = spawn("nothing", 0, 0);
        (void)finish(child);
    }
}

static void
kill_many(uint64_t rounds, uint64_t seed)
{
    uint64_t before = 0;
    uint64_t after;
    int64_t wrong = 0;

    random_state = seed | 1;
    for (uint64_t i = 0; i < rounds + 10; i++) {
        int64_t process;

        if (i == 10) {
            before = quiet_frames();
        }
        process = spawn("work", 0, 0);
        for (uint64_t n = random_below(16); n > 0; n--) {
            (void)thread_yield();
        }
        /* It runs on at our priority: until our next slice, or a few spins. */
        if (random_below(4) == 0) {
            (void)process_sleep_until(process_clock() + 1);
        }
        (void)process_kill((uint64_t)process);
        wrong += finish(process) != EXIT_BY_KILL;
    }
    after = settled_frames(before);
    claim_equal("children that did not end by the kill", wrong, 0);
    claim_equal("frames lost", (int64_t)(before - after), 0);
}

/* ---- to the last frame: H64 ------------------------------------------------ */

/* Take all memory, in smaller and smaller pieces; how much it was goes up in units
 * of 64 pages. */
static int
fill(void)
{
    uint64_t pages = 0;

    for (uint64_t piece = 64; piece > 0; piece /= 8) {
        uint64_t base;
        int64_t got;

        do {
            base = area_at(HANDLE_NONE, 0, piece);
            got = base == 0 ? 0 : region_populate(base, piece, PROT_WRITE);
            pages += got > 0 ? (uint64_t)got : 0;
        } while (got == (int64_t)piece);
    }
    return (int)(pages / 64 > 255 ? 255 : pages / 64);
}

static void
exhaust(uint64_t rounds)
{
    int64_t first = finish(spawn("fill", 0, 0));
    uint64_t before = quiet_frames();
    int64_t less = 0;
    int64_t lost = 0;

    for (uint64_t i = 0; i < rounds; i++) {
        less += finish(spawn("fill", 0, 0)) < first - 1;
        lost += free_frames() != before;
    }
    printf("%ld x 64 pages\n", first);
    claim_true("it was much", first > 20);
    claim_equal("times that there was less than the first time", less, 0);
    claim_equal("times that frames were missing afterwards", lost, 0);
}

/* ---- limits: H65 --------------------------------------------------------------- */

static volatile uint64_t greedy_touched[8 * PAGE / 8];
static uint8_t greedy_stack[PAGE] __attribute__((aligned(16)));

static void
greedy_thread(void *argument)
{
    (void)argument;
    thread_exit(0);
}

/* One of each thing that takes memory. Returns how many were refused; a page that
 * is refused when it is touched ends us instead. */
static int
greedy(void)
{
    int refused = 0;
    uint64_t base = area_at(HANDLE_NONE, 0, 8);
    int64_t endpoint = endpoint_create(0);
    int64_t memory = syscall1(SYS_memory_create, 16);
    int64_t thread;
    int64_t child;

    refused += base == 0 || region_populate(base, 8, PROT_WRITE) != 8;
    for (unsigned i = 0; i < 40; i++) {
        refused += notify_create() < 0;
        refused += area_at(HANDLE_NONE,
                           0x200000000000u + (uint64_t)i * (1ull << 21), 1)
                   == 0;
    }
    refused += endpoint < 0;
    refused += endpoint_mint((handle_t)endpoint, 1, RIGHT_CALL) < 0;
    refused += binding_create((handle_t)endpoint, 1, RW, 0) < 0;
    refused += memory < 0;
    for (unsigned i = 0; i < 8; i++) {
        refused += region_populate(0x200000000000u + (uint64_t)i * (1ull << 21),
                                   1, PROT_WRITE)
                   != 1;
    }
    (void)region_protect(base, 2, PROT_READ);
    (void)region_destroy(base + 4 * PAGE, 1);
    thread = thread_create(greedy_thread, NULL,
                           greedy_stack + sizeof(greedy_stack) - 8, 0);
    refused += thread < 0;
    (void)thread_join((handle_t)thread, 0);
    child = spawn("nothing", 0, 0);
    refused += child < 0;
    (void)finish(child);
    for (unsigned i = 0; i < 8; i++) {
        greedy_touched[i * PAGE / 8] = 1;
    }
    return refused > 99 ? 99 : refused;
}

static void
limits(void)
{
    uint64_t before = 0;
    int64_t leaked = 0;
    int64_t refused = 0;
    int64_t killed = 0;
    int64_t less = 0;
    int64_t wrong = 0;
    int64_t word = -1;
    uint64_t pages;

    (void)finish(spawn("greedy", 0, 0));
    before = quiet_frames();
    for (pages = 1; pages < 2000 && word != 0; pages++) {
        int64_t process = spawn("greedy", 0, pages * PAGE);
        struct exit_report report;

        if (process < 0) {
            wrong += process != ST_ENOMEM;
            refused++;
        } else {
            word = process_wait((handle_t)process, 0);
            (void)process_report((handle_t)process, &report);
            (void)handle_close((handle_t)process);
            less += word > 0 && word <= 99;
            killed += word > 99;
            wrong += word > 99 && report.reason != REASON_NO_MEMORY;
        }
        if (settled_frames(before) != before) {
            printf("%lu frames lost at a limit of %lu pages\n",
                   before - free_frames(), pages);
            before = free_frames();
            leaked++;
        }
    }
    printf("refused %ld, killed %ld, with less %ld, whole at %lu pages\n",
           refused, killed, less, pages - 1);
    claim_equal("limits at which frames were lost", leaked, 0);
    claim_equal("ends for another reason than memory", wrong, 0);
    claim_equal("the last one had enough", word, 0);
    claim_true("the spawn itself failed at many", refused >= 10);
    claim_true("something failed later at many", killed + less >= 20);
}

/* ---- regions: H42 ------------------------------------------------------------------ */

static void
regions_many(uint64_t count)
{
    uint64_t start = process_clock();
    uint64_t first = 0;
    uint64_t made = 0;
    int64_t wrong = 0;

    while (made < count
           && area_at(HANDLE_NONE, 0x200000000000u + made * 2 * PAGE, 1) != 0) {
        made++;
        if (made == count / 10) {
            first = process_clock() - start;
        }
    }
    printf("%lu regions\n", made);
    claim_true("as many as wanted, or as memory allows", made >= count / 2);
    /* Ten times as many in less than forty times the time: not quadratic. */
    claim_true("without a quadratic stall",
               process_clock() - start < 40 * (first + 8 * MS));
    for (uint64_t i = 0; i < made; i += 3) {
        wrong += region_destroy(0x200000000000u + i * 2 * PAGE, 1) != ST_OK;
    }
    claim_equal("regions that could not be destroyed", wrong, 0);
    wrong = 0;
    for (uint64_t i = 0; i < made; i += 3) {
        struct region_info info;
        uint64_t at = 0x200000000000u + i * 2 * PAGE;

        (void)region_query(at, &info);
        wrong += info.base == at;
    }
    claim_equal("regions that are still there", wrong, 0);
}

/* ---- bombs: H63 --------------------------------------------------------------------- */

static void
flat(void)
{
    uint64_t before = free_frames();
    unsigned count = 0;
    int64_t process;

    while (count < CHILDREN_MOST
           && (process = spawn("nothing", SPAWN_SUSPENDED, 0)) > 0) {
        children[count++] = (handle_t)process;
    }
    printf("%u children, then %s\n", count, syscall_status_name(process));
    claim_true("there were many", count >= 30);
    claim_true("the last was refused for want of room",
               process == ST_EAGAIN || process == ST_ENOMEM
                   || process == ST_EMFILE);
    claim_true("one that is refused changes nothing",
               spawn("nothing", SPAWN_SUSPENDED, 0) == process);
    while (count > 0) {
        (void)process_kill(children[--count]);
        (void)finish(children[count]);
    }
    /* What the handle table took stays. */
    claim_true("frames lost", before - settled_frames(before) <= 32);
}

/* Exits with 0 at the bottom, and so on up. */
static int
nest(void)
{
    int64_t process = spawn("nest", 0, 0);

    if (process < 0) {
        printf("the deepest: %s\n", syscall_status_name(process));
        return process == ST_EAGAIN || process == ST_ENOMEM ? 0 : 1;
    }
    return (int)(finish(process) & 0xFF);
}

/* Children until no more can be had, then spin: so it is with each of them. */
static void
bomb(void)
{
    while (spawn("bomb", 0, 0) > 0) {
    }
    for (;;) {
        (void)thread_yield();
    }
}

static void
spin(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

static void
hogs(uint64_t count)
{
    uint64_t made = 0;

    for (uint64_t i = 0; i < count; i++) {
        int64_t process = spawn("spin", 0, 0);

        made += process > 0;
        children[i] = (handle_t)process;
    }
    printf("%lu hogs\n", made);
    fflush(stdout);
    (void)process_wait(children[0], 0);
    for (uint64_t i = 0; i < made; i++) {
        (void)process_kill(children[i]);
        (void)process_wait(children[i], 0);
    }
    printf("no hogs\n");
}

static void
tick(void)
{
    for (;;) {
        printf("t=%lu\n", process_clock() / MS);
        fflush(stdout);
        (void)process_sleep_until(process_clock() + 1);
    }
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    uint64_t number = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
    uint64_t seed = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;

    if (strcmp(mode, "nothing") == 0) {
        return 0;
    } else if (strcmp(mode, "work") == 0) {
        work();
    } else if (strcmp(mode, "greedy") == 0) {
        return greedy();
    } else if (strcmp(mode, "nest") == 0) {
        return nest();
    } else if (strcmp(mode, "bomb") == 0) {
        bomb();
    } else if (strcmp(mode, "spin") == 0) {
        spin();
    } else if (strcmp(mode, "tick") == 0) {
        tick();
    } else if (strcmp(mode, "spawn") == 0) {
        spawn_many(number);
    } else if (strcmp(mode, "kill") == 0) {
        kill_many(number, seed);
    } else if (strcmp(mode, "fill") == 0) {
        return fill();
    } else if (strcmp(mode, "exhaust") == 0) {
        exhaust(number);
    } else if (strcmp(mode, "limits") == 0) {
        limits();
    } else if (strcmp(mode, "regions") == 0) {
        regions_many(number);
    } else if (strcmp(mode, "flat") == 0) {
        flat();
    } else if (strcmp(mode, "hogs") == 0) {
        hogs(number);
        return 0;
    }
    return claim_end();
}
