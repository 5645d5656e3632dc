/* SPDX-License-Identifier: MIT */
/* The firmware's memory map made trustworthy. */
#include "memmap.h"

#include <stddef.h>

#include <base/align.h>
#include <base/checked.h>

#define FOUR_GIB 0x100000000ull

void
memmap_init(struct memmap *map)
{
    map->count = 0;
    map->ranges_lost = 0;
}

/* The first range that ends at or after @address; map->count if none does. */
/*@ requires \valid_read(map) && memmap_fits(map);
    assigns \nothing;
    ensures \result <= map->count;
    ensures \forall integer i; 0 <= i < \result
        ==> map->ranges[i].end < address;
    ensures \result < map->count ==> map->ranges[\result].end >= address; */
static uint32_t
memmap_seek(const struct memmap *map, uint64_t address)
{
    uint32_t i = 0;

    /*@ loop invariant i <= map->count;
        loop invariant \forall integer k; 0 <= k < i
            ==> map->ranges[k].end < address;
        loop assigns i;
        loop variant map->count - i; */
    while (i < map->count && map->ranges[i].end < address) {
        i++;
    }
    return i;
}

/* Replace the @old ranges from index @at on by the first @new of @with. */
/*@ requires \valid(map) && \valid_read(with + (0 .. new - 1));
    requires \separated(map, with + (0 .. new - 1));
    requires memmap_fits(map) && at + old <= map->count && new <= 2;
    requires map->count - old + new <= MEMMAP_RANGES;
    assigns map->count, map->ranges[0 .. MEMMAP_RANGES - 1];
    ensures map->count == \old(map->count) - old + new; */
static void
memmap_splice(struct memmap *map, uint32_t at, uint32_t old,
              const struct memmap_range *with, uint32_t new)
{
    uint32_t tail = map->count - at - old;

    if (new > old) {
        /*@ loop invariant i <= tail;
            loop assigns i, map->ranges[0 .. MEMMAP_RANGES - 1];
            loop variant i; */
        for (uint32_t i = tail; i > 0; i--) {
            map->ranges[at + new + i - 1] = map->ranges[at + old + i - 1];
        }
    } else if (new < old) {
        /*@ loop invariant i <= tail;
            loop assigns i, map->ranges[0 .. MEMMAP_RANGES - 1];
            loop variant tail - i; */
        for (uint32_t i = 0; i < tail; i++) {
            map->ranges[at + new + i] = map->ranges[at + old + i];
        }
    }
    /*@ loop invariant i <= new;
        loop assigns i, map->ranges[0 .. MEMMAP_RANGES - 1];
        loop variant new - i; */
    for (uint32_t i = 0; i < new; i++) {
        map->ranges[at + i] = with[i];
    }
    map->count = map->count - old + new;
}

void
memmap_add(struct memmap *map, uint64_t start, uint64_t end)
{
    struct memmap_range merged;
    uint32_t first;
    uint32_t last;

    if (end > MEMMAP_LIMIT) {
        end = MEMMAP_LIMIT;
    }
    if (start >= end) {
        return;
    }
    merged.start = align_up(start, PAGE_BYTES);
    merged.end = align_down(end, PAGE_BYTES);
    if (merged.start >= merged.end) {
        return;
    }
    first = memmap_seek(map, merged.start);
    last = first;
    /* Everything that overlaps or touches becomes one range. */
    /*@ loop invariant first <= last <= map->count;
        loop assigns last, merged;
        loop variant map->count - last; */
    for (; last < map->count && map->ranges[last].start <= merged.end; last++) {
        const struct memmap_range *range = &map->ranges[last];

        merged.start = range->start < merged.start ? range->start
                                                   : merged.start;
        merged.end = range->end > merged.end ? range->end : merged.end;
    }
    if (last == first && map->count == MEMMAP_RANGES) {
        map->ranges_lost++;
        return;
    }
    memmap_splice(map, first, last - first, &merged, 1);
}

/* Remove [start, end), page-aligned, from range @i that it overlaps.
 * Returns the number of ranges left in its place: 0, 1 or 2. */
/*@ requires \valid(map) && memmap_fits(map) && i < map->count;
    assigns *map;
    ensures memmap_fits(map) && \result <= 2;
    ensures map->count == \old(map->count) - 1 + \result; */
static uint32_t
memmap_cut(struct memmap *map, uint32_t i, uint64_t start, uint64_t end)
{
    struct memmap_range range = map->ranges[i];
    struct memmap_range rest[2];
    uint32_t count = 0;

    if (range.start < start) {
        rest[count++] = (struct memmap_range){ range.start, start };
    }
    if (end < range.end) {
        if (count == 1 && map->count == MEMMAP_RANGES) {
            map->ranges_lost++;
        } else {
            rest[count++] = (struct memmap_range){ end, range.end };
        }
    }
    memmap_splice(map, i, 1, rest, count);
    return count;
}

