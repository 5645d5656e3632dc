/* SPDX-License-Identifier: MIT */
/* Arrays of states, and queues of their numbers. */
#include "states.h"

#include <stdio.h>
#include <stdlib.h>

#include "world.h"

/* A step in 16 bits, from the lowest. */
#define EVENT_BITS    5u
#define WHO_BITS      2u
#define THREAD_BITS   2u
#define PAGE_BITS     4u
#define ARGUMENT_BITS 3u

_Static_assert(EVENT_BITS + WHO_BITS + THREAD_BITS + PAGE_BITS + ARGUMENT_BITS
                   == 16,
               "a packed step");
_Static_assert(STEP_EVENTS <= 1u << EVENT_BITS
                   && WORLD_CLIENTS <= 1u << WHO_BITS
                   && WORLD_PAGERS <= 1u << WHO_BITS
                   && WORLD_THREADS <= 1u << THREAD_BITS
                   && WORLD_SERVERS <= 1u << THREAD_BITS
                   && WORLD_CLIENTS * WORLD_THREADS <= 1u << PAGE_BITS
                   && WORLD_PAGES < 1u << ARGUMENT_BITS
                   && ANSWERS <= 1u << ARGUMENT_BITS,
               "what a step says has room");

static uint16_t
states_pack(const struct step *step)
{
    uint32_t word = step->argument;

    word = word << PAGE_BITS | step->page;
    word = word << THREAD_BITS | step->thread;
    word = word << WHO_BITS | step->who;
    return (uint16_t)(word << EVENT_BITS | step->event);
}

static uint8_t
states_unpack_field(uint32_t *word, unsigned bits)
{
    uint8_t field = (uint8_t)(*word & ((1u << bits) - 1));

    *word >>= bits;
    return field;
}

struct step
states_step(const struct states *states, uint32_t state)
{
    uint32_t word = states->of[state].step;
    struct step step;

    step.event = states_unpack_field(&word, EVENT_BITS);
    step.who = states_unpack_field(&word, WHO_BITS);
    step.thread = states_unpack_field(&word, THREAD_BITS);
    step.page = states_unpack_field(&word, PAGE_BITS);
    step.argument = (uint8_t)word;
    return step;
}

uint32_t
states_add(struct states *states, const struct key *key, bool *is_new)
{
    uint32_t number = keys_add(&states->keys, key, is_new);

    if (number >= states->room) {
        states->room = states->room * 2 + 1024;
        states->of =
            keys_realloc(states->of, states->room * sizeof(*states->of));
    }
    if (*is_new) {
        states->of[number] =
            (struct state){ .parent = NO_STATE, .served = NO_STATE };
    }
    return number;
}

void
states_set_way(struct states *states, uint32_t state, uint32_t parent,
               const struct step *step, unsigned disturbed)
{
    struct states_queue *queue = &states->queues[disturbed];

    if (disturbed >= STATES_LAYERS) {
        fprintf(stderr, "explore: a way with %u disturbances\n", disturbed);
        exit(2);
    }
    states->of[state].parent = parent;
    states->of[state].step = states_pack(step);
    states->of[state].disturbed = (uint8_t)disturbed;
    if (queue->end == queue->room) {
        queue->room = queue->room * 2 + 1024;
        queue->states =
            keys_realloc(queue->states, queue->room * sizeof(*queue->states));
    }
    queue->states[queue->end++] = state;
}

bool
states_take(struct states *states, unsigned disturbed, uint32_t *out)
{
    struct states_queue *queue = &states->queues[disturbed];

    while (queue->first < queue->end) {
        uint32_t state = queue->states[queue->first++];

        /* Not if a way with fewer was found after it came here. */
        if (!states->of[state].is_expanded) {
            states->of[state].is_expanded = true;
            *out = state;
            return true;
        }
    }
    return false;
}

void
states_set_expanded(struct states *states, uint32_t state)
{
    states->of[state].is_expanded = true;
}

void
states_count_layers(const struct states *states, uint64_t *layers)
{
    for (uint32_t i = 0; i < states->keys.count; i++) {
        layers[states->of[i].disturbed]++;
    }
}

bool
states_are_left(const struct states *states)
{
    for (unsigned i = 0; i < STATES_LAYERS; i++) {
        if (states->queues[i].first < states->queues[i].end) {
            return true;
        }
    }
    return false;
}

void
states_find_way(const struct states *states, uint32_t state,
                struct states_way *out)
{
    uint32_t at;

    out->length = 0;
    for (at = state; states->of[at].parent != NO_STATE;
         at = states->of[at].parent) {
        if (++out->length == STATES_LONGEST) {
            fprintf(stderr, "explore: a way of %u steps\n", out->length);
            exit(2);
        }
    }
    for (unsigned i = out->length + 1; i-- > 0;
         state = states->of[state].parent) {
        out->states[i] = state;
    }
}

/* Whether @state is served to an end, or to a state that is yet to be expanded; in
 * the first case, so are all on the way there. */
static bool
states_end_well(struct states *states, uint32_t state)
{
    uint32_t at = state;
    uint32_t steps = 0;

    while (!states->of[at].is_good && states->of[at].served != at) {
        if (!states->of[at].is_expanded) {
            return true;
        }
        at = states->of[at].served;
        if (at == NO_STATE || ++steps > states->keys.count) {
            return false;
        }
    }
    for (; !states->of[state].is_good; state = states->of[state].served) {
        states->of[state].is_good = true;
    }
    return true;
}

uint32_t
states_find_endless(struct states *states)
{
    for (uint32_t i = 0; i < states->keys.count; i++) {
        if (states->of[i].is_expanded && !states_end_well(states, i)) {
            return i;
        }
    }
    return NO_STATE;
}

void
states_free(struct states *states)
{
    for (unsigned i = 0; i < STATES_LAYERS; i++) {
        free(states->queues[i].states);
    }
    free(states->of);
    keys_free(&states->keys);
}
