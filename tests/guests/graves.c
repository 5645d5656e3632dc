/* SPDX-License-Identifier: MIT */
/*
 * Claim: a process can end while memory objects of its own are dead and not yet
 * taken apart, at whatever priority it does.
 *
 *      graves hoarder   ends with large objects, which take long to be buried
 *      graves victim    a thread of it waits, within process_spawn, for a page; it
 *                       is ended for another page, by the tick, at a moment when
 *                       the supervisor buries: the object of its spawn dies then
 *
 * Nobody is in a hurry to answer: the pagers of both pages are the victim itself,
 * which does not look.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/memory.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "area.h"
#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define PAGE     4096u
#define RW       (PROT_READ | PROT_WRITE)
#define FAR      0x300000000000u
#define MS       1000000ull
#define OBJECTS  10u
#define CHUNK    64u /* pages that one chunk of an object tells of */
#define CHUNKS   4096u
#define GRACE_MS 400u
#define LONG_MS  3600000u

static uint8_t stack[1024] __attribute__((aligned(16)));

/* Each page in a chunk of its own: as much as can be had of few frames. */
static int
hoarder(uint64_t moment)
{
    for (unsigned i = 0; i < OBJECTS; i++) {
        int64_t object = memory_create(CHUNKS * CHUNK);
        uint64_t base = area_at((handle_t)object, FAR, CHUNKS * CHUNK);

        for (uint64_t chunk = 0; chunk < CHUNKS; chunk++) {
            if (region_populate(base + chunk * CHUNK * PAGE, 1, PROT_WRITE)
                != 1) {
                return 1;
            }
        }
        (void)region_destroy(base, CHUNKS * CHUNK);
    }
    (void)process_sleep_until(moment - 9 * MS);
    return 0;
}

/* Memory that nobody serves, for as long as @grace_ms. */
static handle_t
deaf_pager(uint64_t grace_ms)
{
    uint64_t ms[PAGER_LIMITS] = {
        [PAGER_LIMIT_SOFT] = 100,       [PAGER_LIMIT_HARD] = 1000,
        [PAGER_LIMIT_RUN_SOFT] = 100,   [PAGER_LIMIT_RUN_HARD] = 1000,
        [PAGER_LIMIT_GRACE] = grace_ms,
    };
    handle_t endpoint = (handle_t)endpoint_create(0);

    (void)endpoint_limits(endpoint, ms);
    return (handle_t)binding_create(endpoint, 1, RW, 0);
}

/* Half of the program is there. */
static void
spawn_half(void *nothing)
{
    struct spawn_request request = {
        .name = "half",
        .elf = FAR,
        .elf_bytes = 8 * PAGE,
    };

    (void)nothing;
    (void)process_spawn(&request);
    thread_exit(0);
}

static int
victim(uint64_t moment)
{
    volatile uint8_t *page =
        (volatile uint8_t *)(uintptr_t)area_at(deaf_pager(GRACE_MS), 0, 1);

    if (area_at(HANDLE_NONE, FAR, 4) == 0
        || area_at(deaf_pager(LONG_MS), FAR + 4 * PAGE, 4) == 0) {
        return 1;
    }
    memset((void *)(uintptr_t)FAR, 0, 4 * PAGE);
    if (thread_create(spawn_half, NULL, stack + sizeof(stack) - 8, 0) < 0) {
        return 2;
    }
    (void)process_sleep_until(moment - GRACE_MS * MS);
    *page = 1;
    return 3;
}

static int64_t
spawn_role(const char *role, uint64_t moment)
{
    char args[64];
    struct spawn_request request = {
        .name = "graves",
        .args = syscall_address(args),
        .args_bytes = (uint32_t)snprintf(args, sizeof(args), "graves%c%s%c%lu",
                                         0, role, 0, moment)
                      + 1,
    };

    return process_spawn(&request);
}

int
main(int argc, char **argv)
{
    uint64_t moment = process_clock() + 3000 * MS;
    int64_t hoards;
    int64_t dies;

    if (argc > 2) {
        moment = strtoull(argv[2], NULL, 10);
        return strcmp(argv[1], "victim") == 0 ? victim(moment)
                                              : hoarder(moment);
    }
    hoards = spawn_role("hoarder", moment);
    dies = spawn_role("victim", moment);
    claim_equal("who waits for a page for too long is ended",
                process_wait((handle_t)dies, 0) & ~0xFF, EXIT_BY_FAULT);
    claim_equal("who has much leaves it behind",
                process_wait((handle_t)hoards, 0), 0);
    return claim_end();
}
