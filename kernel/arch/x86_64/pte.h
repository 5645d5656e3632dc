/* SPDX-License-Identifier: MIT */
/*
 * The bits of an x86-64 paging-structure entry, and what SecOS keeps in those
 * that the processor ignores.
 *
 *   63 62    52 51                        12 11  9 8 7 6 5 4 3 2 1 0
 *   +--+-------+----------------------------+-----+-+-+-+-+-+-+-+-+-+
 *   |NX| count | physical address           |     |G|S|D|A|C|T|U|W|1|  present
 *   +--+-------+----------------------------+-----+-+-+-+-+-+-+-+-+-+
 *   | fault slot (32..63)   | 0 (4..31)           | state (1..3)  |0|  in transit
 *   +---------------------------------------------------------------+
 *   | 0                                                             |  empty
 *   +---------------------------------------------------------------+
 *
 * count (bits 52-61, ignored by the processor) stands in an entry that points
 * at a table: how many of that table's 512 entries are not zero. So unmapping
 * knows at once when a table is empty. A fault slot stays clear of bits 12-31:
 * what a processor could load speculatively through a non-present entry
 * (L1TF) is at most the first frame of some 4 GiB.
 *
 * Source: Intel SDM vol. 3A, "4-Level Paging and 5-Level Paging" (§4.5).
 */
#pragma once

#define PTE_PRESENT    (1ull << 0)
#define PTE_WRITE      (1ull << 1)
#define PTE_USER       (1ull << 2)
#define PTE_ACCESSED   (1ull << 5)
#define PTE_DIRTY      (1ull << 6)
#define PTE_LARGE      (1ull << 7) /* in a level 2 or 3 entry: it maps a page */
#define PTE_GLOBAL     (1ull << 8)
#define PTE_PINNED     (1ull << 9) /* ours: this table is never retired */
#define PTE_NO_EXECUTE (1ull << 63)

#define PTE_ADDRESS_MASK 0x000FFFFFFFFFF000ull

#define PTE_COUNT_SHIFT 52
#define PTE_COUNT_ONE   (1ull << PTE_COUNT_SHIFT)
#define PTE_COUNT_MASK  (0x3FFull << PTE_COUNT_SHIFT)

/* Non-present, non-zero entries: what state the page is in. */
#define PTE_STATE_MASK    0xFull
#define PTE_STATE_TRANSIT 0x2ull
#define PTE_SLOT_SHIFT    32

#define PTE_TABLE_ENTRIES 512u
#define PTE_INDEX_BITS    9
