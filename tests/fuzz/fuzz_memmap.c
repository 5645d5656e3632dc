/* SPDX-License-Identifier: MIT */
/*
 * Claim (H111): no memory map makes the PMM's decisions touch a byte that some
 * entry does not call usable, or that some entry calls anything else.
 *
 * The input is an array of entries as memmap_entry lays them out, 20 bytes each:
 * base, length, type, all little-endian.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mm/memmap.h>

#define REQUIRE(cond)  \
    do {               \
        if (!(cond)) { \
            abort();   \
        }              \
    } while (0)

#define ENTRIES_MAX 1024
#define ENTRY_BYTES 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct memmap_entry entries[ENTRIES_MAX];
static struct memmap map;

/* Whether entry @e has a byte in [start, end). */
static int
fuzz_touches(const struct memmap_entry *e, uint64_t start, uint64_t end)
{
    uint64_t last;

    if (e->length == 0) {
        return 0;
    }
    last = e->length - 1 > UINT64_MAX - e->base ? UINT64_MAX
                                                : e->base + (e->length - 1);
    return e->base < end && last >= start;
}

static void
fuzz_check_range(const struct memmap_range *range, uint32_t count)
{
    uint64_t covered = range->start;
    int more = 1;

    for (uint32_t i = 0; i < count; i++) {
        REQUIRE(entries[i].type == MEMMAP_TYPE_USABLE
                || !fuzz_touches(&entries[i], range->start, range->end));
    }
    /* Usable entries must cover it from start to end. */
    while (more && covered < range->end) {
        more = 0;
        for (uint32_t i = 0; i < count; i++) {
            const struct memmap_entry *e = &entries[i];
            uint64_t end = e->base + e->length;

            if (e->type == MEMMAP_TYPE_USABLE && end > e->base
                && e->base <= covered && end > covered) {
                covered = end;
                more = 1;
            }
        }
    }
    REQUIRE(covered >= range->end);
}

static uint64_t
fuzz_bytes_for(uint64_t frames)
{
    return frames * 8 + frames / 7;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t count = 0;
    struct memmap_place place;

    while (count < ENTRIES_MAX && size >= ENTRY_BYTES) {
        memcpy(&entries[count].base, data, 8);
        memcpy(&entries[count].length, data + 8, 8);
        memcpy(&entries[count].type, data + 16, 4);
        data += ENTRY_BYTES;
        size -= ENTRY_BYTES;
        count++;
    }
    memmap_build(&map, entries, count);
    REQUIRE(memmap_check(&map));
    for (uint32_t i = 0; i < map.count; i++) {
        fuzz_check_range(&map.ranges[i], count);
    }
    (void)memmap_ram_bytes(&map, entries, count);
    memmap_remove(&map, 0x100000, 0x180123);
    REQUIRE(memmap_check(&map));
    if (memmap_place_tables(&map, 0x180123, 1ull << 32, fuzz_bytes_for,
                            &place)) {
        REQUIRE(place.start >= 0x180123 && place.start % 4096 == 0);
        REQUIRE(place.start + place.bytes <= 1ull << 32);
        REQUIRE(place.start + place.bytes <= place.frames * 4096);
        REQUIRE(memmap_contains(&map, place.start,
                                (place.start + place.bytes + 4095) & ~4095ull));
    }
    return 0;
}
