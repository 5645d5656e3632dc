/* SPDX-License-Identifier: MIT */
/*
 * A walk through every state of a small world.
 *
 * From the first state it takes every possible step, from each new state again,
 * until no step leads to a state that was not seen. In every state every invariant
 * is looked at; every state is served to its end by a willing pager, after which
 * nobody may wait (progress); and in every state everybody is killed, after which
 * everything must have been given back.
 *
 * Some steps disturb: they take something away or end somebody (step_disturbs). A
 * world is walked with at most so many of them, at every moment they could come.
 * States that need fewer come first; among equals, those that need fewer steps: so
 * the way to a violation is the shortest of those with the fewest disturbances.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "step.h"

#define WALK_LONGEST        256u
#define WALK_MOST_DISTURBED 4u

/* What else was done in the state that an invariant was broken by. */
enum walk_then {
    WALK_NOTHING,
    WALK_SERVE, /* everything was served  */
    WALK_END,   /* everybody was killed   */
};

struct walk_result {
    uint64_t states;
    uint64_t transitions;
    uint64_t twins; /* pairs of states with one description: see describe.h */
    unsigned depth;
    const char *broken; /* an invariant, or NULL */
    struct step way[WALK_LONGEST];
    unsigned way_length;
    enum walk_then then;
};

/* Walk from the present state, which world_begin has made, with at most
 * @disturbances. Context: once in a program. */
void walk_everywhere(unsigned disturbances, struct walk_result *out);
