/* SPDX-License-Identifier: MIT */
/*
 * Claims about 2 MiB pages: region_populate gives them to aligned spans of an
 * anonymous region, and nothing that is done to a part of one is seen elsewhere.
 *
 *      large whole       2 MiB pages come, are zero, keep what is written
 *      large edges       unmap at each edge and inside: the others stay as they were
 *      large rights      protect a part: the right rights on all 512 pages (H49)
 *      large unaligned   a span off by a page, or too short, has small pages
 *      large hold        keeps three 2 MiB pages until it is killed
 *      large shortage    without a 2 MiB frame the pages are small, and there
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

#define PAGE        4096ull
#define LARGE       0x200000ull
#define LARGE_PAGES 512u
#define BASE        0x180000000000ull
#define READ_WRITE  (PROT_READ | PROT_WRITE)
#define SCATTERED   1536u

static int64_t
large_region(uint64_t base, uint64_t pages)
{
    struct region_request request = {
        .base = base,
        .pages = pages,
        .prot = READ_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    return region_create(&request);
}

static struct translate_info
large_leaf(uint64_t address)
{
    struct translate_info info = { .frame_address = 0 };

    if (sys_translate(0, address, &info) != ST_OK) {
        exit(2);
    }
    return info;
}

static uint64_t
large_resident(uint64_t base)
{
    struct region_info info;

    return region_query(base, &info) == ST_OK ? info.resident : UINT64_MAX;
}

static volatile uint64_t *
large_word(uint64_t page)
{
    return (volatile uint64_t *)(uintptr_t)(BASE + page * PAGE);
}

/* Populate one 2 MiB page at BASE, with the page's number in each page. Returns
 * its frame. */
static uint64_t
large_setup(void)
{
    struct translate_info info;

    claim_status("a region", large_region(BASE, LARGE_PAGES), (int64_t)BASE);
    claim_equal("populated", region_populate(BASE, LARGE_PAGES, READ_WRITE),
                LARGE_PAGES);
    info = large_leaf(BASE);
    claim_equal("one page of 2 MiB", (int64_t)info.page_bytes, (int64_t)LARGE);
    claim_equal("its frame is aligned", (int64_t)(info.frame_address % LARGE),
                0);
    for (uint64_t i = 0; i < LARGE_PAGES; i++) {
        *large_word(i) = i + 1;
    }
    return info.frame_address;
}

/* Whether pages [first, end) are small now, with @prot, and still show their
 * part of @frame with what was written. */
static bool
large_is_kept(uint64_t frame, uint64_t first, uint64_t end, uint32_t prot)
{
    bool good = true;

    for (uint64_t i = first; i < end; i++) {
        struct translate_info info = large_leaf(BASE + i * PAGE);

        good = good && info.frame_address == frame + i * PAGE
               && info.prot == prot && info.page_bytes == PAGE
               && *large_word(i) == i + 1;
    }
    return good;
}

static void
large_whole(void)
{
    uint64_t zero = 0;
    uint64_t kept = 0;

    claim_status("a region", large_region(BASE, 3 * LARGE_PAGES),
                 (int64_t)BASE);
    claim_equal("populated", region_populate(BASE, 3 * LARGE_PAGES, PROT_READ),
                3 * LARGE_PAGES);
    for (uint64_t i = 0; i < 3 * LARGE_PAGES; i++) {
        for (unsigned word = 0; word < PAGE / 8; word++) {
            zero += large_word(i)[word] == 0;
        }
        zero += large_leaf(BASE + i * PAGE).page_bytes == LARGE;
        *large_word(i) = i + 1;
    }
    claim_equal("zero everywhere, and large", (int64_t)zero,
                3 * LARGE_PAGES * (PAGE / 8 + 1));
    for (uint64_t i = 0; i < 3 * LARGE_PAGES; i++) {
        kept += *large_word(i) == i + 1;
    }
    claim_equal("each keeps what was written", (int64_t)kept, 3 * LARGE_PAGES);
    claim_equal("resident", (int64_t)large_resident(BASE), 3 * LARGE_PAGES);
    claim_equal("populated once more",
                region_populate(BASE, 3 * LARGE_PAGES, READ_WRITE),
                3 * LARGE_PAGES);
    claim_equal("and still large", (int64_t)large_leaf(BASE).page_bytes,
                (int64_t)LARGE);
    claim_status("given back", region_destroy(BASE, 3 * LARGE_PAGES), ST_OK);
    claim_status("gone", large_region(BASE, 1), (int64_t)BASE);
    claim_equal("and zero again", (int64_t)*large_word(0), 0);
}

