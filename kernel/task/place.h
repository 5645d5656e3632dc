/* SPDX-License-Identifier: MIT */
/*
 * Where a new process finds its image. Pure.
 *
 *   USER_MAP_BASE    +------------------+
 *                    |                  |
 *                    | image            |  a movable one
 *   image ---------> +------------------+
 *                    |                  |
 *   USER_IMAGE_BASE  +------------------+
 *
 * An image that is not movable stands where it was linked.
 */
#pragma once

#include <stdint.h>

#include <task/elf.h>

struct place {
    uint64_t image; /* of its lowest page */
};

/* The same place for every process: the lowest there is. */
struct place place_fixed(const struct elf_plan *plan);
