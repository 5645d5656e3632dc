/* SPDX-License-Identifier: MIT */
/*
 * The manifest: what a program asks of the kernel, as a note in its ELF file.
 *
 *      note      name "SECOS", type MANIFEST_NOTE_TYPE, found through a PT_NOTE
 *      desc      struct manifest_desc: version 1 is its first 24 bytes,
 *                version 2 all 40
 *
 * A program without a manifest, or with one of version 1, may use only the
 * system call groups of MANIFEST_GROUPS_LEAST. Asking is not getting: no child
 * ever has more than its parent. A program of one's own says:
 *
 *      SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS, 0, 0);
 */
#pragma once

#include <stdint.h>

#include <secos/syscall.h>

#define MANIFEST_NOTE_NAME "SECOS"
#define MANIFEST_NOTE_TYPE 0x51534543u

#define MANIFEST_V1_BYTES 24u
#define MANIFEST_V2_BYTES 40u

/* Each names a protection without which the program does not want to run.
 * SecOS gives all four to everybody. */
enum manifest_flag {
    REQUIRE_WX_BLOCK = 1 << 0,
    REQUIRE_STACK_GUARD = 1 << 1,
    REQUIRE_NX_DATA = 1 << 2,
    REQUIRE_RX_CODE = 1 << 3,
};

#define MANIFEST_FLAGS_KNOWN                                    \
    ((uint32_t)REQUIRE_WX_BLOCK | (uint32_t)REQUIRE_STACK_GUARD \
     | (uint32_t)REQUIRE_NX_DATA | (uint32_t)REQUIRE_RX_CODE)

struct manifest_desc {
    uint32_t version; /* 1 or 2                                             */
    uint32_t flags;   /* enum manifest_flag                                 */
    uint64_t max_mem; /* bytes the process may ever hold; never 0           */
    uint64_t entry_hint; /* must equal the ELF entry; 0 = not said             */
    /* Version 2 only: */
    uint32_t permissions; /* bit n = may use group n of enum sys_group    */
    uint32_t priority_ceiling; /* no thread runs above it; 0 = the parent's    */
    uint64_t stack_bytes; /* whole pages; 0 = USER_STACK_PAGES            */
};

_Static_assert(sizeof(struct manifest_desc) == MANIFEST_V2_BYTES, "no padding");

#define MANIFEST_GROUPS_ALL ((1u << SYS_GROUPS) - 1)

/* A program's own memory, its end, and the console if its parent lent one. */
#define MANIFEST_GROUPS_LEAST \
    (1u << SYS_GROUP_BASIC | 1u << SYS_GROUP_MEMORY | 1u << SYS_GROUP_CONSOLE)

/* Keeps every stack, with its guard, above USER_MAP_BASE. */
#define MANIFEST_STACK_MAX   0x40000000ull
#define MANIFEST_MAX_MEM_ANY (1ull << 46)

/* The note itself. Four-byte alignment is what PT_NOTE has; the packing keeps
 * the 8-byte fields where the format wants them. */
struct manifest_note {
    uint32_t name_bytes;
    uint32_t desc_bytes;
    uint32_t type;
    char name[8];
    struct manifest_desc desc;
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct manifest_note) == 60, "12 + 8 + 40");

/* Put a version 2 manifest into this program: @groups beyond the least,
 * @memory and @stack in bytes (0 = no bound of its own, the default size). The
 * alignment is said again because GCC gives large objects more, and a note
 * segment with more than 8 is refused. */
#define SECOS_MANIFEST(groups, memory, stack)                            \
    __attribute__((section(".note.secos"), used, aligned(4)))            \
    const struct manifest_note secos_manifest = {                        \
        .name_bytes = sizeof MANIFEST_NOTE_NAME,                         \
        .desc_bytes = MANIFEST_V2_BYTES,                                 \
        .type = MANIFEST_NOTE_TYPE,                                      \
        .name = MANIFEST_NOTE_NAME,                                      \
        .desc = { .version = 2,                                          \
                  .flags = MANIFEST_FLAGS_KNOWN,                         \
                  .max_mem = (memory) ? (memory) : MANIFEST_MAX_MEM_ANY, \
                  .permissions = MANIFEST_GROUPS_LEAST | (groups),       \
                  .stack_bytes = (stack) },                              \
    }
