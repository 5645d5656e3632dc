/* SPDX-License-Identifier: MIT */
/* A whole program to be made in memory, of any size: its first bytes are all that
 * is not zero, and it ends with 7. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct image {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
    uint8_t code[16];
};

#define IMAGE_AT    0x400000u
#define IMAGE_PAGE  4096u
#define IMAGE_ENTRY (IMAGE_AT + offsetof(struct image, code))

/* Make @image the beginning of a program of @bytes bytes, all of them one segment
 * to read and run. */
static inline void
image_make(struct image *image, uint64_t bytes)
{
    static const uint8_t code[] = {
        0xBF, 7,    0,    0,    0, /* mov edi, 7          */
        0xB8, 0x01, 0x10, 0,    0, /* mov eax, SYS_exit   */
        0xCD, 0x80, 0x0F, 0x0B,    /* int 0x80; ud2       */
    };

    *image = (struct image){
        .ident = { 0x7F, 'E', 'L', 'F', 2, 1, 1 },
        .type = 2,
        .machine = 62,
        .version = 1,
        .entry = IMAGE_ENTRY,
        .phoff = 64,
        .ehsize = 64,
        .phentsize = 56,
        .phnum = 1,
        .p_type = 1,
        .p_flags = 5,
        .p_vaddr = IMAGE_AT,
        .p_paddr = IMAGE_AT,
        .p_filesz = bytes,
        .p_memsz = bytes,
        .p_align = IMAGE_PAGE,
    };
    memcpy(image->code, code, sizeof(code));
}
