/* SPDX-License-Identifier: MIT */
/* Reads a program file that lies in one piece or in pages. */
#include "elf_image.h"

#include <base/align.h>
#include <base/string.h>

void
elf_image_gather(const struct elf_image *image, uint64_t offset, void *to,
                 uint64_t bytes)
{
    uint8_t *at = to;

    while (bytes > 0) {
        uint64_t inside = offset & (PAGE_BYTES - 1);
        uint64_t count = PAGE_BYTES - inside;

        count = count < bytes ? count : bytes;
        memcpy(at, image->page(image->owner, offset >> PAGE_SHIFT) + inside,
               count);
        at += count;
        offset += count;
        bytes -= count;
    }
}

const uint8_t *
elf_image_look(const struct elf_image *image, uint64_t offset, uint64_t bytes)
{
    uint64_t inside = offset & (PAGE_BYTES - 1);

    if (image->page == NULL) {
        return image->flat + offset;
    }
    if (bytes <= PAGE_BYTES - inside) {
        return image->page(image->owner, offset >> PAGE_SHIFT) + inside;
    }
    elf_image_gather(image, offset, image->scratch, bytes);
    return image->scratch;
}
