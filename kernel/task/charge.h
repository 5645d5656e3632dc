/* SPDX-License-Identifier: MIT */
/*
 * Who pays for a small kernel object: the process that made it, while it lives.
 * What outlives its maker is the kernel's from then on; that is bounded by the
 * handles that still name it, of which every process has at most 4,096.
 *
 * I1  A charge with a maker is in the maker's list `made`, and its bytes are in
 *     the maker's charged_bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

struct process;

struct charge {
    struct list link;
    struct process *maker; /* NULL = the kernel */
    uint64_t bytes;
    /* Called when the maker has ended, if not NULL: what it alone should pay for
     * must go. */
    void (*on_orphan)(struct charge *charge);
};

/* Charge @bytes to @maker, NULL for the kernel itself, for which nothing is
 * counted. Returns ST_ENOMEM with nothing changed. */
MUST_CHECK enum status charge_make(struct charge *charge, struct process *maker,
                                   uint64_t bytes);

/* The object goes: its maker, if it still lives, gets the bytes back. */
void charge_drop(struct charge *charge);

/* @maker ends: up to @most of its charges become the kernel's; true when none
 * is left. */
bool charge_orphan_step(struct process *maker, unsigned most);
