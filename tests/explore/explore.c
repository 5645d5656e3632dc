/* SPDX-License-Identifier: MIT */
/*
 * The explorer: every interleaving of a small world (walk.h), in several scopes.
 *
 *      explore            all scopes, a line for each; exit status 1 and the way
 *                         there if an invariant is broken
 *      explore NAME ...   these scopes only
 *      explore --names    the names of the invariants; --scopes: those of the
 *                         scopes
 *
 * EXPLORE_DISTURBANCES=n walks with at most n disturbances instead of the scope's own;
 * EXPLORE_LOG=1 shows the kernel's log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/wait.h>

#include "door.h"
#include "look.h"
#include "walk.h"
#include "world.h"

/* Missing pages only: no pages of a pager's own, no rights that shrink. */
#define WITHOUT_OBJECTS \
    (1u << ANSWER_ZERO | 1u << ANSWER_ZERO_RUN | 1u << ANSWER_FAIL)
#define WITHOUT_RIGHTS \
    (STEPS_EVERY & ~(1u << STEP_MAP | 1u << STEP_PROTECT | 1u << STEP_EXIT))

struct explore_scope {
    const char *name;
    const char *about;
    struct world_scope world;
    unsigned disturbances;
};

static const struct explore_scope explore_scopes[] = {
    { "whole",
      "2 clients of 2 threads, 3 pages each, 1 pager",
      { .clients = 2,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .pagers = 2,
        .answers = WITHOUT_OBJECTS,
        .steps = WITHOUT_RIGHTS },
      WALK_UNBOUNDED },
    { "half",
      "1 client of 2 threads, 3 pages, 1 pager",
      { .clients = 1,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .pagers = 2,
        .answers = WITHOUT_OBJECTS,
        .steps = WITHOUT_RIGHTS },
      WALK_UNBOUNDED },
    { "tiny",
      "2 clients of 1 thread, 1 page each, 1 pager",
      { .clients = 2,
        .threads = 1,
        .pages = 1,
        .servers = 1,
        .pagers = 2,
        .answers = ANSWERS_EVERY,
        .steps = STEPS_EVERY },
      WALK_UNBOUNDED },
    { "pair",
      "2 clients of 2 threads, 3 pages each, 1 pager",
      { .clients = 2,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .pagers = WORLD_PAGERS,
        .steps = STEPS_EVERY,
        .answers = WITHOUT_OBJECTS },
      1 },
    { "races",
      "2 clients of 2 threads, 1 page each, 1 pager",
      { .clients = 2,
        .threads = 2,
        .pages = 1,
        .servers = 1,
        .pagers = WORLD_PAGERS,
        .steps = STEPS_EVERY,
        .answers = ANSWERS_EVERY },
      3 },
    { "alone",
      "1 client of 2 threads, 3 pages, 1 pager",
      { .clients = 1,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .pagers = WORLD_PAGERS,
        .steps = STEPS_EVERY,
        .answers = ANSWERS_EVERY },
      2 },
    { "crowd",
      "1 client of 4 threads, 2 pages, 1 pager",
      { .clients = 1,
        .threads = 4,
        .pages = 2,
        .servers = 1,
        .pagers = WORLD_PAGERS,
        .steps = STEPS_EVERY,
        .answers = ANSWERS_EVERY },
      1 },
    { "team",
      "2 clients of 1 thread, 2 pages each, 1 pager of 2 threads",
      { .clients = 2,
        .threads = 1,
        .pages = 2,
        .servers = 2,
        .pagers = WORLD_PAGERS,
        .steps = STEPS_EVERY,
        .answers = ANSWERS_EVERY },
      1 },
    { "poor",
      "1 client of 2 threads that can pay for 2 pages of 3",
      { .clients = 1,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .poor = 2,
        .pagers = WORLD_PAGERS,
        .steps = STEPS_EVERY,
        .answers = ANSWERS_EVERY },
      1 },
};

#define SCOPES (sizeof(explore_scopes) / sizeof(explore_scopes[0]))

static double
explore_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
explore_print_way(const struct explore_scope *scope,
                  const struct walk_result *result)
{
    char text[128];

    printf("VIOLATED: %s (scope %s, among %llu states)\n", result->broken,
           scope->name, (unsigned long long)result->states);
    for (unsigned i = 0; i < result->way_length; i++) {
        step_describe(&result->way[i], text, sizeof(text));
        printf("  %2u. %s\n", i + 1, text);
    }
    if (result->then != WALK_NOTHING) {
        printf("      then %s\n", result->then == WALK_SERVE
                                      ? "everything is served"
                                      : "everybody is killed");
    }
    if (strcmp(result->broken, "kernel_assertions_hold") == 0) {
        printf("      %s\n", door_words());
    }
}

/* One line for people and for run.py, and how the number of states grows. */
static void
explore_print_walk(const struct explore_scope *scope,
                   const struct walk_result *result, unsigned disturbances)
{
    unsigned last = 0;
    char most[16] = "all";

    if (!result->is_complete) {
        snprintf(most, sizeof(most), "%u", disturbances);
    }
    printf("%-6s %9llu states %10llu transitions %3u deep, %s disturbances "
           "%6.1f s  %s\n",
           scope->name, (unsigned long long)result->states,
           (unsigned long long)result->transitions, result->depth, most,
           explore_seconds(), scope->about);
    for (unsigned i = 0; i < STATES_LAYERS; i++) {
        last = result->layers[i] != 0 ? i : last;
    }
    printf("       states by disturbances:");
    for (unsigned i = 0; i <= last; i++) {
        printf(" %llu", (unsigned long long)result->layers[i]);
    }
    printf("; %llu twins and %llu lone steps compared\n",
           (unsigned long long)result->twins,
           (unsigned long long)result->alone);
}

static bool
explore_one(const struct explore_scope *scope)
{
    static struct walk_result result;
    const char *most = getenv("EXPLORE_DISTURBANCES");
    unsigned disturbances = scope->disturbances;

    if (most != NULL) {
        disturbances = (unsigned)strtoul(most, NULL, 10);
        disturbances = disturbances < WALK_UNBOUNDED ? disturbances
                                                     : WALK_UNBOUNDED;
    }
    walk_everywhere(disturbances, &result);
    if (result.broken != NULL) {
        explore_print_way(scope, &result);
        return false;
    }
    explore_print_walk(scope, &result, disturbances);
    return true;
}

/* Explore @scope in a process of its own, with a world of its own. */
static bool
explore_apart(const struct explore_scope *scope)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        door_catch_signals();
        world_boot();
        world_begin(&scope->world);
        exit(explore_one(scope) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool
explore_is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc == 1;
}

static bool
explore_lists(const char *what)
{
    if (strcmp(what, "--names") == 0) {
        for (unsigned i = 0; look_names[i] != NULL; i++) {
            puts(look_names[i]);
        }
        return true;
    }
    for (unsigned i = 0; strcmp(what, "--scopes") == 0 && i < SCOPES; i++) {
        puts(explore_scopes[i].name);
    }
    return strcmp(what, "--scopes") == 0;
}

int
main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && explore_lists(argv[1])) {
        return EXIT_SUCCESS;
    }
    for (unsigned i = 0; i < SCOPES; i++) {
        if (explore_is_wanted(explore_scopes[i].name, argc, argv)
            && !explore_apart(&explore_scopes[i])) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
