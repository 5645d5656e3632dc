/* SPDX-License-Identifier: MIT */
/*
 * Decides whether a file is a program that SecOS can run, and what to load.
 *
 *      bytes of a stranger --> elf_validate --> struct elf_plan --> the loader
 *
 * The loader starts only after elf_validate said yes and reads nothing but the
 * plan, so every number it uses has been checked here. elf_validate is
 *   pure   it allocates nothing, changes nothing but *out, depends on nothing
 *          but its arguments, and so runs and is fuzzed on the host;
 *   total  it ends with an answer for every sequence of bytes, of any length
 *          and alignment, after at most ELF_MAX_PHDRS headers and as many note
 *          segments of MANIFEST_NOTES_BYTES_MAX.
 *
 * What holds for a plan:
 *   I1  segments are in order of address, and no page belongs to two of them
 *   I2  all of it lies in [USER_BASE, USER_MAP_BASE): not at NULL, not where
 *       mappings or stacks go, not in the kernel; a movable image, below
 *       USER_MAP_BASE and within ELF_MOVABLE_SPAN_MAX: who places it sees to
 *       the rest
 *   I3  file_bytes <= mem_bytes, mem_bytes > 0, and the bytes
 *       [offset, offset + file_bytes) are in the image
 *   I4  offset and vaddr agree modulo the page size
 *   I5  every segment is readable; none is both writable and executable
 *   I6  entry is one of the file bytes of an executable segment
 *   I7  the pages of all segments together do not exceed manifest.max_mem,
 *       where there is a manifest
 *   I8  a movable image has a dynamic section, in the file bytes of a segment,
 *       that ends, names no other file and wants no text written
 *
 * What is behind file_bytes up to the end of the last page, and what is before
 * vaddr in the first, must read as zero: the loader sees to that.
 *
 * An image with several faults is refused for one of them. The order: file
 * header, table, then each program header in the order of the file, then what
 * concerns them together (segments, entry, thread-local template, dynamic
 * section, manifest).
 *
 * ET_EXEC stands where it was linked. ET_DYN is movable: a static PIE, which
 * relocates itself in ring 3 (libsecos/image.h). The kernel chooses where
 * (place.h) and moves the plan (elf_move) before anything is loaded; it reads no
 * relocation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/align.h>
#include <base/compiler.h>

#include "elf_status.h"
#include "manifest.h"

struct elf_image;

#define ELF_MAX_SEGMENTS 16u
#define ELF_MAX_PHDRS    64u

/* From its first page to its last, of an image that the kernel places: small
 * enough to leave most of the area for images to chance. */
#define ELF_MOVABLE_SPAN_MAX 0x0000010000000000ull

/* One non-empty PT_LOAD. Addresses and sizes in bytes, neither page-aligned. */
struct elf_segment {
    uint64_t vaddr;
    uint64_t mem_bytes;
    uint64_t offset;     /* of its first byte in the image */
    uint64_t file_bytes; /* the rest of mem_bytes is zero  */
    uint32_t prot;       /* enum prot                      */
};

struct elf_plan {
    uint64_t entry;
    uint64_t first_page; /* address of the lowest page              */
    uint64_t end_page;   /* address behind the highest page         */
    uint64_t page_count; /* of all segments, without holes between  */
    uint64_t align;      /* the largest p_align                     */
    uint32_t segment_count;
    bool movable; /* ET_DYN */
    struct manifest manifest;
    struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/* Address of the first page of @segment. */
static inline uint64_t
elf_segment_first_page(const struct elf_segment *segment)
{
    return align_down(segment->vaddr, PAGE_BYTES);
}

/* Address behind the last page of @segment. */
static inline uint64_t
elf_segment_end_page(const struct elf_segment *segment)
{
    return align_up(segment->vaddr + segment->mem_bytes, PAGE_BYTES);
}

/* Address behind the last page that has bytes of the file; equals the first
 * page if there is none. The pages from here on are all zero. */
static inline uint64_t
elf_segment_file_end_page(const struct elf_segment *segment)
{
    if (segment->file_bytes == 0) {
        return elf_segment_first_page(segment);
    }
    return align_up(segment->vaddr + segment->file_bytes, PAGE_BYTES);
}

/* Add @bias to every address of @plan. For a negative one, add 2^64 to it. */
static inline void
elf_move(struct elf_plan *plan, uint64_t bias)
{
    plan->entry += bias;
    plan->first_page += bias;
    plan->end_page += bias;
    for (unsigned i = 0; i < plan->segment_count; i++) {
        plan->segments[i].vaddr += bias;
    }
}

/* Check the program in @image.
 * @image  @bytes readable bytes, of any alignment; may be NULL if @bytes is 0.
 *         Nobody may change them until the loader is done: bytes that were
 *         checked and then changed were not checked. Give a copy, or memory
 *         that only the kernel can write, never a pointer into a process.
 * @out    what to load; untouched unless ELF_OK is returned
 * Returns ELF_OK, or why the image is refused.
 * Context: any; takes no lock, does not block; about 1.5 KiB of stack.
 * Cost: linear in the headers and notes; segments are not read. */
MUST_CHECK enum elf_status elf_validate(const void *image, uint64_t bytes,
                                        struct elf_plan *out);

/* The same for an image that may lie in pages. */
MUST_CHECK enum elf_status elf_validate_image(const struct elf_image *image,
                                              struct elf_plan *out);

/* Say what @status means, as a phrase without a full stop. Never NULL. */
const char *elf_status_text(enum elf_status status);
