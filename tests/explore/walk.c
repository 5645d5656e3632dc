/* SPDX-License-Identifier: MIT */
/* The walk: breadth first, from copies of the states on the way. */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "describe.h"
#include "look.h"
#include "snapshot.h"
#include "world.h"

#define STROLLS      100u
#define STROLL_STEPS 80u
#define VERIFY_EVERY 4096u
#define TWINS_EVERY  256u /* for the first so many, then more rarely: */
#define TWINS_OFTEN  (1u << 20)
#define TWINS_RARELY 4096u
#define ALONE_EVERY  64u
#define MOST_TRIES   20u
#define TWINS_DIFFER "same_description_same_future"
#define NOT_ALONE    "steps_alone_commute"

struct walk {
    struct walk_result *result;
    unsigned disturbances;
    struct states states;
    uint64_t revisits;
    uint64_t lone;      /* steps alone */
    uint32_t expanded;  /* the state whose steps are taken */
    unsigned disturbed; /* steps to the present state that disturb */
    /* The way to the state that is expanded, and a copy of each state on it:
     * the next one's way is mostly the same. */
    struct states_way way;
    void *copies[STATES_LONGEST];
    void *scratch;
    bool is_worthless; /* a line of memory changed that never had before */
};

static struct walk walk;

/* ---- going there ------------------------------------------------------- */

static void
walk_keep_copy(unsigned at)
{
    if (walk.copies[at] == NULL) {
        walk.copies[at] = keys_realloc(NULL, snapshot_bytes());
    }
    snapshot_save(walk.copies[at]);
}

/* Make @state the present one: from where its way leaves the way that was gone
 * last. Returns false if that was not possible, which is the explorer's own fault:
 * see snapshot.h. */
static bool
walk_go(uint32_t state)
{
    struct states_way way;
    unsigned same = 0;

    states_find_way(&walk.states, state, &way);
    while (same < way.length && same < walk.way.length
           && way.states[same + 1] == walk.way.states[same + 1]) {
        same++;
    }
    snapshot_restore(walk.copies[same]);
    for (unsigned i = same + 1; i <= way.length; i++) {
        const struct step step = states_step(&walk.states, way.states[i]);

        if (!step_is_possible(&step) || act_do(&step) != NULL) {
            walk.way.length = i - 1;
            return false;
        }
        walk.way.states[i] = way.states[i];
        walk_keep_copy(i);
    }
    walk.way.length = way.length;
    return true;
}

/* ---- what is broken ---------------------------------------------------- */

/* Serve the present state until nobody waits. Returns what is broken by that: all
 * is looked at after each step. */
static const char *
walk_serve(void)
{
    for (unsigned i = 0; i < STATES_LONGEST; i++) {
        struct step step;
        const char *broken;

        if (!step_to_serve(&step)) {
            return act_somebody_waits() ? "progress" : NULL;
        }
        broken = act_do(&step);
        if (broken == NULL) {
            broken = look_at_world();
        }
        if (broken != NULL) {
            return broken;
        }
    }
    return "progress";
}

/* Go the way of @result again, from the first state, and learn after each step.
 * Returns what is broken. */
static const char *
walk_again(const struct walk_result *result)
{
    const char *broken = NULL;

    (void)snapshot_learn();
    snapshot_restore_first();
    for (unsigned i = 0; i < result->way_length && broken == NULL; i++) {
        if (!step_is_possible(&result->way[i])) {
            return "possible";
        }
        broken = act_do(&result->way[i]);
        (void)snapshot_learn();
        if (broken == NULL) {
            broken = look_at_world();
        }
    }
    if (broken == NULL && result->then == WALK_SERVE) {
        broken = walk_serve();
    } else if (broken == NULL && result->then == WALK_END) {
        broken = world_end();
    }
    (void)snapshot_learn();
    return broken;
}

/* Invariant @broken is broken in @state, or (@step not NULL) by @step from there.
 * Returns false: this is the end of the walk. */
