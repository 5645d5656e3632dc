/* SPDX-License-Identifier: MIT */
/*
 * Claim (H111): whatever map the firmware gives, a frame is in the result only
 * if usable entries cover all of it and no other entry touches it; and tables
 * are placed in such frames alone.
 * Method: random hostile maps over a few hundred frames (and entries near 2^64)
 * against one flag per frame; the cases of H111 by hand.
 */
#include <string.h>

#include <mm/memmap.h>

#include "check.h"
#include "random.h"

#define FRAMES 400u
#define PAGE   4096ull

static struct memmap map;
static struct memmap_entry entries[1100];

/* ---- the model: one frame at a time ------------------------------------ */

static bool
covers(const struct memmap_entry *e, uint64_t address)
{
    /* Without wrapping: [base, base + length) in 65 bits. */
    return address >= e->base && address - e->base < e->length;
}

static bool
wraps(const struct memmap_entry *e)
{
    return e->base + e->length < e->base;
}

/* Every byte matters; entries have borders at multiples of 256 in these tests,
 * so one look at each of 16 parts sees them all. */
static bool
frame_is_usable(uint64_t frame, uint32_t count)
{
    for (uint64_t part = 0; part < 16; part++) {
        uint64_t address = frame * PAGE + part * 256;
        bool usable = false;

        for (uint32_t i = 0; i < count; i++) {
            if (!covers(&entries[i], address)) {
                continue;
            }
            if (entries[i].type != MEMMAP_TYPE_USABLE) {
                return false;
            }
            usable = usable || !wraps(&entries[i]);
        }
        if (!usable) {
            return false;
        }
    }
    return true;
}

/* A part frame of one usable entry and the rest of another: allowed to be in
 * the map or not, since entries are rounded one by one. */
static bool
frame_in_one_entry(uint64_t frame, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].type == MEMMAP_TYPE_USABLE && !wraps(&entries[i])
            && covers(&entries[i], frame * PAGE)
            && covers(&entries[i], frame * PAGE + PAGE - 1)) {
            return true;
        }
    }
    return false;
}

static void
compare(uint32_t count)
{
    CHECK(memmap_check(&map));
    for (uint64_t f = 0; f < FRAMES + 2; f++) {
        bool in = memmap_contains(&map, f * PAGE, (f + 1) * PAGE);

        if (in && !frame_is_usable(f, count)) {
            CHECK(!"a reserved frame is in the map");
            return;
        }
        if (!in && frame_is_usable(f, count) && frame_in_one_entry(f, count)) {
            CHECK(!"a usable frame is not in the map");
            return;
        }
    }
    CHECK(true);
}

/* ---- random maps -------------------------------------------------------- */

static struct memmap_entry
random_entry(void)
{
    static const uint32_t types[] = {
        1, 1, 1, 1, 2, 3, 4, 5, 0, 255, 0x80000001
    };
    struct memmap_entry e;

    e.type = types[random_below(sizeof(types) / sizeof(types[0]))];
    e.base = random_below(FRAMES * 16) * 256;
    e.length = random_below(e.type == 1 ? 1600 : 200) * 256;
    switch (random_below(40)) {
    case 0:
        e.length = 0;
        break;
    case 1: /* ends at 2^64 or wraps a little */
        e.length = 0 - e.base + random_below(3) * PAGE;
        break;
    case 2:
        e.length = UINT64_MAX;
        break;
    case 3:
        e.base = UINT64_MAX - random_below(FRAMES) * 256;
        break;
    default:
        break;
    }
    return e;
}

TEST(h111_random_maps_agree_with_one_flag_per_frame)
{
    for (int round = 0; round < 3000; round++) {
        uint32_t count = (uint32_t)random_below(40);

        for (uint32_t i = 0; i < count; i++) {
            entries[i] = random_entry();
        }
        memmap_build(&map, entries, count);
        compare(count);
        (void)memmap_ram_bytes(&map, entries, count);
    }
}

TEST(order_of_entries_does_not_matter)
{
    static struct memmap other;

    for (int round = 0; round < 500; round++) {
        uint32_t count = 1 + (uint32_t)random_below(30);

        for (uint32_t i = 0; i < count; i++) {
            entries[i] = random_entry();
        }
        memmap_build(&map, entries, count);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t j = (uint32_t)random_below(count);
            struct memmap_entry e = entries[i];

            entries[i] = entries[j];
            entries[j] = e;
        }
        memmap_build(&other, entries, count);
        CHECK_EQ(map.count, other.count);
        CHECK(
            memcmp(map.ranges, other.ranges, map.count * sizeof(map.ranges[0]))
            == 0);
    }
}