/* Unmap @pages pages at @first: they are gone, the others are untouched. */
static void
large_cut(uint64_t first, uint64_t pages)
{
    uint64_t frame = large_setup();
    uint64_t gone = 0;

    claim_status("a part unmapped", region_destroy(BASE + first * PAGE, pages),
                 ST_OK);
    claim_true("what is before it stays",
               large_is_kept(frame, 0, first, READ_WRITE));
    claim_true("what is behind it stays",
               large_is_kept(frame, first + pages, LARGE_PAGES, READ_WRITE));
    for (uint64_t i = first; i < first + pages; i++) {
        gone += large_leaf(BASE + i * PAGE).frame_address == 0;
    }
    claim_equal("the part is gone", (int64_t)gone, (int64_t)pages);
    claim_status("the rest too", region_destroy(BASE, LARGE_PAGES), ST_OK);
}

static void
large_edges(void)
{
    large_cut(0, 1);
    large_cut(LARGE_PAGES - 1, 1);
    large_cut(255, 1);
    large_cut(0, 511);
    large_cut(1, 511);
    large_cut(100, 300);
}

static void
large_rights(void)
{
    static const uint64_t cuts[][2] = {
        { 0, 1 }, { 511, 512 }, { 200, 201 }, { 0, 256 }, { 256, 512 },
    };

    for (unsigned n = 0; n < sizeof(cuts) / sizeof(cuts[0]); n++) {
        uint64_t first = cuts[n][0];
        uint64_t end = cuts[n][1];
        uint64_t frame = large_setup();

        claim_status(
            "H49 a part is read-only now",
            region_protect(BASE + first * PAGE, end - first, PROT_READ), ST_OK);
        claim_true("H49 before it: as it was",
                   large_is_kept(frame, 0, first, READ_WRITE));
        claim_true("H49 the part", large_is_kept(frame, first, end, PROT_READ));
        claim_true("H49 behind it: as it was",
                   large_is_kept(frame, end, LARGE_PAGES, READ_WRITE));
        claim_status("given back", region_destroy(BASE, LARGE_PAGES), ST_OK);
    }
}

static void
large_unaligned(void)
{
    uint64_t small = 0;

    claim_status("a region off by a page",
                 large_region(BASE + PAGE, 2 * LARGE_PAGES - 2),
                 (int64_t)(BASE + PAGE));
    claim_equal("populated",
                region_populate(BASE + PAGE, 2 * LARGE_PAGES - 2, READ_WRITE),
                2 * LARGE_PAGES - 2);
    for (uint64_t i = 1; i < 2 * LARGE_PAGES - 1; i++) {
        small += large_leaf(BASE + i * PAGE).page_bytes == PAGE;
    }
    claim_equal("all small", (int64_t)small, 2 * LARGE_PAGES - 2);
}

/* All memory in small pages, then every second of some given back: many frames
 * are free, but no two of them in a row. */
static void
large_shortage(void)
{
    uint64_t other = BASE + 1024 * LARGE + PAGE;
    int64_t got;
    uint64_t small = 0;

    claim_status("a region for all there is", large_region(other, 200000),
                 (int64_t)other);
    got = region_populate(other, 200000, READ_WRITE);
    claim_true("memory is full", got > SCATTERED * 2 && got < 200000);
    for (uint64_t i = 0; i < SCATTERED; i++) {
        (void)region_destroy(other + 2 * i * PAGE, 1);
    }
    claim_status("a region", large_region(BASE, LARGE_PAGES), (int64_t)BASE);
    claim_equal("populated all the same",
                region_populate(BASE, LARGE_PAGES, READ_WRITE), LARGE_PAGES);
    for (uint64_t i = 0; i < LARGE_PAGES; i++) {
        small += large_leaf(BASE + i * PAGE).page_bytes == PAGE;
        *large_word(i) = i;
    }
    claim_equal("with small pages", (int64_t)small, LARGE_PAGES);
}

static void
large_hold(void)
{
    (void)large_region(BASE, 3 * LARGE_PAGES);
    (void)region_populate(BASE, 3 * LARGE_PAGES, READ_WRITE);
    printf("held\n");
    (void)process_sleep_until(UINT64_MAX);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "whole";

    if (strcmp(what, "whole") == 0) {
        large_whole();
    } else if (strcmp(what, "edges") == 0) {
        large_edges();
    } else if (strcmp(what, "rights") == 0) {
        large_rights();
    } else if (strcmp(what, "unaligned") == 0) {
        large_unaligned();
    } else if (strcmp(what, "hold") == 0) {
        large_hold();
    } else if (strcmp(what, "shortage") == 0) {
        large_shortage();
    }
    return claim_end();
}
