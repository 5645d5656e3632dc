/* SPDX-License-Identifier: MIT */
/*
 * Shows what a page fault is: memory that does not exist until it is touched.
 *
 * It asks the kernel for a region of pages, touches one after the other, and
 * prints how many faults the pager has answered and how many pages the region
 * has. Reading or writing a page again costs no further fault.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

/* Looking at the list of processes, oneself included, needs a permission. */
SECOS_MANIFEST(1u << SYS_GROUP_INSPECT, 0, 0);

#define DEMO_PAGES 4

static uint64_t
demo_faults(void)
{
    struct process_info row;
    uint64_t slot = (uint64_t)process_self() % SYSTEM_PROCESS_SLOTS;

    return sys_processes(slot, &row, sizeof(row)) == 1 ? row.faults : 0;
}

static uint64_t
demo_present(uint64_t base)
{
    struct region_info info;

    return region_query(base, &info) == ST_OK ? info.resident : 0;
}

static int
demo_is_zero(const uint8_t *page)
{
    for (int i = 0; i < 4096; i++) {
        if (page[i] != 0) {
            return 0;
        }
    }
    return 1;
}

/* Touch a page by @what and tell what that did. */
static void
demo_touch(volatile uint8_t *page, int number, int is_write)
{
    uint64_t before = demo_faults();
    uint64_t after;

    if (is_write) {
        *page = (uint8_t)number;
    } else {
        (void)*page;
    }
    after = demo_faults();
    printf("  %-6s page %d: %lu fault%s, page %s\n",
           is_write ? "write" : "read", number, after - before,
           after - before == 1 ? "" : "s",
           after > before ? "was filled" : "was there");
}

int
main(void)
{
    struct region_request request = {
        .pages = DEMO_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base;
    uint8_t *pages;
    int zero = 1;

    /* Once, so that printing itself needs no new page later. */
    printf("A region of %d pages, none of which exists yet:\n", DEMO_PAGES);
    (void)demo_faults();
    base = region_create(&request);
    if (base < 0) {
        printf("region_create: %s\n", syscall_status_text(base));
        return 1;
    }
    pages = (uint8_t *)(uintptr_t)base;
    printf("  at 0x%lx, %lu pages present\n", (uint64_t)base,
           demo_present((uint64_t)base));
    for (int i = 0; i < DEMO_PAGES; i++) {
        demo_touch(pages + i * 4096, i, i % 2);
        demo_touch(pages + i * 4096, i, 1 - i % 2);
    }
    printf("  %lu pages present\n", demo_present((uint64_t)base));
    for (int i = 0; i < DEMO_PAGES; i++) {
        pages[i * 4096] = 0;
        zero = zero && demo_is_zero(pages + i * 4096);
    }
    printf("Every new page was %s.\n", zero ? "zero" : "NOT ZERO");
    return zero ? 0 : 1;
}
