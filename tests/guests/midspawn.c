/* SPDX-License-Identifier: MIT */
/*
 * A process_spawn of a program of 4 MiB takes a thousand steps: what becomes of it
 * when something happens between two of them.
 *
 *      midspawn kill N S   N children, each of which spawns in several threads, are
 *                          killed at random instants, seed S
 *      midspawn take N S   the caller's memory is taken away N times meanwhile
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

#include "claim.h"
#include "image.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGE    4096u
#define MS      1000000u
#define PAGES   1024u /* of the program */
#define BASE    0x300000000000u
#define THREADS 4u
#define LOW     4u /* priority of whom we interrupt */

static uint8_t stacks[THREADS][4096] __attribute__((aligned(16)));
static uint64_t random_state;
static volatile int64_t taken_status;

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

/* The free frames once @want of them are there again, or after a second. */
static uint64_t
settled_frames(uint64_t want)
{
    uint64_t end = process_clock() + 1000 * MS;

    while (free_frames() != want && process_clock() < end) {
        (void)process_sleep_until(process_clock() + 1);
    }
    return free_frames();
}

/* A part of a tick alone, then up to @most of time for those of LOW priority. */
static void
wait_randomly(uint64_t most)
{
    uint64_t spins = random_below(100000);

    for (volatile uint64_t i = 0; i < spins; i++) {
    }
    (void)process_sleep_until(process_clock() + random_below(most));
}

static void
program_make(void)
{
    struct region_request request = {
        .base = BASE,
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    (void)region_create(&request);
    (void)region_populate(BASE, PAGES, PROT_WRITE);
    image_make((struct image *)(uintptr_t)BASE, PAGES * PAGE);
}

static int64_t
program_spawn(void)
{
    struct spawn_request request = {
        .name = "large",
        .elf = BASE,
        .elf_bytes = PAGES * PAGE,
    };

    return process_spawn(&request);
}

/* ---- killed -------------------------------------------------------------- */

static void
spawn_forever(void *ignored)
{
    (void)ignored;
    for (;;) {
        int64_t process = program_spawn();

        if (process > 0) {
            (void)process_wait((handle_t)process, 0);
            (void)handle_close((handle_t)process);
        }
    }
}

static void
be_killed(void)
{
    program_make();
    for (unsigned i = 0; i < THREADS; i++) {
        (void)thread_create(spawn_forever, NULL,
                            stacks[i] + sizeof(stacks[i]) - 8, 0);
    }
    spawn_forever(NULL);
}

/* What the child has at the end is gone when its end is told: its own frames. What
 * it had begun ends in its own time. */
static void
kill_many(uint64_t rounds)
{
    static const char args[] = "midspawn\0child";
    struct spawn_request request = {
        .name = "midspawn",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
        .priority = LOW,
    };
    uint64_t before = 0;
    int64_t middle = 0;
    int64_t lost = 0;

    for (uint64_t i = 0; i <= rounds; i++) {
        int64_t child = process_spawn(&request);
        uint64_t held;

        wait_randomly(20 * MS);
        held = free_frames();
        (void)process_kill((handle_t)child);
        (void)process_wait((handle_t)child, 0);
        (void)handle_close((handle_t)child);
        if (i == 0) {
            (void)process_sleep_until(process_clock() + 50 * MS);
            before = free_frames();
            continue;
        }
        /* More than its own memory: copies, or processes half loaded. */
        middle += before - held > PAGES + 200;
        lost += settled_frames(before) != before;
    }
    printf("%ld in the middle\n", middle);
    claim_equal("times that frames were lost", lost, 0);
    claim_true("most were killed in the middle", middle > (int64_t)rounds / 2);
}

/* ---- taken away ------------------------------------------------------------ */

static void
spawn_once(void *ignored)
{
    (void)ignored;
    (void)thread_priority(0, LOW);
    taken_status = program_spawn();
    thread_exit(0);
}

static void
take_many(uint64_t rounds)
{
    uint64_t before = 0;
    int64_t whole = 0;
    int64_t refused = 0;
    int64_t lost = 0;

    for (uint64_t i = 0; i <= rounds; i++) {
        handle_t thread;

        program_make();
        thread = (handle_t)thread_create(spawn_once, NULL,
                                         stacks[0] + sizeof(stacks[0]) - 8, 0);
        wait_randomly(4 * MS);
        (void)region_destroy(BASE + PAGES / 2 * PAGE, PAGES / 2);
        (void)thread_join(thread, 0);
        (void)handle_close(thread);
        if (taken_status > 0) {
            whole += process_wait((handle_t)taken_status, 0) == 7;
            (void)handle_close((handle_t)taken_status);
        }
        refused += taken_status == ST_EFAULT;
        (void)region_destroy(BASE, PAGES);
        if (i == 0) {
            (void)process_sleep_until(process_clock() + 50 * MS);
            before = free_frames();
        }
        lost += i > 0 && settled_frames(before) != before;
    }
    printf("%ld whole, %ld refused\n", whole, refused);
    claim_equal("each was whole or refused", whole + refused,
                (int64_t)rounds + 1);
    claim_true("some were refused", refused > 3);
    claim_true("some were whole", whole > 3);
    claim_equal("times that frames were lost", lost, 0);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    uint64_t rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;

    random_state = (argc > 3 ? strtoul(argv[3], NULL, 0) : 1) | 1;
    if (strcmp(mode, "child") == 0) {
        be_killed();
    } else if (strcmp(mode, "kill") == 0) {
        kill_many(rounds);
    } else if (strcmp(mode, "take") == 0) {
        take_many(rounds);
    }
    return claim_end();
}
