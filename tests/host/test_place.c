/* SPDX-License-Identifier: MIT */
/*
 * Where processes stand: everything in its own area whatever the numbers say and
 * however large image and stack are, alignment kept, as many places as place.h
 * promises, no more page tables than without chance.
 *
 * Random parts take a seed as the first argument and print the one they use.
 */
#include <string.h>
#include <time.h>

#include <secos/bootinfo.h>
#include <secos/manifest.h>

#include <task/place.h>

#include "check.h"

#define LARGE 0x200000ull

static uint64_t seed;

static uint64_t
next_random(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * 0x2545F4914F6CDD1Dull;
}

static struct elf_plan
plan_of(uint64_t first, uint64_t pages, uint64_t align, uint64_t stack_pages)
{
    return (struct elf_plan){
        .movable = true,
        .first_page = first,
        .end_page = first + pages * PAGE_BYTES,
        .page_count = pages,
        .align = align,
        .manifest = { .stack_bytes = stack_pages * PAGE_BYTES },
    };
}

static bool
is_one_table(uint64_t start, uint64_t end)
{
    return start / LARGE == (end - 1) / LARGE;
}

/* Everything that must hold for every place of @plan. */
static void
check_place(const struct elf_plan *plan, const struct place *place)
{
    uint64_t bytes = plan->end_page - plan->first_page;
    uint64_t bottom =
        place->stack_top - plan->manifest.stack_bytes - PAGE_BYTES;

    CHECK(place->image >= USER_IMAGE_BASE);
    CHECK(place->image <= USER_MAP_BASE
          && bytes <= USER_MAP_BASE - place->image);
    CHECK_EQ((place->image - plan->first_page) % plan->align, 0);
    CHECK_EQ(place->stack_top % PAGE_BYTES, 0);
    CHECK(place->stack_top <= USER_STACK_TOP);
    CHECK(bottom >= USER_STACK_AREA && bottom < place->stack_top);
    CHECK(place->map_base >= USER_MAP_BASE && place->map_base < USER_HEAP_BASE);
    CHECK(place->heap_base >= USER_HEAP_BASE);
    CHECK(place->heap_base + (1ull << 44) <= USER_HEAP_END);
    CHECK_EQ(place->map_base % LARGE, 0);
    CHECK_EQ(place->heap_base % LARGE, 0);
    if (plan->align == PAGE_BYTES && bytes <= 257 * PAGE_BYTES) {
        CHECK(is_one_table(place->image, place->image + bytes));
    }
    if (plan->manifest.stack_bytes <= 256 * PAGE_BYTES) {
        CHECK(is_one_table(bottom, place->stack_top));
    }
}

TEST(every_image_and_every_stack_finds_a_place)
{
    static const uint64_t extremes[] = { 0, 1, UINT32_MAX, 1ull << 32,
                                         UINT64_MAX };

    for (unsigned round = 0; round < 200000; round++) {
        uint64_t align = PAGE_BYTES << next_random() % 19;
        uint64_t pages = 1
                         + (next_random() >> next_random() % 64)
                               % (ELF_MOVABLE_SPAN_MAX / PAGE_BYTES);
        uint64_t stack = 1
                         + (next_random() >> next_random() % 64)
                               % (MANIFEST_STACK_MAX / PAGE_BYTES);
        uint64_t first = (next_random() >> next_random() % 64) % USER_MAP_BASE
                         / PAGE_BYTES * PAGE_BYTES;
        struct elf_plan plan =
            plan_of(first, pages, round % 3 == 0 ? align : PAGE_BYTES, stack);
        uint64_t random[PLACE_NUMBERS];
        struct place place;

        for (unsigned i = 0; i < PLACE_NUMBERS; i++) {
            random[i] = round % 4 == 0 ? extremes[next_random() % 5]
                                       : next_random();
        }
        place = place_choose(&plan, random);
        check_place(&plan, &place);
        place = place_fixed(&plan);
        check_place(&plan, &place);
    }
}

TEST(the_largest_fit)
{
    const struct elf_plan plan = plan_of(ELF_MOVABLE_SPAN_MAX - PAGE_BYTES,
                                         ELF_MOVABLE_SPAN_MAX / PAGE_BYTES,
                                         1ull << 30,
                                         MANIFEST_STACK_MAX / PAGE_BYTES);
    const uint64_t lowest[PLACE_NUMBERS] = { 0 };
    const uint64_t highest[PLACE_NUMBERS] = { UINT64_MAX, UINT64_MAX,
                                              UINT64_MAX };
    struct place place = place_choose(&plan, lowest);

    check_place(&plan, &place);
    place = place_choose(&plan, highest);
    check_place(&plan, &place);
}

