/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one 64-bit word for each 4 KiB frame of the machine, so that
 * a frame tells who owns it and, if it is mapped, where.
 *
 *      63                               8 7     4 3    0
 *     +----------------------------------+-------+------+
 *     |              owner               | flags | kind |
 *     +----------------------------------+-------+------+
 *
 * kind is enum frame_kind of <secos/system.h>. owner depends on it:
 *
 *     USER          space 20 bits | page 35 bits       frame_private()
 *     SHARED        object 20 | page 20 | count 16     frame_shared()
 *     MODULE        0         | 0       | count 16     frame_shared()
 *     PAGE_TABLE    space 20 bits                      frame_private(space, 0)
 *     HEAP          address of a descriptor            frame_descriptor()
 *     FREE, others  0
 *
 * An owner value as these functions build it already stands in its place in the
 * word, so that storing it is one instruction: word = owner | flags | kind.
 *
 * Invariants
 *  I1  A frame's kind is FREE exactly while its bit in the PMM's bitmap is set
 *      or the frame stands in the pre-zeroed pool (flag FRAME_POOLED).
 *  I2  Only the PMM changes a kind, because it counts frames by kind. Owner and
 *      mapped flags belong to whoever allocated the frame.
 *  I3  Of a 2 MiB frame only the first word says so (FRAME_LARGE); the words of
 *      the other 511 stay FREE, their bits in the bitmap are clear.
 *
 * Cost: 8 bytes per frame. The functions here are a handful of instructions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <secos/system.h>

#include <base/align.h>
#include <base/compiler.h>

#include <arch/addr.h>

#define FRAME_KIND_MASK 0xFull

/* Flags of a frame word. LARGE stands next to the kind, so that one look at
 * five bits tells whether a single frame of an owned kind begins here. */
#define FRAME_LARGE      (1ull << 4) /* the first of 512 frames            */
#define FRAME_POOLED     (1ull << 5) /* FREE, zeroed, in the PMM's pool    */
#define FRAME_MAPPED_X   (1ull << 6) /* some user leaf makes it executable */
#define FRAME_MAPPED_W   (1ull << 7) /* some user leaf makes it writable   */
#define FRAME_FLAGS_MASK 0xF0ull

#define FRAME_OWNER_SHIFT 8

/* Private owner: page in bits 8-42, space in bits 43-62. */
#define FRAME_PAGE_BITS   35
#define FRAME_SPACE_BITS  20
#define FRAME_SPACE_SHIFT (FRAME_OWNER_SHIFT + FRAME_PAGE_BITS)

/* Shared owner: count in bits 8-23, page in bits 24-43, object in bits
 * 44-63. */
#define FRAME_COUNT_BITS    16
#define FRAME_COUNT_ONE     (1ull << FRAME_OWNER_SHIFT)
#define FRAME_COUNT_MAX     ((1u << FRAME_COUNT_BITS) - 1)
#define FRAME_OBJPAGE_SHIFT (FRAME_OWNER_SHIFT + FRAME_COUNT_BITS)
#define FRAME_OBJPAGE_BITS  20
#define FRAME_OBJECT_SHIFT  (FRAME_OBJPAGE_SHIFT + FRAME_OBJPAGE_BITS)

/* The table and the number of its words; set once by pmm_init. */
extern uint64_t *frame_table;
extern uint64_t frame_limit;

/* The number of the frame that @p, a physmap pointer, points into. Any other
 * pointer gives a number >= frame_limit, so one comparison judges it. */
static inline uint64_t
frame_index(const void *p)
{
    return physmap_paddr(p).raw >> PAGE_SHIFT;
}

static inline uint64_t
frame_index_of(paddr_t pa)
{
    return pa.raw >> PAGE_SHIFT;
}

/* The first byte of frame @index, through the physmap. */
static inline void *
frame_at(uint64_t index)
{
    return physmap_at(paddr(index << PAGE_SHIFT));
}

/* Whether the table has a word for what @p points into. */
static inline bool
frame_is_known(const void *p)
{
    return frame_index(p) < frame_limit;
}

/* The word of the frame that @p points into; frame_is_known(@p). */
static inline uint64_t *
frame_word(const void *p)
{
    return &frame_table[frame_index(p)];
}

static inline uint64_t *
frame_word_of(paddr_t pa)
{
    return &frame_table[frame_index_of(pa)];
}

static inline enum frame_kind
frame_kind_of(uint64_t word)
{
    return (enum frame_kind)(word & FRAME_KIND_MASK);
}

/* The owner of a frame mapped once: @page is vaddr >> 12, below 2^35. */
static inline uint64_t
frame_private(uint32_t space, uint64_t page)
{
    return (uint64_t)space << FRAME_SPACE_SHIFT | page << FRAME_OWNER_SHIFT;
}

static inline uint32_t
frame_space(uint64_t word)
{
    return (uint32_t)(word >> FRAME_SPACE_SHIFT)
           & ((1u << FRAME_SPACE_BITS) - 1);
}

static inline uint64_t
frame_page(uint64_t word)
{
    return word >> FRAME_OWNER_SHIFT & ((1ull << FRAME_PAGE_BITS) - 1);
}

/* The owner of a memory object's frame: @count mappings show it. */
static inline uint64_t
frame_shared(uint32_t object, uint32_t page, uint32_t count)
{
    return (uint64_t)object << FRAME_OBJECT_SHIFT
           | (uint64_t)page << FRAME_OBJPAGE_SHIFT
           | (uint64_t)count << FRAME_OWNER_SHIFT;
}

static inline uint32_t
frame_object(uint64_t word)
{
    return (uint32_t)(word >> FRAME_OBJECT_SHIFT);
}

static inline uint32_t
frame_object_page(uint64_t word)
{
    return (uint32_t)(word >> FRAME_OBJPAGE_SHIFT)
           & ((1u << FRAME_OBJPAGE_BITS) - 1);
}

static inline uint32_t
frame_count(uint64_t word)
{
    return (uint32_t)(word >> FRAME_OWNER_SHIFT) & FRAME_COUNT_MAX;
}

/* Whether any number of leaves may show the frame, and its word counts them. */
static inline bool
frame_is_counted(uint64_t word)
{
    enum frame_kind kind = frame_kind_of(word);

    return kind == FRAME_SHARED || kind == FRAME_MODULE;
}

/* The owner of a heap frame. Addresses are sign-extended from 48 bits, so the
 * upper 8 of the 64 say nothing and give way to flags and kind. */
static inline uint64_t
frame_descriptor(const void *descriptor)
{
    return (uint64_t)(uintptr_t)descriptor << FRAME_OWNER_SHIFT;
}

static inline void *
frame_descriptor_of(uint64_t word)
{
    return (void *)(uintptr_t)((int64_t)word >> FRAME_OWNER_SHIFT);
}

/* Give @p's frame another owner and no flags; its kind stays. */
static inline void
frame_set_owner(void *p, uint64_t owner)
{
    uint64_t *word = frame_word(p);

    *word = owner | (*word & FRAME_KIND_MASK);
}

/* Add the flags FRAME_MAPPED_X, FRAME_MAPPED_W in @flags. */
static inline void
frame_add_flags(void *p, uint64_t flags)
{
    *frame_word(p) |= flags;
}

static inline void
frame_remove_flags(void *p, uint64_t flags)
{
    *frame_word(p) &= ~flags;
}

/* The kind as a word for reports: "user", "page table" ... */
const char *frame_kind_name(enum frame_kind kind);
