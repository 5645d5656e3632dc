/* SPDX-License-Identifier: MIT */
/* The walk: breadth first, by replaying steps. */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "describe.h"
#include "keys.h"
#include "look.h"
#include "snapshot.h"
#include "world.h"

#define STROLLS      100u
#define STROLL_STEPS 80u
#define VERIFY_EVERY 512u
#define TWINS_EVERY  256u
#define MOST_TRIES   20u
#define TWINS_DIFFER "same_description_same_future"
#define NO_NODE      UINT32_MAX
#define SERVED       255u /* so that these keys are no other's */

/* A way to a state: the way to its parent and one step more. A state that is
 * reached again with fewer disturbances gets another node. */
struct walk_node {
    uint32_t parent;
    uint32_t state;
    struct step step;
    uint8_t disturbed; /* steps so far that disturb */
    bool is_outdone;
};

/* Nodes that wait to be expanded, first come, first served. */
struct walk_queue {
    uint32_t *nodes;
    uint32_t first;
    uint32_t end;
    uint32_t room;
};

struct walk {
    struct walk_result *result;
    unsigned disturbances;
    struct walk_node *nodes;
    uint32_t count;
    uint32_t room;
    struct walk_queue queues[WALK_MOST_DISTURBED + 1]; /* by `disturbed` */
    struct keys seen;                                  /* states         */
    uint32_t *best;                                    /* node, by state */
    uint32_t best_room;
    struct keys served; /* states that come to a good end */
    uint64_t revisits;
    /* The way to the node that is expanded, and a copy of each state on it:
     * the next one's way is mostly the same. */
    uint32_t path[WALK_LONGEST];
    void *copies[WALK_LONGEST];
    unsigned length;
    void *scratch;
    void *twin;
    bool is_worthless; /* a line of memory changed that never had before */
};

static struct walk walk;

/* ---- nodes ------------------------------------------------------------- */

static uint32_t
walk_add_node(uint32_t parent, uint32_t state, const struct step *step,
              unsigned disturbed)
{
    struct walk_queue *queue = &walk.queues[disturbed];

    if (walk.count == walk.room) {
        walk.room = walk.room * 2 + 1024;
        walk.nodes = keys_realloc(walk.nodes, walk.room * sizeof(*walk.nodes));
    }
    if (queue->end == queue->room) {
        queue->room = queue->room * 2 + 1024;
        queue->nodes =
            keys_realloc(queue->nodes, queue->room * sizeof(*queue->nodes));
    }
    walk.nodes[walk.count] = (struct walk_node){
        .parent = parent,
        .state = state,
        .step = *step,
        .disturbed = (uint8_t)disturbed,
    };
    queue->nodes[queue->end++] = walk.count;
    return walk.count++;
}

static void
walk_set_best(uint32_t state, uint32_t node)
{
    if (state >= walk.best_room) {
        walk.best_room = walk.best_room * 2 + 1024;
        walk.best =
            keys_realloc(walk.best, walk.best_room * sizeof(*walk.best));
    }
    walk.best[state] = node;
}

/* Write the nodes from the first one to @node. Returns the steps between. */
static unsigned
walk_path(uint32_t node, uint32_t *path)
{
    unsigned length = 0;

    for (uint32_t at = node; walk.nodes[at].parent != NO_NODE;
         at = walk.nodes[at].parent) {
        length++;
    }
    if (length >= WALK_LONGEST) {
        fprintf(stderr, "explore: a way of %u steps\n", length);
        exit(2);
    }
    for (unsigned i = length + 1; i-- > 0; node = walk.nodes[node].parent) {
        path[i] = node;
    }
    return length;
}

static void
walk_keep_copy(unsigned at)
{
    if (walk.copies[at] == NULL) {
        walk.copies[at] = keys_realloc(NULL, snapshot_bytes());
    }
    snapshot_save(walk.copies[at]);
}

/* Make the state of @node the present one: from where its way leaves the way that
 * was gone last. Returns false if that was not possible, which is the explorer's
 * own fault: see snapshot.h. */
