/* SPDX-License-Identifier: MIT */
/*
 * Where a new process finds its image, its stack, its heap and the regions that
 * ask for no place. Pure.
 *
 *   USER_STACK_TOP   +------------------+
 *                    |                  |
 *   stack_top -----> | stack            |  23 bits: which 2 MiB
 *                    | guard            |   8 bits: where in them
 *                    |                  |
 *   USER_STACK_AREA  +------------------+
 *                    |                  |
 *   heap_base -----> | heap             |  23 bits: which 2 MiB
 *   USER_HEAP_BASE   +------------------+
 *                    |                  |
 *   map_base ------> | regions          |  23 bits: which 2 MiB
 *   USER_MAP_BASE    +------------------+
 *                    |                  |
 *   image ---------> | image            |  23 bits: which 2 MiB
 *                    |                  |   8 bits: where in them
 *   USER_IMAGE_BASE  +------------------+
 *
 * The four are drawn independently: who learns one address knows nothing of the
 * others, and nothing of another process's.
 *
 * What is smaller than a page table maps (2 MiB) never crosses from one to the
 * next, so chance decides about addresses and not about frames: each run of a
 * program costs the same. Heap and regions begin at 2 MiB, so that pages of that
 * size stay possible.
 *
 * An image that is not movable stands where it was linked. An image aligned to
 * more than a page has one bit less for each doubling.
 */
#pragma once

#include <stdint.h>

#include <task/elf.h>

/* Random numbers that place_choose wants. */
#define PLACE_NUMBERS 3u

struct place {
    uint64_t image; /* of its lowest page */
    uint64_t stack_top;
    uint64_t map_base;
    uint64_t heap_base;
};

/* The same place for every process. */
struct place place_fixed(const struct elf_plan *plan);

/* A place by @random: PLACE_NUMBERS numbers that nobody else knows. */
struct place place_choose(const struct elf_plan *plan,
                          const uint64_t random[PLACE_NUMBERS]);