/* ---- by hand ------------------------------------------------------------ */

static void
build(uint32_t count)
{
    memmap_build(&map, entries, count);
}

TEST(h111_zero_length_and_absurd_types)
{
    entries[0] = (struct memmap_entry){ 0x100000, 0x100000, 1 };
    entries[1] = (struct memmap_entry){ 0x180000, 0, 2 };
    entries[2] = (struct memmap_entry){ 0x300000, 0x1000, 0 };
    entries[3] = (struct memmap_entry){ 0x400000, 0x1000, 255 };
    entries[4] = (struct memmap_entry){ 0x500000, 0, 1 };
    build(5);
    CHECK_EQ(map.count, 1);
    CHECK_EQ(map.ranges[0].start, 0x100000);
    CHECK_EQ(map.ranges[0].end, 0x200000);
}

TEST(h111_reserved_wins_over_usable)
{
    entries[0] = (struct memmap_entry){ 0x180800, 0x10, 2 };
    entries[1] = (struct memmap_entry){ 0x100000, 0x100000, 1 };
    entries[2] = (struct memmap_entry){ 0x100000, 0x100000, 1 };
    build(3);
    CHECK_EQ(map.count, 2);
    CHECK_EQ(map.ranges[0].end, 0x180000);
    CHECK_EQ(map.ranges[1].start, 0x181000);
}

TEST(h111_entries_at_the_end_of_the_address_space)
{
    entries[0] = (struct memmap_entry){ 0, 0x100000, 1 };
    entries[1] = (struct memmap_entry){ 0x80000, 0 - 0x80000ull, 2 };
    build(2);
    CHECK_EQ(memmap_end(&map), 0x80000);
    entries[1] = (struct memmap_entry){ 0x80000, UINT64_MAX, 2 };
    build(2);
    CHECK_EQ(memmap_end(&map), 0x80000);
    entries[1] = (struct memmap_entry){ 0x200000, UINT64_MAX, 1 };
    build(2);
    CHECK_EQ(memmap_end(&map), 0x100000);
    entries[1] = (struct memmap_entry){ 1ull << 40, 1ull << 30, 1 };
    build(2);
    CHECK_EQ(memmap_end(&map), 0x100000);
    entries[1] = (struct memmap_entry){ (1ull << 39) - PAGE, 1ull << 30, 1 };
    build(2);
    CHECK_EQ(memmap_end(&map), 1ull << 39);
}

TEST(h111_a_thousand_entries_lose_ram_but_invent_none)
{
    /* Every other frame usable: more ranges than fit. */
    for (uint32_t i = 0; i < 1024; i++) {
        entries[i] = (struct memmap_entry){ i * 2 * PAGE, PAGE, 1 };
    }
    build(1024);
    CHECK(memmap_check(&map));
    CHECK_EQ(map.count, MEMMAP_RANGES);
    CHECK_EQ(map.ranges_lost, 1024 - MEMMAP_RANGES);
    for (uint32_t i = 0; i < map.count; i++) {
        CHECK_EQ(map.ranges[i].start % (2 * PAGE), 0);
        CHECK_EQ(map.ranges[i].end - map.ranges[i].start, PAGE);
    }
    /* One range, cut by 1,023 reserved frames. */
    entries[0] = (struct memmap_entry){ 0, 4096 * PAGE, 1 };
    for (uint32_t i = 1; i < 1024; i++) {
        entries[i] = (struct memmap_entry){ i * 3 * PAGE, PAGE, 2 };
    }
    build(1024);
    CHECK(memmap_check(&map));
    CHECK_EQ(map.count, MEMMAP_RANGES);
    for (uint32_t i = 1; i < 1024; i++) {
        CHECK(!memmap_contains(&map, i * 3 * PAGE, (i * 3 + 1) * PAGE));
    }
}

