/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever clients, pagers and those who kill them do, in whatever order,
 * nobody waits for ever, no page is mapped twice or lost, and every frame is
 * paid for once.
 * Method: the kernel's own fault, IPC, thread, process and memory code in the
 * small world of tests/explore; random steps of more clients, threads and pages
 * than the explorer can try in every order. After each step every invariant is
 * checked; now and then everything is served, and killed, to its end.
 */
#include "check.h"
#include "random.h"
#include "tests/explore/act.h"
#include "tests/explore/look.h"
#include "tests/explore/world.h"

#define WORLDS 300u
#define STEPS  150u

/* Steps that end something are rarer than the others. */
static unsigned
weight(const struct step *step)
{
    switch (step->event) {
    case STEP_KILL:
    case STEP_PAGER_KILL:
    case STEP_PAGER_HANG:
    case STEP_GRACE:
        return 1;
    case STEP_EXIT:
    case STEP_UNMAP:
        return 3;
    case STEP_REPLY:
        return step->argument == ANSWER_NONSENSE
                       || step->argument == ANSWER_FAIL
                   ? 1
                   : 12;
    default:
        return 12;
    }
}

static const struct step *
choose(const struct step *steps, unsigned count)
{
    unsigned total = 0;
    uint64_t at;

    for (unsigned i = 0; i < count; i++) {
        total += weight(&steps[i]);
    }
    at = random_below(total);
    for (unsigned i = 0; i < count; i++) {
        if (at < weight(&steps[i])) {
            return &steps[i];
        }
        at -= weight(&steps[i]);
    }
    return &steps[0];
}

static bool
holds(const char *broken, unsigned step, const struct step *last)
{
    char text[128] = "the end";

    CHECK(broken == NULL);
    if (broken != NULL) {
        if (last != NULL) {
            step_describe(last, text, sizeof(text));
        }
        printf("%s is broken after step %u: %s\n", broken, step, text);
    }
    return broken == NULL;
}

static bool
run_one(const struct world_scope *scope)
{
    struct step steps[STEPS_MOST];

    world_begin(scope);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned count = step_list(steps);
        const struct step *step;

        if (count == 0) {
            break;
        }
        step = choose(steps, count);
        if (!holds(act_do(step), i, step) || !holds(look_at_world(), i, step)) {
            return false;
        }
    }
    if (random_below(2) == 0
        && (!holds(act_serve(), STEPS, NULL)
            || !holds(look_at_world(), STEPS, NULL))) {
        return false;
    }
    return holds(world_end(), STEPS, NULL);
}

TEST(random_worlds_keep_every_invariant)
{
    for (unsigned i = 0; i < WORLDS; i++) {
        struct world_scope scope = {
            .clients = 1 + (unsigned)random_below(WORLD_CLIENTS),
            .threads = 1 + (unsigned)random_below(WORLD_THREADS),
            .pages = 1 + (unsigned)random_below(WORLD_PAGES),
            .servers = 1 + (unsigned)random_below(WORLD_SERVERS),
            .poor = (unsigned)random_below(4),
            .pagers = WORLD_PAGERS,
            .answers = ANSWERS_EVERY,
            .steps = STEPS_EVERY,
        };

        if (!run_one(&scope)) {
            return;
        }
    }
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    world_boot();
    RUN(random_worlds_keep_every_invariant);
    return CHECK_REPORT();
}