TEST(what_is_linked_to_a_place_stays_there)
{
    struct elf_plan plan = plan_of(0x400000, 10, PAGE_BYTES, 256);
    const uint64_t random[PLACE_NUMBERS] = { 1ull << 40, 2, 3 };

    plan.movable = false;
    CHECK_EQ(place_fixed(&plan).image, 0x400000);
    CHECK_EQ(place_choose(&plan, random).image, 0x400000);
}

TEST(without_chance_it_is_always_the_same)
{
    struct elf_plan plan = plan_of(0, 10, PAGE_BYTES, 256);
    struct place place = place_fixed(&plan);

    CHECK_EQ(place.image, USER_IMAGE_BASE);
    CHECK_EQ(place.stack_top, USER_STACK_TOP);
    CHECK_EQ(place.map_base, USER_MAP_BASE);
    CHECK_EQ(place.heap_base, USER_HEAP_BASE);
    plan = plan_of(0x5000, 10, 1 << 21, 256);
    CHECK_EQ(place_fixed(&plan).image, USER_IMAGE_BASE + 0x5000);
}

/* In how many places something can be, counted: a page in every 2 MiB that it can
 * begin with, by the number that decides about that. */
static unsigned
places_in_a_block(uint64_t pages)
{
    static uint8_t seen[512];
    struct elf_plan plan = plan_of(0, pages, PAGE_BYTES, 256);
    unsigned count = 0;

    memset(seen, 0, sizeof seen);
    for (uint32_t low = 0; low < 4096; low++) {
        const uint64_t random[PLACE_NUMBERS] = { low, 0, 0 };
        uint64_t at = place_choose(&plan, random).image / PAGE_BYTES % 512;

        count += seen[at] == 0;
        seen[at] = 1;
    }
    return count;
}

/* The promise: at least 2^8 pages in each of 2^23 times 2 MiB, all different. */
TEST(there_are_as_many_places_as_promised)
{
    struct elf_plan plan = plan_of(0, 12, PAGE_BYTES, 256);
    struct elf_plan large = plan_of(0, 258, PAGE_BYTES, 257);
    uint64_t last = 0;

    CHECK_EQ(places_in_a_block(1), 512);
    CHECK_EQ(places_in_a_block(12), 501);
    CHECK_EQ(places_in_a_block(257), 256);
    /* Which 2 MiB: every number of 23 bits another, in order; the few that the
     * area's first 4 MiB are missing from come round. */
    for (uint64_t block = 0; block < (1ull << 23) - 2; block++) {
        const uint64_t random[PLACE_NUMBERS] = { block << 32, block << 32,
                                                 block << 32 | block };
        struct place place = place_choose(&plan, random);

        if (place.image / LARGE != 2 + block
            || place.stack_top / LARGE != USER_STACK_AREA / LARGE + block
            || place.map_base != USER_MAP_BASE + block * LARGE
            || place.heap_base != USER_HEAP_BASE + block * LARGE) {
            last = block;
            break;
        }
    }
    CHECK_EQ(last, 0);
    /* What is larger: at any page, 32 bits of them less a few. */
    for (uint64_t i = 0; i < 1000; i++) {
        const uint64_t random[PLACE_NUMBERS] = { i, i, 0 };
        struct place place = place_choose(&large, random);

        CHECK_EQ(place.image, USER_IMAGE_BASE + i * PAGE_BYTES);
        CHECK_EQ(place.stack_top, USER_STACK_AREA + (i + 258) * PAGE_BYTES);
    }
}

/* No bit of an address can be told from another of the same process: knowing one
 * of the four, the others are as before. */
TEST(the_four_do_not_depend_on_each_other)
{
    struct elf_plan plan = plan_of(0, 12, PAGE_BYTES, 256);
    uint64_t random[PLACE_NUMBERS] = { 1, 2, 3 };
    struct place before = place_choose(&plan, random);
    struct place after;

    random[0] = next_random();
    after = place_choose(&plan, random);
    CHECK(after.stack_top == before.stack_top
          && after.map_base == before.map_base
          && after.heap_base == before.heap_base);
    random[1] = next_random();
    random[2] ^= 0x123400000000;
    before = after;
    after = place_choose(&plan, random);
    CHECK(after.image == before.image && after.heap_base == before.heap_base
          && after.map_base != before.map_base);
    random[2] ^= 0x1234;
    before = after;
    after = place_choose(&plan, random);
    CHECK(after.map_base == before.map_base
          && after.heap_base != before.heap_base);
}

int
main(int argc, char **argv)
{
    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
    seed |= 1;
    printf("test_place: seed %llu\n", (unsigned long long)seed);

    RUN(every_image_and_every_stack_finds_a_place);
    RUN(the_largest_fit);
    RUN(what_is_linked_to_a_place_stays_there);
    RUN(without_chance_it_is_always_the_same);
    RUN(there_are_as_many_places_as_promised);
    RUN(the_four_do_not_depend_on_each_other);
    return CHECK_REPORT();
}
