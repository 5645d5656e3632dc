/* SPDX-License-Identifier: MIT */
/* The dynamic section of a static PIE: nothing in it that another program, or
 * writing to code, would be needed for. Part of elf_validate, and like it pure
 * and total. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include "elf.h"

/* Linkers write about 20 entries. */
#define ELF_DYNAMIC_BYTES_MAX 1024u

/* Where a program header says that something is, kept until all segments are
 * known. */

/* Whether the file bytes of @extent are file bytes of a segment of @plan, at the
 * same place in the file and in memory. Segments end below USER_MAP_BASE. */
bool elf_dynamic_is_in_segment(const struct elf_segment *extent,
                               const struct elf_plan *plan);

/* Check what @extent says is the dynamic section of @image, whose segments are
 * in @plan, checked. Returns ELF_OK or the first reason against it.
 * Cost: ELF_DYNAMIC_BYTES_MAX bytes read. */
MUST_CHECK enum elf_status elf_dynamic_check(const struct elf_image *image,
                                             const struct elf_segment *extent,
                                             const struct elf_plan *plan);
