/* SPDX-License-Identifier: MIT */
/*
 * The state of the small world as memory that is kept and brought back: every
 * variable of the kernel and of the world (one section, by kernel_state.ld) and
 * the frames.
 *
 * Most of that never changes; which 64-byte lines do is learned by walking about
 * at random, and verified now and then: if a line differs that never did before,
 * snapshot_learn returns true, and what was found since is worthless.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Take the present state as the first. Context: after world_begin. */
void snapshot_begin(void);

/* Learn which lines change. Returns whether there were new ones. */
bool snapshot_learn(void);

/* Bytes that snapshot_save writes; changes with snapshot_learn. */
size_t snapshot_bytes(void);

void snapshot_save(void *to);
void snapshot_restore(const void *from);

/* Bring back the first state, whatever was learned. */
void snapshot_restore_first(void);
