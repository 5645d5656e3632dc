/* SPDX-License-Identifier: MIT */
/*
 * Both worlds in one program: printf from the C library, and SecOS's own calls.
 * It makes a region of 1 TiB, of which no page exists, and watches pages come
 * into being as it touches them.
 *
 *      tools/secos-cc examples/region.c -o region.elf
 *      tools/secos-run region.elf
 */
#include <stdint.h>
#include <stdio.h>

#include <libsecos/region.h>

#define PAGES (1ull << 28)

static uint64_t
resident(uint64_t base)
{
    struct region_info info;

    return region_query(base, &info) == ST_OK ? info.resident : 0;
}

int
main(void)
{
    struct region_request request = {
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (base < 0) {
        fprintf(stderr, "region_create: %s\n", syscall_status_text(base));
        return 1;
    }
    printf("%llu GiB, %llu pages there\n", PAGES >> 18,
           (unsigned long long)resident((uint64_t)base));
    for (uint64_t page = 1; page < PAGES; page *= 128) {
        volatile uint8_t *at =
            (volatile uint8_t *)(uintptr_t)((uint64_t)base + page * 4096);

        printf("page %9llu holds %d", (unsigned long long)page, *at);
        *at = 1;
        printf(", %llu pages there\n",
               (unsigned long long)resident((uint64_t)base));
    }
    return (int)region_destroy((uint64_t)base, PAGES);
}