static bool
walk_report(uint32_t state, const struct step *step, const char *broken,
            enum walk_then then)
{
    struct walk_result *result = walk.result;
    struct states_way way = { .length = 0 };

    if (state != NO_STATE) {
        states_find_way(&walk.states, state, &way);
    }
    result->way_length = way.length;
    for (unsigned i = 0; i < way.length; i++) {
        result->way[i] = states_step(&walk.states, way.states[i + 1]);
    }
    if (step != NULL && state != NO_STATE) {
        result->way[result->way_length++] = *step;
    }
    result->then = then;
    result->broken = broken;
    if (strcmp(broken, TWINS_DIFFER) == 0 || strcmp(broken, NOT_ALONE) == 0) {
        return false;
    }
    /* If it does not break again, a copy was incomplete. */
    if (walk_again(result) != broken) {
        walk.is_worthless = true;
        result->broken = NULL;
    }
    return false;
}

/* ---- what is demanded of a state --------------------------------------- */

/* Look at the new @state, which is the present one and, unless it is @lone, is not
 * afterwards. The end of a state with a lone step begins with that step: it is tried
 * from the next one. Returns whether all holds. */
static bool
walk_check(uint32_t state, bool lone)
{
    const char *broken = look_at_world();

    if (broken != NULL) {
        return walk_report(state, NULL, broken, WALK_NOTHING);
    }
    broken = lone ? NULL : world_end();
    if (broken != NULL) {
        return walk_report(state, NULL, broken, WALK_END);
    }
    return true;
}

/* ---- twins ------------------------------------------------------------- */

/* What every step makes of the present state, as one number that does not depend on
 * their order. */
static uint64_t
walk_future(void)
{
    struct step steps[STEPS_MOST];
    unsigned count = step_list(steps);
    uint64_t sum = count;

    snapshot_save(walk.scratch);
    for (unsigned i = 0; i < count; i++) {
        struct key key = { { 0, 0 } };

        if (act_do(&steps[i]) == NULL && describe_state(&key)) {
            sum += key.half[0] * 3 ^ key.half[1];
        }
        snapshot_restore(walk.scratch);
    }
    return sum;
}

/* Whether it is time to compare twins: often at first, to find what is wrong soon. */
static bool
walk_is_time_for_twins(void)
{
    unsigned every = walk.revisits < TWINS_OFTEN ? TWINS_EVERY : TWINS_RARELY;

    return ++walk.revisits % every == 0;
}

/* The present state, which @step made of @parent, has the description of @state,
 * which was reached before. If descriptions say enough, both have the same future.
 * Returns false if not; else the present state is the one that is expanded. */
static bool
walk_compare_twins(uint32_t state, uint32_t parent, const struct step *step)
{
    uint64_t future;

    if (!walk_is_time_for_twins()) {
        return true;
    }
    future = walk_future();
    if (!walk_go(state)) {
        walk.is_worthless = true;
        return false;
    }
    walk.result->twins++;
    if (walk_future() != future) {
        walk.is_worthless = snapshot_learn(); /* then that explains it */
        if (!walk.is_worthless) {
            (void)walk_report(parent, step, TWINS_DIFFER, WALK_NOTHING);
        }
        return false;
    }
    walk.is_worthless = !walk_go(walk.expanded);
    return !walk.is_worthless;
}

/* ---- steps that concern nobody else ------------------------------------ */

/* Do @first and then @second. Returns false if that is not possible; *@broken says
 * whether something breaks. */
static bool
walk_do_both(const struct step *first, const struct step *second,
             struct key *key, bool *broken)
{
    *broken = act_do(first) != NULL;
    if (*broken) {
        return true;
    }
    if (!step_is_possible(second)) {
        return false;
    }
    *broken = act_do(second) != NULL || !describe_state(key);
    return true;
}

