/* SPDX-License-Identifier: MIT */
/*
 * Claims about memory that comes when it is touched.
 *
 *      demand count         each page touched is exactly one fault, anywhere
 *      demand around RUN    the same with a pager that answers RUN pages
 *      demand entries N     a fault costs N kernel entries: the trap and, unless
 *                           the kernel answers itself, the answer
 *      demand steady PAGES  fills a region slowly, tells "half" in the middle,
 *                           and finds every page zero before and right after
 *      demand fill          writes a canary to all memory there is, and ends
 *      demand scan          gets all memory there is: none of the canary is seen
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_INSPECT, 0, 1ull << 20);

#define PAGE       4096u
#define PAGE_WORDS (PAGE / 8)
#define CANARY     0xC0FFEE5EC05EED17u

static uint64_t demand_bss[32 * PAGE_WORDS] __attribute__((aligned(PAGE)));

static struct machine_info
demand_machine(void)
{
    struct machine_info info;

    if (sys_machine(&info) != ST_OK) {
        exit(2);
    }
    return info;
}

/* Answered faults of this process, whoever answered them. */
static uint64_t
demand_faults(void)
{
    struct process_info row;
    uint64_t slot = (uint64_t)process_self() % SYSTEM_PROCESS_SLOTS;

    if (sys_processes(slot, &row, sizeof(row)) != 1) {
        exit(2);
    }
    return row.faults;
}

static uint64_t
demand_region(uint64_t pages)
{
    struct region_request request = {
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    return base < 0 ? 0 : (uint64_t)base;
}

static uint64_t
demand_resident(uint64_t base)
{
    struct region_info info;

    return region_query(base, &info) == ST_OK ? info.resident : UINT64_MAX;
}

static volatile uint64_t *
demand_page(uint64_t base, uint64_t page)
{
    return (volatile uint64_t *)(uintptr_t)(base + page * PAGE);
}

/* Words of @page that are not zero. */
static uint64_t
demand_not_zero(uint64_t base, uint64_t page)
{
    const volatile uint64_t *words = demand_page(base, page);
    uint64_t wrong = 0;

    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        wrong += words[i] != 0;
    }
    return wrong;
}

/* ---- count ---------------------------------------------------------------- */

static void
count_region(void)
{
    uint64_t base = demand_region(64);
    uint64_t before = demand_faults();
    uint64_t wrong = 0;

    claim_true("a region is made", base != 0);
    claim_equal("a new region has no page", (int64_t)demand_resident(base), 0);
    for (uint64_t i = 0; i < 64; i += 2) {
        wrong += demand_not_zero(base, i);
    }
    claim_equal("reading 32 pages is 32 faults",
                (int64_t)(demand_faults() - before), 32);
    claim_equal("32 pages are there", (int64_t)demand_resident(base), 32);
    for (uint64_t i = 1; i < 64; i += 2) {
        *demand_page(base, i) = i;
    }
    claim_equal("writing 32 others is 32 more",
                (int64_t)(demand_faults() - before), 64);
    for (uint64_t i = 0; i < 64; i++) {
        *demand_page(base, i) = i + 1;
    }
    claim_equal("touching them again is none",
                (int64_t)(demand_faults() - before), 64);
    claim_equal("words that were not zero", (int64_t)wrong, 0);
    wrong = 0;
    for (uint64_t i = 0; i < 64; i++) {
        wrong += *demand_page(base, i) != i + 1;
    }
    claim_equal("pages that do not hold what was written", (int64_t)wrong, 0);

    claim_status("a region goes", region_destroy(base, 64), ST_OK);
    before = demand_faults();
    wrong = 0;
    if (demand_region(64) == base) {
        for (uint64_t i = 0; i < 64; i++) {
            wrong += demand_not_zero(base, i);
        }
        claim_equal("its pages come anew", (int64_t)(demand_faults() - before),
                    64);
        claim_equal("and are zero again", (int64_t)wrong, 0);
    }
    (void)region_destroy(base, 64);
}

/* The word that lies @pages pages below the caller's frame: stack that nobody has
 * used yet, unless somebody has. */
static volatile uint64_t *
demand_below_stack(uint64_t pages)
{
    uint64_t frame = (uint64_t)(uintptr_t)__builtin_frame_address(0);

    return (volatile uint64_t *)(uintptr_t)((frame & ~7ull) - pages * PAGE);
}

static void
count_stack_touch(void)
{
    for (unsigned i = 1; i <= 16; i++) {
        *demand_below_stack(i) = 1;
    }
}

static void
count_elsewhere(void)
{
    uint64_t before = demand_faults();
    uint8_t *block;

    for (unsigned i = 0; i < 32; i++) {
        ((volatile uint64_t *)demand_bss)[i * PAGE_WORDS] = 1;
    }
    claim_equal("32 pages of bss are 32 faults",
                (int64_t)(demand_faults() - before), 32);
    before = demand_faults();
    count_stack_touch();
    claim_true("16 pages of stack are 15 or 16 faults",
               demand_faults() - before - 15 <= 1);
    before = demand_faults();
    count_stack_touch();
    claim_equal("the same stack again is none",
                (int64_t)(demand_faults() - before), 0);
    before = demand_faults();
    block = malloc(64 * PAGE);
    memset(block, 1, 64 * PAGE);
    claim_true("64 pages of malloc are 64 faults at least",
               demand_faults() - before >= 64);
    free(block);
}

