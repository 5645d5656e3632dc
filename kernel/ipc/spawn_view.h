/* SPDX-License-Identifier: MIT */
/* A child that is being spawned gets a copy-on-write view of its maker, 16 pages
 * a step. What a view is: memory_view.h. */
#pragma once

#include <stdbool.h>

#include <secos/status.h>

#include <base/compiler.h>

struct spawn;

/* Do the next step of phase VIEW, or go on to FINISH. Returns as
 * memory_view_show, or ST_ENOENT if the range has no region. */
MUST_CHECK enum status spawn_view_step(struct spawn *spawn);

/* A step behind or in VIEW failed with @error. Returns whether there is a view to
 * take back first: then the phase is UNDO. */
bool spawn_view_turn_back(struct spawn *spawn, enum status error);

/* Do the next step of phase UNDO. Returns what the spawn failed with when that was
 * the last. */
MUST_CHECK enum status spawn_view_undo_step(struct spawn *spawn);
