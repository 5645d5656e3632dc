/* SPDX-License-Identifier: MIT */
/*
 * What the death of the boot pager costs its clients: from the last instruction
 * before it to the first behind a page fault that the next pager served. Prints
 * lines "bench NAME VALUE UNIT", like the guest `bench`.
 *
 *      recover kill      this program kills it, and then needs a page
 *      recover owing     it dies with the fault in hand (boot pager: die-at=N)
 *
 * Ending the old pager, giving back its frames, loading the new one from its
 * module, its first instructions, and the fault itself: all of it is counted.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <base/align.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_INSPECT | 1u << SYS_GROUP_POWER,
               0, 0);

#define DEATHS 500u
#define PAGES  (DEATHS * 16u)

static uint64_t
recover_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t
recover_restarts(void)
{
    struct pager_info info;

    return sys_pager(PAGER_STATUS, &info) == ST_OK ? info.restarts : 0;
}

/* Touch @page, killing the pager first if so asked; the ticks it took. */
static uint64_t
recover_touch(volatile uint8_t *page, int kill)
{
    uint64_t start = recover_tsc();

    if (kill) {
        (void)sys_pager(PAGER_KILL, NULL);
    }
    *page = 1;
    return recover_tsc() - start;
}

int
main(int argc, char **argv)
{
    struct region_request request = {
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int kill = argc > 1 && strcmp(argv[1], "kill") == 0;
    int64_t base = region_create(&request);
    uint64_t before = recover_restarts();
    uint64_t deaths = 0;
    uint64_t total = 0;
    uint64_t worst = 0;

    if (base < 0) {
        return 1;
    }
    for (uint64_t i = 0; i < PAGES && deaths < DEATHS; i++) {
        uint64_t ticks = recover_touch(
            (volatile uint8_t *)(uintptr_t)base + i * PAGE_BYTES, kill);
        uint64_t now = recover_restarts();

        if (now != before) {
            deaths++;
            total += ticks;
            worst = ticks > worst ? ticks : worst;
        }
        before = now;
    }
    if (deaths < DEATHS) {
        printf("recover: only %lu deaths\n", deaths);
        return 1;
    }
    printf("bench pager_recovery%s %lu ticks\n", kill ? "" : "_owing",
           total / deaths);
    printf("bench pager_recovery%s_worst %lu ticks\n", kill ? "" : "_owing",
           worst);
    return 0;
}
