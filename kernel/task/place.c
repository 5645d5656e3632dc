/* SPDX-License-Identifier: MIT */
/* Chooses where a new process finds what it has. */
#include "place.h"

#include <secos/bootinfo.h>

/* What is larger may begin at any page. At this size there are 256 places in each
 * 2 MiB: it is that of a stack of default size over its guard. */
#define PLACE_SMALL_PAGES 257u
#define PLACE_BLOCK_PAGES (LARGE_PAGE_BYTES / PAGE_BYTES)

/* Heap and regions begin in the lower part of their area: the rest is room. */
#define PLACE_ROOM   0x0000100000000000ull
#define PLACE_BLOCKS (PLACE_ROOM / LARGE_PAGE_BYTES)

_Static_assert(USER_IMAGE_BASE + ELF_MOVABLE_SPAN_MAX + 2 * HUGE_PAGE_BYTES
                   <= USER_MAP_BASE,
               "every movable image fits, however it is aligned");
_Static_assert(USER_MAP_BASE + PLACE_ROOM <= USER_HEAP_BASE
                   && USER_HEAP_BASE + PLACE_ROOM < USER_HEAP_END
                   && USER_HEAP_END < USER_STACK_AREA,
               "an area above the other");
_Static_assert(USER_IMAGE_BASE % LARGE_PAGE_BYTES == 0
                   && USER_MAP_BASE % LARGE_PAGE_BYTES == 0
                   && USER_HEAP_BASE % LARGE_PAGE_BYTES == 0
                   && USER_STACK_AREA % LARGE_PAGE_BYTES == 0,
               "areas begin with a page table");
_Static_assert(MANIFEST_STACK_MAX + PAGE_BYTES
                   < USER_STACK_TOP - USER_STACK_AREA,
               "the largest stack fits");

/* A place for @pages pages in [@start, @end), which begins with a page table. */
static uint64_t
place_pages(uint64_t random, uint64_t start, uint64_t end, uint64_t pages)
{
    uint64_t blocks = (end - start) / LARGE_PAGE_BYTES;

    if (pages > PLACE_SMALL_PAGES) {
        return start
               + random % ((end - start) / PAGE_BYTES - pages + 1) * PAGE_BYTES;
    }
    return start + (random >> 32) % blocks * LARGE_PAGE_BYTES
           + (uint32_t)random % (PLACE_BLOCK_PAGES - pages + 1) * PAGE_BYTES;
}

/* Where the first page of an image is that is moved so that what was aligned
 * stays aligned, if @start is a multiple of its alignment. */
static uint64_t
place_first_page(const struct elf_plan *plan, uint64_t start)
{
    return start + (plan->first_page & (plan->align - 1));
}

static uint64_t
place_image(const struct elf_plan *plan, uint64_t random)
{
    uint64_t bytes = plan->end_page - plan->first_page;
    uint64_t low = align_up(USER_IMAGE_BASE, plan->align);
    uint64_t most;

    if (!plan->movable) {
        return plan->first_page;
    }
    if (plan->align == PAGE_BYTES) {
        return place_pages(random, USER_IMAGE_BASE, USER_MAP_BASE,
                           bytes / PAGE_BYTES);
    }
    most = (USER_MAP_BASE - bytes - place_first_page(plan, low)) / plan->align;
    return place_first_page(plan, low + random % (most + 1) * plan->align);
}

struct place
place_fixed(const struct elf_plan *plan)
{
    struct place place = {
        .image = plan->first_page,
        .stack_top = USER_STACK_TOP,
        .map_base = USER_MAP_BASE,
        .heap_base = USER_HEAP_BASE,
    };

    if (plan->movable) {
        place.image =
            place_first_page(plan, align_up(USER_IMAGE_BASE, plan->align));
    }
    return place;
}

struct place
place_choose(const struct elf_plan *plan, const uint64_t random[PLACE_NUMBERS])
{
    uint64_t stack = plan->manifest.stack_bytes + PAGE_BYTES;

    return (struct place){
        .image = place_image(plan, random[0]),
        .stack_top = place_pages(random[1], USER_STACK_AREA, USER_STACK_TOP,
                                 stack / PAGE_BYTES)
                     + stack,
        .map_base =
            USER_MAP_BASE + (random[2] >> 32) % PLACE_BLOCKS * LARGE_PAGE_BYTES,
        .heap_base = USER_HEAP_BASE
                     + (uint32_t)random[2] % PLACE_BLOCKS * LARGE_PAGE_BYTES,
    };
}
