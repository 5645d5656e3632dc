/* SPDX-License-Identifier: MIT */
/*
 * What the checkers of the labs share: random events on the code of the lab and
 * on a model, and when the two differ, the shortest list of events that shows it.
 *
 *      seed --> events --> run in a child process --> all as expected
 *                 ^              |
 *                 |              +--> differs, crashes or hangs at event k
 *                 |                       |
 *                 +-- fewer, smaller <----+   until nothing can be left out
 *
 * A checker brings lab_choose(), lab_begin(), lab_step() and lab_end(), and ends
 * with LAB_MAIN. A step must make sense whatever steps were left out before it:
 * "free the third of those that are there", not "free what event 7 gave".
 */
#pragma once

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/wait.h>

#include "tests/host/random.h"

#define LAB_EVENTS  64u /* in one list       */
#define LAB_ROUNDS  40u /* lists             */
#define LAB_SECONDS 2u  /* until a list hangs */
#define LAB_TEXT    160u

struct lab_event {
    uint32_t op;
    uint32_t a;
    uint32_t b;
};

/* ---- what a checker brings ---------------------------------------------- */

/* The next event, from random_below(). */
static struct lab_event lab_choose(void);

/* A fresh machine, and its model. */
static void lab_begin(void);

/* Do @event, say what it is with lab_say(), and compare with lab_expect(). */
static void lab_step(const struct lab_event *event);

/* What must hold when all is over. */
static void lab_end(void);

/* ---- the run, in a child ------------------------------------------------- */

/* What child and parent share. */
struct lab_run {
    unsigned at; /* the event that is being done; LAB_EVENTS at the end */
    bool failed;
    char said[LAB_EVENTS + 1][LAB_TEXT];
    char expected[LAB_TEXT];
    char got[LAB_TEXT];
};

static struct lab_run *lab_run;

/* lab_memory.c */
void *lab_shared(size_t bytes);

/* Describe the event that is being done. */
__attribute__((format(printf, 1, 2))) static void
lab_say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(lab_run->said[lab_run->at], LAB_TEXT, fmt, args);
    va_end(args);
}

/* End the run: @expected stands in the lab's text, the rest was seen. */
__attribute__((format(printf, 2, 3), noreturn)) static void
lab_fail(const char *expected, const char *fmt, ...)
{
    va_list args;

    snprintf(lab_run->expected, LAB_TEXT, "%s", expected);
    va_start(args, fmt);
    vsnprintf(lab_run->got, LAB_TEXT, fmt, args);
    va_end(args);
    lab_run->failed = true;
    _exit(0);
}

#define lab_expect(condition, expected, ...) \
    do {                                     \
        if (!(condition)) {                  \
            lab_fail(expected, __VA_ARGS__); \
        }                                    \
    } while (0)

static void
lab_child(const struct lab_event *events, unsigned count, int output)
{
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    setvbuf(stdout, NULL, _IONBF, 0);
    alarm(LAB_SECONDS);
    lab_begin();
    for (unsigned i = 0; i < count; i++) {
        lab_run->at = i;
        lab_step(&events[i]);
    }
    lab_run->at = LAB_EVENTS;
    snprintf(lab_run->said[LAB_EVENTS], LAB_TEXT, "the end");
    lab_end();
    _exit(0);
}

