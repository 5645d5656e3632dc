/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a program file, wherever the kernel keeps them: a boot module lies in
 * one piece; a copy of what a process gave lies in frames, one for each page of the
 * file, for a large block of the heap could not be had, nor given back, in steps.
 *
 *      flat     | bytes ................................ |
 *      pages    | page 0 |   | page 1 |   | page 2 |        each where it likes
 *
 * Pure: no allocation, nothing changed. Who asks stays within bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

/* Where page @index of the file is that @owner keeps. */
typedef const uint8_t *(*elf_image_page_fn)(const void *owner, uint64_t index);

struct elf_image {
    const uint8_t *flat;    /* all of it, of any alignment, or */
    elf_image_page_fn page; /* whole pages, if this is not NULL */
    const void *owner;
    uint64_t bytes;
    uint8_t *scratch; /* with pages: MANIFEST_NOTES_BYTES_MAX bytes */
};

/* The slow half of elf_image_read: @image is in pages. */
void elf_image_gather(const struct elf_image *image, uint64_t offset, void *to,
                      uint64_t bytes);

/* Copy @bytes at @offset of @image to @to. Cost: O(@bytes). */
static ALWAYS_INLINE void
elf_image_read(const struct elf_image *image, uint64_t offset, void *to,
               uint64_t bytes)
{
    if (LIKELY(image->page == NULL)) {
        __builtin_memcpy(to, image->flat + offset, bytes);
    } else {
        elf_image_gather(image, offset, to, bytes);
    }
}

/* The @bytes <= MANIFEST_NOTES_BYTES_MAX at @offset in one piece, valid until the
 * next look. Cost: O(@bytes) if they lie across pages. */
const uint8_t *elf_image_look(const struct elf_image *image, uint64_t offset,
                              uint64_t bytes);