static void
count_populate(void)
{
    uint64_t base = demand_region(40);
    uint64_t before = demand_faults();

    claim_equal("populate makes pages present",
                region_populate(base, 40, PROT_READ), 40);
    claim_equal("and is one fault each", (int64_t)(demand_faults() - before),
                40);
    for (uint64_t i = 0; i < 40; i++) {
        *demand_page(base, i) = 1;
    }
    claim_equal("which touching does not repeat",
                (int64_t)(demand_faults() - before), 40);
    (void)region_destroy(base, 40);
}

/* ---- around ----------------------------------------------------------------- */

static void
around(uint64_t run)
{
    uint64_t base = demand_region(4 * run + 1);
    uint64_t before = demand_faults();
    uint64_t wrong = 0;

    *demand_page(base, 0) = 1;
    claim_equal("one fault brings a run", (int64_t)demand_resident(base),
                (int64_t)run);
    for (uint64_t i = 0; i < 4 * run; i++) {
        wrong += i != 0 && *demand_page(base, i) != 0;
        *demand_page(base, i) = i + 1;
    }
    claim_equal("four runs are four faults",
                (int64_t)(demand_faults() - before), 4);
    claim_equal("pages that were not zero", (int64_t)wrong, 0);
    *demand_page(base, 4 * run) = 1;
    claim_equal("a run ends with its region", (int64_t)demand_resident(base),
                (int64_t)(4 * run + 1));
    (void)region_destroy(base, 4 * run + 1);
}

/* ---- entries ------------------------------------------------------------------ */

/* Touch @pages new pages within one tick of the timer, whose interrupts are
 * entries too. Returns the entries that took, less the one that asks. */
static int64_t
entries_once(uint64_t pages)
{
    for (;;) {
        uint64_t base = demand_region(pages);
        struct machine_info before = demand_machine();
        struct machine_info after;

        for (uint64_t i = 0; i < pages; i++) {
            *demand_page(base, i) = 1;
        }
        after = demand_machine();
        claim_true("every page is there", demand_resident(base) == pages);
        (void)region_destroy(base, pages);
        if (before.uptime_ns == after.uptime_ns) {
            return (int64_t)(after.kernel_entries - before.kernel_entries - 1);
        }
    }
}

/* ---- steady -------------------------------------------------------------------- */

static void
steady(uint64_t pages)
{
    uint64_t base = demand_region(pages);
    uint64_t wrong = 0;

    for (uint64_t i = 0; i < pages; i++) {
        if (i == pages / 2) {
            printf("half\n");
            fflush(stdout);
        }
        wrong += demand_not_zero(base, i);
        *demand_page(base, i) = i * CANARY;
    }
    claim_equal("words that were not zero", (int64_t)wrong, 0);
    wrong = 0;
    for (uint64_t i = 0; i < pages; i++) {
        wrong += *demand_page(base, i) != i * CANARY;
    }
    claim_equal("pages that lost what was written", (int64_t)wrong, 0);
    claim_equal("every page is there", (int64_t)demand_resident(base),
                (int64_t)pages);
}

/* ---- fill and scan ----------------------------------------------------------------- */

/* Get all memory there is, in regions of 64 pages; @visit is called for each page.
 * Returns the pages. */
static uint64_t
all_memory(void (*visit)(volatile uint64_t *words))
{
    uint64_t pages = 0;

    for (;;) {
        uint64_t base = demand_region(64);
        int64_t there = base == 0 ? 0 : region_populate(base, 64, PROT_WRITE);

        for (int64_t i = 0; i < there; i++) {
            visit(demand_page(base, (uint64_t)i));
            pages++;
        }
        if (there < 64) {
            return pages;
        }
    }
}

static uint64_t scan_canaries;
static uint64_t scan_not_zero;

static void
fill_page(volatile uint64_t *words)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        words[i] = CANARY;
    }
}

static void
scan_page(volatile uint64_t *words)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        scan_canaries += words[i] == CANARY;
        scan_not_zero += words[i] != 0;
        words[i] = CANARY;
    }
}

/* What else is fresh: bss and the deeper stack. */
static void
scan_own(void)
{
    const volatile uint64_t *bss = demand_bss;
    uint64_t seen = 0;

    for (unsigned i = 0; i < sizeof(demand_bss) / 8; i++) {
        seen += bss[i] != 0;
    }
    claim_equal("bss that is not zero", (int64_t)seen, 0);
    seen = 0;
    for (unsigned i = 0; i < 58 * PAGE_WORDS; i++) {
        seen += demand_below_stack(60)[i] != 0;
    }
    claim_equal("fresh stack that is not zero", (int64_t)seen, 0);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    uint64_t number = argc > 2 ? strtoul(argv[2], NULL, 0) : 16;

    printf("demand: %s\n", mode); /* stdio has its pages from here on */
    (void)demand_faults();
    if (strcmp(mode, "count") == 0) {
        count_region();
        count_elsewhere();
        count_populate();
    } else if (strcmp(mode, "around") == 0) {
        around(number);
    } else if (strcmp(mode, "entries") == 0) {
        for (uint64_t pages = 1; pages <= 16; pages *= 2) {
            char name[32];

            snprintf(name, sizeof(name), "entries for %lu faults", pages);
            claim_equal(name, entries_once(pages), (int64_t)(number * pages));
        }
    } else if (strcmp(mode, "steady") == 0) {
        steady(number);
    } else if (strcmp(mode, "fill") == 0) {
        printf("filled %lu pages\n", all_memory(fill_page));
    } else if (strcmp(mode, "scan") == 0) {
        scan_own();
        printf("got %lu pages\n", all_memory(scan_page));
        claim_equal("canaries seen", (int64_t)scan_canaries, 0);
        claim_equal("words that were not zero", (int64_t)scan_not_zero, 0);
    }
    return claim_end();
}
