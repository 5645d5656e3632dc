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
 * EXPLORE_DISTURBANCES=n walks with n disturbances instead of the scope's own;
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

#define WITHOUT_OBJECTS \
    (1u << ANSWER_ZERO | 1u << ANSWER_ZERO_RUN | 1u << ANSWER_FAIL)
#define EVERY_ANSWER ((1u << ANSWERS) - 1)

struct explore_scope {
    const char *name;
    const char *about;
    struct world_scope world;
    unsigned disturbances;
};

static const struct explore_scope explore_scopes[] = {
    { "pair",
      "2 clients of 2 threads, 3 pages each, 1 pager",
      { .clients = 2,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .answers = WITHOUT_OBJECTS },
      1 },
    { "races",
      "2 clients of 2 threads, 1 page each, 1 pager",
      { .clients = 2,
        .threads = 2,
        .pages = 1,
        .servers = 1,
        .answers = EVERY_ANSWER },
      3 },
    { "alone",
      "1 client of 2 threads, 3 pages, 1 pager",
      { .clients = 1,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .answers = EVERY_ANSWER },
      2 },
    { "crowd",
      "1 client of 4 threads, 2 pages, 1 pager",
      { .clients = 1,
        .threads = 4,
        .pages = 2,
        .servers = 1,
        .answers = EVERY_ANSWER },
      1 },
    { "team",
      "2 clients of 1 thread, 2 pages each, 1 pager of 2 threads",
      { .clients = 2,
        .threads = 1,
        .pages = 2,
        .servers = 2,
        .answers = EVERY_ANSWER },
      1 },
    { "poor",
      "1 client of 2 threads that can pay for 2 pages of 3",
      { .clients = 1,
        .threads = 2,
        .pages = 3,
        .servers = 1,
        .poor = 2,
        .answers = EVERY_ANSWER },
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

static bool
explore_one(const struct explore_scope *scope)
{
    static struct walk_result result;
    const char *most = getenv("EXPLORE_DISTURBANCES");
    unsigned disturbances = scope->disturbances;

    if (most != NULL && most[0] >= '0'
        && most[0] <= (char)('0' + WALK_MOST_DISTURBED)) {
        disturbances = (unsigned)(most[0] - '0');
    }
    walk_everywhere(disturbances, &result);
    if (result.broken != NULL) {
        explore_print_way(scope, &result);
        return false;
    }
    printf("%-6s %9llu states %10llu transitions %3u deep %7llu twins "
           "%6.1f s  %s, %u disturbances\n",
           scope->name, (unsigned long long)result.states,
           (unsigned long long)result.transitions, result.depth,
           (unsigned long long)result.twins, explore_seconds(), scope->about,
           disturbances);
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
