/* SPDX-License-Identifier: MIT */
/*
 * Where this process stands, and what it was given of chance.
 *
 *      where           one line
 *      where fill      takes every hole that the kernel finds
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/image.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "claim.h"

#define BIG_PAGES (1ull << 28) /* 1 TiB */

static int64_t
new_region(uint64_t pages)
{
    struct region_request request = {
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    return region_create(&request);
}

/* Regions without a place go upwards from the process's own base, and below it
 * when there is no hole left; then there is an error and nothing else. */
static int
fill(void)
{
    int64_t first = new_region(BIG_PAGES);
    int64_t base = first;
    unsigned above = 0;
    unsigned below = 0;

    claim_true("the first", first >= (int64_t)USER_MAP_BASE);
    while (base > 0) {
        base = new_region(BIG_PAGES);
        above += base > first;
        below += base > 0 && base < first;
    }
    claim_status("no hole is left", base, ST_ENOMEM);
    claim_true("most are above", above > 60);
    claim_true("together all but the odd ends", above + below + 1 > 100);
    printf("above %u, below %u\n", above, below);
    claim_true("a small one fits all the same", new_region(1) > 0);
    return claim_end();
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "fill") == 0) {
        return fill();
    }
    printf("image 0x%lx stack 0x%lx map 0x%lx heap 0x%lx base 0x%lx "
           "random 0x%lx 0x%lx\n",
           image_bias(), process_stack_top(), (uint64_t)new_region(1),
           (uint64_t)(uintptr_t)malloc(100), process_started->heap_base,
           process_started->random[0], process_started->random[1]);
    return 0;
}
