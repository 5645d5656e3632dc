/* SPDX-License-Identifier: MIT */
/*
 * The program's own image: where the linker thought it would be, and where it is.
 *
 * A program is linked as if it began at USER_IMAGE_BASE and runs wherever the
 * kernel put it; the difference is the bias. Code reaches code and data by
 * distances, which a bias does not change. Words of data that hold addresses do
 * change: the linker lists them, and the first function of every program adds
 * the bias to each.
 *
 *      .data.rel.ro  | name --+ |     at 0x40f010: "log" at 0x40c120, as linked
 *                             |       the list says: word 0x40f010 = bias + 0x40c120
 *      .rodata  | "log" <-----+ |
 *
 * I1  only words of the data segment's file bytes are written: pages that the
 *     loader has filled, so that a program that must not fault does not
 * I2  text and constants are never written, and so can be shared
 * I3  behind image_relocate, what was only to be relocated is read-only
 */
#pragma once

#include <stdint.h>

/* How a program ends that cannot take its place. */
#define EXIT_IMAGE 127

/* What user.ld knows, in addresses as linked. */
struct image_layout {
    uint64_t here; /* of this structure */
    uint64_t rela;
    uint64_t rela_end;
    uint64_t data; /* the data segment; its first pages are to be constants */
    uint64_t relro_end;
    uint64_t data_end; /* of what the file holds of it */
    uint64_t tls;      /* template of thread-local variables */
    uint64_t tls_file_bytes;
    uint64_t tls_bytes;
    uint64_t tls_align;
};

_Static_assert(sizeof(struct image_layout) == 80, "as user.ld writes it");

extern const struct image_layout image_layout
    __attribute__((visibility("hidden")));

/* What was added to the addresses that the linker wrote. */
static inline uint64_t
image_bias(void)
{
    return (uint64_t)(uintptr_t)&image_layout - image_layout.here;
}

/* Relocate the program, then give up writing to what needed nothing else. Called
 * once, before any other function: the stack guard has no value yet, and no
 * pointer in a constant may be used. A list that names a word outside the data,
 * or wants something else than the bias, ends the program with EXIT_IMAGE and a
 * line on the console. */
void image_relocate(void);