static bool
walk_go(uint32_t node)
{
    uint32_t path[WALK_LONGEST];
    unsigned length = walk_path(node, path);
    unsigned same = 0;

    while (same < length && same < walk.length
           && path[same + 1] == walk.path[same + 1]) {
        same++;
    }
    snapshot_restore(walk.copies[same]);
    for (unsigned i = same + 1; i <= length; i++) {
        const struct step *step = &walk.nodes[path[i]].step;

        if (!step_is_possible(step) || act_do(step) != NULL) {
            return false;
        }
        walk.path[i] = path[i];
        walk_keep_copy(i);
        walk.length = i;
    }
    walk.length = length;
    return true;
}

/* ---- to a good end ---------------------------------------------------- */

/* Serve the present state until nobody waits. Returns what is broken by that: all
 * is looked at after each step. @remember: stop at a state that was served before. */
static const char *
walk_serve(bool remember)
{
    for (unsigned i = 0; i < WALK_LONGEST; i++) {
        struct step step;
        struct key key;
        const char *broken;
        bool is_new;

        if (!describe_state(SERVED, &key)) {
            return "no_wild_pointer";
        }
        is_new = true;
        if (remember) {
            (void)keys_add(&walk.served, &key, &is_new);
        }
        if (!is_new) {
            return NULL;
        }
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

/* ---- what is broken ---------------------------------------------------- */

/* Go @way again, from the first state, and learn after each step. Returns what is
 * broken. */
static const char *
walk_again(const struct step *way, unsigned length, enum walk_then then)
{
    const char *broken = NULL;

    (void)snapshot_learn();
    snapshot_restore_first();
    for (unsigned i = 0; i < length && broken == NULL; i++) {
        if (!step_is_possible(&way[i])) {
            return "possible";
        }
        broken = act_do(&way[i]);
        (void)snapshot_learn();
        if (broken == NULL) {
            broken = look_at_world();
        }
    }
    if (broken == NULL && then == WALK_SERVE) {
        broken = walk_serve(false);
    } else if (broken == NULL && then == WALK_END) {
        broken = world_end();
    }
    (void)snapshot_learn();
    return broken;
}

/* Invariant @broken is broken at @node. If it is not when the same is done again,
 * a copy was incomplete and the walk has to begin anew. */
static void
walk_report(uint32_t node, const char *broken, enum walk_then then)
{
    struct walk_result *result = walk.result;
    uint32_t path[WALK_LONGEST];

    result->way_length = walk_path(node, path);
    for (unsigned i = 0; i < result->way_length; i++) {
        result->way[i] = walk.nodes[path[i + 1]].step;
    }
    result->then = then;
    result->broken = broken;
    if (strcmp(broken, TWINS_DIFFER) != 0
        && walk_again(result->way, result->way_length, then) != broken) {
        walk.is_worthless = true;
        result->broken = NULL;
    }
}

/* ---- what is demanded of a state --------------------------------------- */

/* Look at the state of the new @node, which is the present one and is not
 * afterwards. Returns whether all holds. */
static bool
walk_check(uint32_t node)
{
    const char *broken = look_at_world();

    if (broken != NULL) {
        walk_report(node, broken, WALK_NOTHING);
        return false;
    }
    snapshot_save(walk.scratch);
    broken = walk_serve(true);
    if (broken != NULL) {
        walk_report(node, broken, WALK_SERVE);
        return false;
    }
    snapshot_restore(walk.scratch);
    broken = world_end();
    if (broken != NULL) {
        walk_report(node, broken, WALK_END);
        return false;
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

        if (act_do(&steps[i]) == NULL && describe_state(0, &key)) {
            sum += key.half[0] * 3 ^ key.half[1];
        }
        snapshot_restore(walk.scratch);
    }
    return sum;
}

/* The present state, one step from @parent, has the description of one that was
 * reached before. If descriptions say enough, both have the same future. Returns
 * false if not. */
static bool
walk_compare_twins(uint32_t state, uint32_t parent, const struct step *step)
{
    uint64_t future;

    if (++walk.revisits % TWINS_EVERY != 0) {
        return true;
    }
    future = walk_future();
    if (!walk_go(walk.best[state])) {
        walk.is_worthless = true;
        return false;
    }
    walk.result->twins++;
    if (walk_future() != future) {
        walk.is_worthless = snapshot_learn(); /* then that explains it */
        if (!walk.is_worthless) {
            walk_report(walk_add_node(parent, state, step, 0), TWINS_DIFFER,
                        WALK_NOTHING);
        }
        return false;
    }
    walk.is_worthless = !walk_go(parent);
    return !walk.is_worthless;
}

/* ---- all of them ------------------------------------------------------- */

/* The present state was reached from @parent by @step, which broke @broken. Returns
 * false if this is the end of the walk. */
static bool
walk_arrive(uint32_t parent, const struct step *step, unsigned disturbed,
            const char *broken)
{
    struct key key;
    uint32_t state;
    uint32_t node;
    bool is_new;

    if (broken == NULL && !describe_state(0, &key)) {
        broken = "no_wild_pointer";
    }
    if (broken != NULL) {
        walk_report(walk_add_node(parent, 0, step, disturbed), broken,
                    WALK_NOTHING);
        return false;
    }
    state = keys_add(&walk.seen, &key, &is_new);
    if (is_new) {
        node = walk_add_node(parent, state, step, disturbed);
        walk_set_best(state, node);
        return walk_check(node);
    }
    if (walk.nodes[walk.best[state]].disturbed > disturbed) {
        walk.nodes[walk.best[state]].is_outdone = true;
        walk_set_best(state, walk_add_node(parent, state, step, disturbed));
    }
    return walk_compare_twins(state, parent, step);
}

/* Take every step from @node. Returns false if this is the end of the walk. */
static bool
walk_expand(uint32_t node)
{
    struct step steps[STEPS_MOST];
    unsigned length;
    unsigned count;

    if (!walk_go(node)) {
        walk.is_worthless = true;
        return false;
    }
    length = walk.length;
    if (length >= walk.result->depth) {
        walk.result->depth = length;
    }
    count = step_list(steps);
    for (unsigned i = 0; i < count; i++) {
        unsigned disturbed =
            walk.nodes[node].disturbed + step_disturbs(&steps[i]);
        const char *broken;

        if (disturbed > walk.disturbances) {
            continue;
        }
        broken = act_do(&steps[i]);
        if (++walk.result->transitions % VERIFY_EVERY == 0
            && snapshot_learn()) {
            walk.is_worthless = true;
            return false;
        }
        if (!walk_arrive(node, &steps[i], disturbed, broken)) {
            return false;
        }
        snapshot_restore(walk.copies[length]);
    }
    return true;
}

static void
walk_from_first(void)
{
    const struct step none = { 0 };

    snapshot_restore_first();
    walk_keep_copy(0);
    (void)walk_arrive(NO_NODE, &none, 0, NULL);
    for (unsigned d = 0; d <= walk.disturbances; d++) {
        struct walk_queue *queue = &walk.queues[d];

        while (queue->first < queue->end && walk.result->broken == NULL
               && !walk.is_worthless) {
            uint32_t node = queue->nodes[queue->first++];

            if (!walk.nodes[node].is_outdone) {
                (void)walk_expand(node);
            }
        }
    }
    walk.is_worthless = walk.is_worthless || snapshot_learn();
    walk.result->states = walk.seen.count;
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
    for (unsigned d = 0; d <= WALK_MOST_DISTURBED; d++) {
        free(walk.queues[d].nodes);
    }
    for (unsigned i = 0; i < WALK_LONGEST; i++) {
        free(walk.copies[i]);
    }
    free(walk.nodes);
    free(walk.best);
    free(walk.scratch);
    keys_free(&walk.seen);
    keys_free(&walk.served);
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
