/* SPDX-License-Identifier: MIT */
/*
 * Finds and checks the manifest in the notes of a program. Pure: no state, no
 * allocation, and every loop ends after at most MANIFEST_NOTES_BYTES_MAX / 12
 * turns, whatever the bytes say. The format is in <secos/manifest.h>.
 *
 * Notes of others (a build id, say) are stepped over. What claims to be ours,
 * by its name or by its type, must be right in every field.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/manifest.h>

#include <base/compiler.h>

#include "elf_status.h"

/* Longest note segment that is read: keeps the time bounded. */
#define MANIFEST_NOTES_BYTES_MAX 4096u

/* What a program may do. Where the manifest does not speak (absent, version 1,
 * or a zero that means "default") the fields hold what then applies, so that
 * nobody needs to look at `present` to use them. */
struct manifest {
    bool present;
    uint32_t version;     /* 0 = absent                                      */
    uint32_t flags;       /* enum manifest_flag                              */
    uint32_t permissions; /* bit n = may use group n of enum sys_group       */
    uint32_t priority_ceiling; /* 0 = the parent's                           */
    uint64_t max_mem;     /* bytes; 0 only if absent: the parent decides     */
    uint64_t entry_hint;  /* 0 = not said                                    */
    uint64_t stack_bytes; /* whole pages, at least one                       */
};

/* Describe a program that has no manifest: least privilege. */
struct manifest manifest_absent(void);

/* Read one note segment.
 * @notes    its first byte; may have any alignment in memory
 * @bytes    its length, at most MANIFEST_NOTES_BYTES_MAX
 * @align    how names and descriptions are padded: 4 or 8
 * @manifest in: manifest_absent(), or what an earlier note segment gave;
 *           out: the manifest found here, if there is one; untouched else
 * Returns ELF_OK; ELF_NOTE_CUT for a note that does not fit; or one of the
 * ELF_MANIFEST_ codes, but never ELF_MANIFEST_MAX_MEM_SMALL, which takes
 * knowledge of the image.
 * Cost: linear in @bytes. */
MUST_CHECK enum elf_status manifest_read(const uint8_t *notes, uint64_t bytes,
                                         uint64_t align,
                                         struct manifest *manifest);