TEST(ram_bytes_is_what_the_machine_was_given)
{
    /* QEMU pc, -m 128M. */
    entries[0] = (struct memmap_entry){ 0, 0x9fc00, 1 };
    entries[1] = (struct memmap_entry){ 0x9fc00, 0x400, 2 };
    entries[2] = (struct memmap_entry){ 0xf0000, 0x10000, 2 };
    entries[3] = (struct memmap_entry){ 0x100000, 0x7ee0000, 1 };
    entries[4] = (struct memmap_entry){ 0x7fe0000, 0x20000, 2 };
    entries[5] = (struct memmap_entry){ 0xfffc0000, 0x40000, 2 };
    build(6);
    CHECK_EQ(memmap_ram_bytes(&map, entries, 6), 128ull << 20);
    /* 5 GiB: 3 below the hole, 2 above. */
    entries[3].length = 0xbfee0000;
    entries[4].base = 0xbffe0000;
    entries[6] = (struct memmap_entry){ 1ull << 32, 2ull << 30, 1 };
    build(7);
    CHECK_EQ(memmap_ram_bytes(&map, entries, 7), 5ull << 30);
    build(0);
    CHECK_EQ(memmap_ram_bytes(&map, entries, 0), 0);
}

/* ---- placing tables ----------------------------------------------------- */

static uint64_t
eight_per_frame(uint64_t frames)
{
    return frames * 8;
}

TEST(tables_go_to_the_first_gap_behind_the_kernel)
{
    struct memmap_place place;

    memmap_init(&map);
    memmap_add(&map, 0, 64 << 20);
    memmap_remove(&map, 0x100000, 0x180000); /* kernel */
    memmap_remove(&map, 0x181000, 0x200000); /* module, one frame behind it */
    memmap_remove(&map, 0x210000, 0x300000); /* another */
    CHECK(memmap_place_tables(&map, 0x180000, 1ull << 32, eight_per_frame,
                              &place));
    CHECK_EQ(place.start, 0x300000);
    CHECK_EQ(place.frames, 16384);
    CHECK_EQ(place.bytes, 131072);
}

TEST(tables_that_do_not_fit_give_up_the_highest_ram)
{
    struct memmap_place place;

    memmap_init(&map);
    memmap_add(&map, 0x100000, 16 << 20);
    memmap_add(&map, 200ull << 30, (200ull << 30) + PAGE);
    CHECK(memmap_place_tables(&map, 0x180000, 1ull << 32, eight_per_frame,
                              &place));
    CHECK_EQ(place.frames, 4096);
    CHECK_EQ(place.start, 0x180000);
    /* Nor may they lie above what may be touched. */
    memmap_init(&map);
    memmap_add(&map, 1ull << 32, 1ull << 33);
    CHECK(!memmap_place_tables(&map, 0x180000, 1ull << 32, eight_per_frame,
                               &place));
    memmap_init(&map);
    CHECK(!memmap_place_tables(&map, 0, 1ull << 32, eight_per_frame, &place));
}

TEST(h111_placed_tables_lie_in_usable_frames)
{
    for (int round = 0; round < 3000; round++) {
        uint32_t count = (uint32_t)random_below(30);
        uint64_t from = random_below(FRAMES * 16) * 256;
        uint64_t below = random_below(2 * FRAMES) * PAGE;
        struct memmap_place place = { 0 };

        for (uint32_t i = 0; i < count; i++) {
            entries[i] = random_entry();
        }
        memmap_build(&map, entries, count);
        if (!memmap_place_tables(&map, from, below, eight_per_frame, &place)) {
            continue;
        }
        CHECK(place.start >= from && place.start % PAGE == 0);
        CHECK(place.start + place.bytes <= below);
        CHECK(place.start + place.bytes <= place.frames * PAGE);
        CHECK_EQ(place.bytes, place.frames * 8);
        for (uint64_t f = place.start / PAGE;
             f * PAGE < place.start + place.bytes; f++) {
            CHECK(frame_is_usable(f, count));
        }
    }
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(h111_random_maps_agree_with_one_flag_per_frame);
    RUN(order_of_entries_does_not_matter);
    RUN(h111_zero_length_and_absurd_types);
    RUN(h111_reserved_wins_over_usable);
    RUN(h111_entries_at_the_end_of_the_address_space);
    RUN(h111_a_thousand_entries_lose_ram_but_invent_none);
    RUN(ram_bytes_is_what_the_machine_was_given);
    RUN(tables_go_to_the_first_gap_behind_the_kernel);
    RUN(tables_that_do_not_fit_give_up_the_highest_ram);
    RUN(h111_placed_tables_lie_in_usable_frames);
    return CHECK_REPORT();
}