void
memmap_remove(struct memmap *map, uint64_t start, uint64_t end)
{
    uint32_t i;

    if (start >= end || start >= MEMMAP_LIMIT) {
        return;
    }
    end = end > MEMMAP_LIMIT ? MEMMAP_LIMIT : align_up(end, PAGE_BYTES);
    start = align_down(start, PAGE_BYTES);
    i = memmap_seek(map, start + 1);
    /*@ loop invariant i <= map->count && memmap_fits(map);
        loop assigns i, *map;
        loop variant map->count - i; */
    while (i < map->count && map->ranges[i].start < end) {
        i += memmap_cut(map, i, start, end);
    }
}

/* The end of @entry; false if it lies beyond 2^64. */
/*@ requires \valid_read(entry) && \valid(end) && \separated(entry, end);
    assigns *end;
    ensures \result <==> entry->base + entry->length <= UINT64_MAX;
    ensures \result ==> *end == entry->base + entry->length; */
static bool
memmap_entry_end(const struct memmap_entry *entry, uint64_t *end)
{
    return checked_add(entry->base, entry->length, end);
}

void
memmap_build(struct memmap *map, const struct memmap_entry *entries,
             uint32_t count)
{
    uint64_t end;

    memmap_init(map);
    /*@ loop invariant i <= count && memmap_fits(map);
        loop assigns i, end, *map;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].type == MEMMAP_TYPE_USABLE
            && memmap_entry_end(&entries[i], &end)) {
            memmap_add(map, entries[i].base, end);
        }
    }
    /*@ loop invariant i <= count && memmap_fits(map);
        loop assigns i, end, *map;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].type == MEMMAP_TYPE_USABLE || entries[i].length == 0) {
            continue;
        }
        if (!memmap_entry_end(&entries[i], &end)) {
            end = UINT64_MAX;
        }
        memmap_remove(map, entries[i].base, end);
    }
}

/* Where RAM below 4 GiB ends: @top, or the end of the firmware's own entries
 * that follow it without a gap. Each pass adds an entry, so there are at most
 * @count passes. */
static uint64_t
memmap_low_top(uint64_t top, const struct memmap_entry *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t end;

        if (memmap_entry_end(&entries[i], &end) && end <= FOUR_GIB
            && entries[i].base <= top && end > top) {
            top = end;
            i = UINT32_MAX; /* begin again: order means nothing */
        }
    }
    return top;
}

uint64_t
memmap_ram_bytes(const struct memmap *map, const struct memmap_entry *entries,
                 uint32_t count)
{
    uint64_t low = 0;
    uint64_t high = 0;

    for (uint32_t i = 0; i < map->count; i++) {
        const struct memmap_range *range = &map->ranges[i];

        if (range->start < FOUR_GIB) {
            low = range->end < FOUR_GIB ? range->end : FOUR_GIB;
        }
        if (range->end > FOUR_GIB) {
            high += range->end
                    - (range->start > FOUR_GIB ? range->start : FOUR_GIB);
        }
    }
    low = memmap_low_top(low, entries, count);
    return align_up(low + high, 0x100000);
}

bool
memmap_find(const struct memmap *map, uint64_t bytes, uint64_t from,
            uint64_t below, uint64_t *start)
{
    from = align_up(from, PAGE_BYTES);
    /*@ loop invariant i <= map->count;
        loop assigns i;
        loop variant map->count - i; */
    for (uint32_t i = 0; i < map->count; i++) {
        const struct memmap_range *range = &map->ranges[i];
        uint64_t low = range->start > from ? range->start : from;
        uint64_t high = range->end < below ? range->end : below;

        if (low < high && bytes <= high - low) {
            *start = low;
            return true;
        }
    }
    return false;
}

bool
memmap_place_tables(const struct memmap *map, uint64_t from, uint64_t below,
                    uint64_t (*bytes_for)(uint64_t frames),
                    struct memmap_place *out)
{
    for (uint32_t i = map->count; i > 0; i--) {
        uint64_t end = map->ranges[i - 1].end;
        uint64_t bytes = bytes_for(end / PAGE_BYTES);
        uint64_t start;

        /* The tables must lie among the frames that they describe. */
        if (memmap_find(map, bytes, from, end < below ? end : below, &start)) {
            *out = (struct memmap_place){ .start = start,
                                          .bytes = bytes,
                                          .frames = end / PAGE_BYTES };
            return true;
        }
    }
    return false;
}

uint64_t
memmap_end(const struct memmap *map)
{
    return map->count == 0 ? 0 : map->ranges[map->count - 1].end;
}

bool
memmap_contains(const struct memmap *map, uint64_t start, uint64_t end)
{
    uint32_t i = memmap_seek(map, start + 1);

    return i < map->count && map->ranges[i].start <= start
           && end <= map->ranges[i].end;
}

bool
memmap_check(const struct memmap *map)
{
    uint64_t low = 0;

    if (map->count > MEMMAP_RANGES) {
        return false;
    }
    /*@ loop invariant i <= map->count;
        loop assigns i, low;
        loop variant map->count - i; */
    for (uint32_t i = 0; i < map->count; i++) {
        const struct memmap_range *range = &map->ranges[i];

        if (!is_aligned(range->start | range->end, PAGE_BYTES)
            || range->start >= range->end || range->end > MEMMAP_LIMIT
            || (i > 0 && range->start <= low)) {
            return false;
        }
        low = range->end;
    }
    return true;
}