/* What a crashed run printed last: the panic's text. */
static void
lab_last_words(int output, int status)
{
    char text[2048] = "";
    char *line;
    off_t size = lseek(output, 0, SEEK_END);
    off_t from = size > 2000 ? size - 2000 : 0;

    if (pread(output, text, 2000, from) < 0) {
        text[0] = '\0';
    }
    for (char *end = text + strlen(text); end > text && end[-1] == '\n';) {
        *--end = '\0';
    }
    line = strrchr(text, '\n');
    line = line == NULL ? text : line + 1;
    if (WTERMSIG(status) == SIGALRM) {
        snprintf(lab_run->got, LAB_TEXT, "it never ends");
    } else if (line[0] != '\0') {
        snprintf(lab_run->got, LAB_TEXT, "%.*s", (int)LAB_TEXT - 1, line);
    } else {
        snprintf(lab_run->got, LAB_TEXT, "%s",
                 strsignal(WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    }
    snprintf(lab_run->expected, LAB_TEXT, "an end without panic or crash");
    lab_run->failed = true;
}

/* Run @events; returns whether all was as expected. */
static bool
lab_try(const struct lab_event *events, unsigned count)
{
    FILE *output = tmpfile();
    int status = 0;
    pid_t child;

    memset(lab_run, 0, sizeof(*lab_run));
    child = fork();
    if (child == 0) {
        lab_child(events, count, fileno(output));
    }
    waitpid(child, &status, 0);
    if (!lab_run->failed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        lab_last_words(fileno(output), status);
    }
    fclose(output);
    return !lab_run->failed;
}

/* ---- the shortest list --------------------------------------------------- */

/* Leave out events [@at, @at + @size) if the rest still fails. */
static bool
lab_leave_out(struct lab_event *events, unsigned *count, unsigned at,
              unsigned size)
{
    struct lab_event fewer[LAB_EVENTS];

    memcpy(fewer, events, at * sizeof(*events));
    memcpy(&fewer[at], &events[at + size],
           (*count - at - size) * sizeof(*events));
    if (lab_try(fewer, *count - size)) {
        return false;
    }
    *count -= size;
    memcpy(events, fewer, *count * sizeof(*events));
    return true;
}

/* Make one argument smaller if it still fails. */
static void
lab_make_smaller(struct lab_event *events, unsigned count, uint32_t *argument)
{
    uint32_t was = *argument;

    for (uint32_t wanted = 0; wanted < was && wanted < 3; wanted++) {
        *argument = wanted;
        if (!lab_try(events, count)) {
            return;
        }
    }
    *argument = was;
}

static void
lab_shorten(struct lab_event *events, unsigned *count)
{
    bool shorter = true;

    if (lab_run->at < *count) {
        *count = lab_run->at + 1;
    }
    while (shorter) {
        shorter = false;
        for (unsigned size = (*count + 1) / 2; size > 0; size /= 2) {
            for (unsigned at = 0; at + size <= *count;) {
                if (lab_leave_out(events, count, at, size)) {
                    shorter = true;
                } else {
                    at += size;
                }
            }
        }
    }
    for (unsigned i = 0; i < *count; i++) {
        lab_make_smaller(events, *count, &events[i].a);
        lab_make_smaller(events, *count, &events[i].b);
    }
}

static void
lab_report(const char *name, uint64_t seed, const struct lab_event *events,
           unsigned count, unsigned before)
{
    (void)lab_try(events, count);
    printf("%s: NOT SOLVED\n  seed %llu: %u events, of which these suffice\n",
           name, (unsigned long long)seed, before);
    for (unsigned i = 0; i < count && i <= lab_run->at; i++) {
        printf("  %3u  %s\n", i + 1, lab_run->said[i]);
    }
    if (lab_run->at >= count) {
        printf("  then  %s\n", lab_run->said[LAB_EVENTS]);
    }
    printf("  expected  %s\n  got       %s\n", lab_run->expected, lab_run->got);
}

static int
lab_main(const char *name, int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    struct lab_event events[LAB_EVENTS];

    lab_run = lab_shared(sizeof(*lab_run));
    random_state = seed * 0x9E3779B97F4A7C15ull | 1;
    for (unsigned round = 0; round < LAB_ROUNDS; round++) {
        unsigned count = LAB_EVENTS;

        for (unsigned i = 0; i < count; i++) {
            events[i] = lab_choose();
        }
        if (!lab_try(events, count)) {
            lab_shorten(events, &count);
            lab_report(name, seed, events, count, LAB_EVENTS);
            return EXIT_FAILURE;
        }
    }
    printf("%s: solved (seed %llu: %u lists of %u events)\n", name,
           (unsigned long long)seed, LAB_ROUNDS, LAB_EVENTS);
    return EXIT_SUCCESS;
}

#define LAB_MAIN(name)                     \
    int main(int argc, char **argv)        \
    {                                      \
        return lab_main(name, argc, argv); \
    }
