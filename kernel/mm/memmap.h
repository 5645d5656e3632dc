/* SPDX-License-Identifier: MIT */
/*
 * The firmware's memory map made trustworthy. Pure: computes, touches nothing.
 *
 * Firmware maps are unsorted, overlap, wrap around 2^64 and name types nobody
 * knows. A memmap is a set of page numbers kept as sorted, disjoint, not even
 * touching ranges; two operations build it:
 *
 *      memmap_add      union    round inwards: a part frame is not RAM
 *      memmap_remove   minus    round outwards: a part frame is reserved
 *
 * Every usable entry is added first, then every other entry removed: where the
 * firmware contradicts itself, "reserved" wins. Where an array is full, RAM is
 * lost, never invented (ranges_lost counts).
 *
 * Cost: each operation O(ranges); a map of n entries O(n^2), n <= 1024, in
 * practice linear, since firmware maps are short and nearly sorted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#define MEMMAP_RANGES 512u

/* The only entry type that means "yours to use". */
#define MEMMAP_TYPE_USABLE 1u

/* RAM above this address is ignored: the PMM's block sets end there. */
#define MEMMAP_LIMIT (1ull << 39)

/* Page-aligned physical addresses, half open, start < end. */
struct memmap_range {
    uint64_t start;
    uint64_t end;
};

struct memmap {
    uint32_t count;
    uint32_t ranges_lost; /* pieces dropped for want of room */
    struct memmap_range ranges[MEMMAP_RANGES];
};

/*@ predicate memmap_fits(struct memmap *map) = map->count <= MEMMAP_RANGES; */

/* One entry as firmware wrote it. */
struct memmap_entry {
    uint64_t base;
    uint64_t length;
    uint32_t type;
};

/* Make an empty map. */
/*@ requires \valid(map);
    assigns map->count, map->ranges_lost;
    ensures map->count == 0; */
void memmap_init(struct memmap *map);

/* Add the whole frames inside [start, end); nothing if end <= start. */
/*@ requires \valid(map) && memmap_fits(map);
    assigns *map;
    ensures memmap_fits(map); */
void memmap_add(struct memmap *map, uint64_t start, uint64_t end);

/* Remove every frame that [start, end) touches. */
/*@ requires \valid(map) && memmap_fits(map);
    assigns *map;
    ensures memmap_fits(map); */
void memmap_remove(struct memmap *map, uint64_t start, uint64_t end);

/* Build the map of usable RAM from @count entries. Entries of length 0 are
 * ignored; a usable one that wraps past 2^64 too, another one is cut there. */
/*@ requires \valid(map) && \valid_read(entries + (0 .. count - 1));
    requires \separated(map, entries + (0 .. count - 1));
    assigns *map;
    ensures memmap_fits(map); */
void memmap_build(struct memmap *map, const struct memmap_entry *entries,
                  uint32_t count);

/* Bytes of RAM the machine was given: what the map holds and what the firmware
 * kept for itself, below 4 GiB all up to the top of what it named in one piece;
 * rounded up to 1 MiB. For reports; nothing is decided by it. */
uint64_t memmap_ram_bytes(const struct memmap *map,
                          const struct memmap_entry *entries, uint32_t count);

/* Find the lowest [start, start + bytes) in the map with start >= @from and
 * end <= @below, @bytes > 0. Returns false if there is none. */
/*@ requires \valid_read(map) && memmap_fits(map) && \valid(start);
    requires \separated(map, start) && from <= MEMMAP_LIMIT;
    assigns *start;
    ensures \result ==> from <= *start && *start + bytes <= below
        && (\exists integer i; 0 <= i < map->count
            && map->ranges[i].start <= *start
            && *start + bytes <= map->ranges[i].end); */
MUST_CHECK bool memmap_find(const struct memmap *map, uint64_t bytes,
                            uint64_t from, uint64_t below, uint64_t *start);

/* Where tables that describe frames go, and how many frames they describe. */
struct memmap_place {
    uint64_t start;
    uint64_t bytes;
    uint64_t frames;
};

/* Find room in the map for tables of @bytes_for(frames) bytes, frames counting
 * from address 0 to the map's end: the lowest gap between @from and @below. If
 * there is none, the highest ranges are given up, one after the other.
 * Returns false if no tables fit at all. Cost: O(ranges^2) at worst. */
MUST_CHECK bool memmap_place_tables(const struct memmap *map, uint64_t from,
                                    uint64_t below,
                                    uint64_t (*bytes_for)(uint64_t frames),
                                    struct memmap_place *out);

/* The end of the highest range; 0 for an empty map. */
/*@ requires \valid_read(map) && memmap_fits(map);
    assigns \nothing;
    ensures map->count > 0
        ==> \result == map->ranges[map->count - 1].end; */
uint64_t memmap_end(const struct memmap *map);

/* Whether every frame of [start, end), page-aligned, is in the map. */
/*@ requires \valid_read(map) && memmap_fits(map);
    assigns \nothing;
    ensures \result ==> (\exists integer i; 0 <= i < map->count
        && map->ranges[i].start <= start && end <= map->ranges[i].end); */
bool memmap_contains(const struct memmap *map, uint64_t start, uint64_t end);

/* Check the form: sorted, disjoint, not touching, aligned, below the limit. */
/*@ requires \valid_read(map);
    assigns \nothing;
    ensures \result ==> memmap_fits(map); */
bool memmap_check(const struct memmap *map);