/* Whether @alone and each other step of the present state, which is @state, lead to
 * one state in both orders. */
static bool
walk_try_alone(uint32_t state, const struct step *alone)
{
    struct step steps[STEPS_MOST];
    unsigned count = step_list(steps);
    bool good = true;

    snapshot_save(walk.scratch);
    for (unsigned i = 0; i < count && good; i++) {
        struct key keys[2] = { { { 0, 0 } }, { { 0, 0 } } };
        bool broken[2] = { false, false };

        if (memcmp(&steps[i], alone, sizeof(*alone)) == 0) {
            continue;
        }
        good = walk_do_both(alone, &steps[i], &keys[0], &broken[0]);
        snapshot_restore(walk.scratch);
        good = good && walk_do_both(&steps[i], alone, &keys[1], &broken[1]);
        snapshot_restore(walk.scratch);
        /* What breaks is found where it is looked at. */
        good = good
               && (broken[0] || broken[1]
                   || memcmp(&keys[0], &keys[1], sizeof(keys[0])) == 0);
    }
    walk.result->alone++;
    return good || walk_report(state, alone, NOT_ALONE, WALK_NOTHING);
}

/* ---- all of them ------------------------------------------------------- */

/* Where a step has led. */
struct walk_arrival {
    uint32_t state;
    bool is_found; /* for the first time, or with fewer disturbances */
    bool has_lone;
    struct step lone; /* the step that concerns nobody else, if it has one */
};

/* The present state was reached from @parent by @step, which broke @broken. Returns
 * false if this is the end of the walk. */
static bool
walk_arrive(uint32_t parent, const struct step *step, const char *broken,
            struct walk_arrival *out)
{
    unsigned disturbed = walk.disturbed;
    struct key key;
    bool is_new;

    if (broken == NULL && !describe_state(&key)) {
        broken = "no_wild_pointer";
    }
    if (broken != NULL) {
        return walk_report(parent, step, broken, WALK_NOTHING);
    }
    out->state = states_add(&walk.states, &key, &is_new);
    out->is_found = is_new || walk.states.of[out->state].disturbed > disturbed;
    if (!out->is_found) {
        return walk_compare_twins(out->state, parent, step);
    }
    out->has_lone = step_alone(&out->lone);
    states_set_way(&walk.states, out->state, parent, step, disturbed);
    return !is_new || walk_check(out->state, out->has_lone);
}

/* Go on from @arrival, which is the present state, as long as there are steps that
 * concern nobody else: those states are done with at once. Returns false if this is
 * the end of the walk. */
static bool
walk_on(struct walk_arrival *arrival)
{
    while (arrival->is_found && arrival->has_lone) {
        uint32_t state = arrival->state;
        struct step lone = arrival->lone;

        if (walk.lone++ % ALONE_EVERY == 0 && !walk_try_alone(state, &lone)) {
            return false;
        }
        states_set_expanded(&walk.states, state);
        walk.result->transitions++;
        if (!walk_arrive(state, &lone, act_do(&lone), arrival)) {
            return false;
        }
        walk.states.of[state].served = arrival->state;
    }
    return true;
}

/* Take @step from @state, which is the present one. Returns false if this is the end
 * of the walk. */
static bool
walk_step(uint32_t state, const struct step *step, bool serves)
{
    struct walk_arrival arrival;

    walk.disturbed = walk.states.of[state].disturbed + step_disturbs(step);
    if (walk.disturbed > walk.disturbances) {
        walk.result->is_complete = false;
        return true;
    }
    if (++walk.result->transitions % VERIFY_EVERY == 0 && snapshot_learn()) {
        walk.is_worthless = true;
        return false;
    }
    if (!walk_arrive(state, step, act_do(step), &arrival)) {
        return false;
    }
    if (serves) {
        walk.states.of[state].served = arrival.state;
    }
    if (!walk_on(&arrival)) {
        return false;
    }
    snapshot_restore(walk.copies[walk.way.length]);
    return true;
}

