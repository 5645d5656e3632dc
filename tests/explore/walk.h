/* SPDX-License-Identifier: MIT */
/*
 * A walk through every state of a small world.
 *
 * From the first state it takes every possible step, from each new state again,
 * until no step leads to a state that was not seen. In every state every invariant
 * is looked at, and everybody is killed, after which everything must have been
 * given back. From every state the steps of a willing pager lead to one in which
 * nobody waits (progress).
 *
 * Some steps disturb: they take something away or end somebody (step_disturbs).
 * States are found by how many of them it takes, in layers; among equals, those
 * that need fewer steps come first, so the way to a violation is the shortest of
 * those with the fewest disturbances. A world is walked with at most so many of
 * them; if no step is left out by that, the walk is complete: there are no other
 * states, however many disturbances come.
 *
 * Fewer orders suffice where a step concerns nobody else (step_alone): from there
 * only that step is taken. It can neither prevent what others do nor be prevented
 * or changed by it, and it will be taken some time; whatever is true of a state that
 * others reach without it is true of the one they reach after it, for an invariant
 * is about one process, or a sum over them. That it commutes with every other step
 * is tried in some of the states.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "states.h"
#include "step.h"

/* As many disturbances as can be. */
#define WALK_UNBOUNDED (STATES_LAYERS - 1)

/* What else was done in the state that an invariant was broken by. */
enum walk_then {
    WALK_NOTHING,
    WALK_SERVE, /* everything was served  */
    WALK_END,   /* everybody was killed   */
};

struct walk_result {
    uint64_t states;
    uint64_t transitions;
    uint64_t layers[STATES_LAYERS]; /* states by the disturbances needed  */
    uint64_t twins; /* pairs of states with one description: see describe.h */
    uint64_t alone; /* states in which a step alone was tried               */
    unsigned depth;
    bool is_complete;
    const char *broken; /* an invariant, or NULL */
    struct step way[STATES_LONGEST];
    unsigned way_length;
    enum walk_then then;
};

/* Walk from the present state, which world_begin has made, with at most
 * @disturbances. Context: once in a program. */
void walk_everywhere(unsigned disturbances, struct walk_result *out);
