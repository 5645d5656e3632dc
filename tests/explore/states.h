/* SPDX-License-Identifier: MIT */
/*
 * The states that a walk has found: of each its key, the best way there, and what a
 * willing pager makes of it.
 *
 *      key ---> number ---> parent, step     the way, back to state 0
 *                      ---> served           forward, to where nobody waits
 *
 * A state costs 28 bytes and at least 8 of a table that is at most half full, so
 * that tens of millions fit into a few GiB.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keys.h"
#include "step.h"

#define STATES_LONGEST 256u /* way                                  */
#define STATES_LAYERS  64u  /* numbers of disturbances on a way     */
#define NO_STATE       UINT32_MAX

struct state {
    uint32_t parent;   /* NO_STATE: it is the first                     */
    uint32_t served;   /* the state after it is served; itself: the end */
    uint16_t step;     /* packed: from its parent to here               */
    uint8_t disturbed; /* steps on its way that disturb                 */
    bool is_expanded;
    bool is_good; /* being served comes to an end                       */
};

/* States to be expanded, first come, first served. */
struct states_queue {
    uint32_t *states;
    uint32_t first;
    uint32_t end;
    uint32_t room;
};

struct states {
    struct keys keys;
    struct state *of; /* by number */
    uint32_t room;
    struct states_queue queues[STATES_LAYERS]; /* by `disturbed` */
};

/* A way: the numbers of states from state 0 on. */
struct states_way {
    uint32_t states[STATES_LONGEST];
    unsigned length; /* steps: one less than states */
};

/* The number of the state with @key; *@is_new says whether it is found now. */
uint32_t states_add(struct states *states, const struct key *key, bool *is_new);

/* The best way to @state is over @parent by @step, with @disturbed: to be expanded
 * among those. Ends the program if that is more than STATES_LAYERS. */
void states_set_way(struct states *states, uint32_t state, uint32_t parent,
                    const struct step *step, unsigned disturbed);

/* Take a state that is to be expanded from those with @disturbed. Returns false if
 * there is none. */
bool states_take(struct states *states, unsigned disturbed, uint32_t *out);

/* @state, which is yet to be expanded, is. */
void states_set_expanded(struct states *states, uint32_t state);

/* Write how many states need how many disturbances to @layers[STATES_LAYERS]. */
void states_count_layers(const struct states *states, uint64_t *layers);

/* Whether states are left that are to be expanded. */
bool states_are_left(const struct states *states);

/* Write the way to @state. Ends the program if it is too long. */
void states_find_way(const struct states *states, uint32_t state,
                     struct states_way *out);

/* The last step of the way to @state, which is not the first. */
struct step states_step(const struct states *states, uint32_t state);

/* An expanded state that is served without an end, or NO_STATE. */
uint32_t states_find_endless(struct states *states);

void states_free(struct states *states);