/* Take every step from @state. Returns false if this is the end of the walk. */
static bool
walk_expand(uint32_t state)
{
    struct step steps[STEPS_MOST];
    struct step serves = { 0 };
    unsigned count;
    bool is_served;

    walk.expanded = state;
    if (!walk_go(state)) {
        walk.is_worthless = true;
        return false;
    }
    if (walk.way.length > walk.result->depth) {
        walk.result->depth = walk.way.length;
    }
    is_served = !step_to_serve(&serves);
    if (is_served && act_somebody_waits()) {
        return walk_report(state, NULL, "progress", WALK_SERVE);
    }
    if (is_served) {
        walk.states.of[state].served = state;
    }
    count = step_list(steps);
    for (unsigned i = 0; i < count; i++) {
        bool is_next = !is_served
                       && memcmp(&steps[i], &serves, sizeof(serves)) == 0;

        if (!walk_step(state, &steps[i], is_next)) {
            return false;
        }
    }
    if (walk.states.of[state].served == NO_STATE) {
        fprintf(stderr, "explore: a willing pager does what none may do\n");
        exit(2);
    }
    return true;
}

/* Expand all states that need @disturbed disturbances. Returns false if this is the
 * end of the walk. */
static bool
walk_layer(unsigned disturbed)
{
    uint32_t state;

    while (states_take(&walk.states, disturbed, &state)) {
        if (!walk_expand(state)) {
            return false;
        }
    }
    state = states_find_endless(&walk.states);
    return state == NO_STATE
           || walk_report(state, NULL, "progress", WALK_SERVE);
}

static void
walk_from_first(void)
{
    const struct step none = { 0 };
    struct walk_arrival first;
    bool goes_on;

    snapshot_restore_first();
    walk_keep_copy(0);
    walk.result->is_complete = true;
    goes_on = walk_arrive(NO_STATE, &none, NULL, &first);
    for (unsigned d = 0; goes_on && states_are_left(&walk.states); d++) {
        goes_on = walk_layer(d);
    }
    walk.is_worthless = walk.is_worthless || snapshot_learn();
    walk.result->states = walk.states.keys.count;
    states_count_layers(&walk.states, walk.result->layers);
}

/* ---- learning what changes --------------------------------------------- */

/* Stroll about at random, to learn which lines of memory change. */
static void
walk_stroll(unsigned seed)
{
    struct step steps[STEPS_MOST];
    uint64_t random = 88172645463325252ull + seed;

    for (unsigned i = 0; i < STROLLS; i++) {
        const char *broken = NULL;

        snapshot_restore_first();
        for (unsigned k = 0; k < STROLL_STEPS && broken == NULL; k++) {
            unsigned count = step_list(steps);

            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            if (count == 0) {
                break;
            }
            broken = act_do(&steps[(random >> 20) % count]);
            (void)snapshot_learn();
        }
        if (broken == NULL && i % 2 == 0) {
            (void)act_serve();
        } else if (broken == NULL) {
            (void)world_end();
        }
        (void)snapshot_learn();
    }
    snapshot_restore_first();
}

static void
walk_discard(void)
{
    for (unsigned i = 0; i < STATES_LONGEST; i++) {
        free(walk.copies[i]);
    }
    free(walk.scratch);
    states_free(&walk.states);
}

void
walk_everywhere(unsigned disturbances, struct walk_result *out)
{
    snapshot_begin();
    for (unsigned i = 0; i < MOST_TRIES; i++) {
        walk_stroll(i);
        memset(out, 0, sizeof(*out));
        walk = (struct walk){ .result = out, .disturbances = disturbances };
        walk.scratch = keys_realloc(NULL, snapshot_bytes());
        walk_from_first();
        walk_discard();
        if (!walk.is_worthless) {
            return;
        }
    }
    fprintf(stderr, "explore: the same steps lead to different states\n");
    exit(2);
}
