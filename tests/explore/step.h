/* SPDX-License-Identifier: MIT */
/* Steps: which there are, which are possible now, and their names. act.h does
 * them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEPS_MOST 256u /* possible ones at a time */

enum step_event {
    /* A client's thread. */
    STEP_TOUCH,   /* its fault at @page, or the copy that needs it       */
    STEP_UNMAP,   /* region_destroy of @argument pages from @page        */
    STEP_MAP,     /* region_create of @page                              */
    STEP_PROTECT, /* region_protect of @page to @argument                */
    STEP_EXIT,    /* thread_exit                                         */
    /* To a client. */
    STEP_KILL, /* it is killed                                        */
    STEP_REAP, /* a continuation runs: an end is completed            */
    /* A pager's thread. */
    STEP_RECEIVE,
    STEP_REPLY, /* answer number @page of what it owes, @argument      */
    STEP_REPLY_RECEIVE,
    STEP_REPLY_STALE, /* every id that is not its own to answer              */
    STEP_TIMEOUT,     /* its receive ends by its deadline                    */
    /* To a pager. */
    STEP_PAGER_KILL,
    STEP_PAGER_HANG, /* it lets somebody wait beyond the hard limit         */
    STEP_PAGER_REAP,
    STEP_PAGER_START,
    STEP_GRACE, /* no pager comes within the grace period              */
    STEP_EVENTS,
};

#define STEPS_EVERY ((1u << STEP_EVENTS) - 1)

/* Answers: a verdict, and how much of it. */
enum step_answer {
    ANSWER_ZERO,
    ANSWER_ZERO_RUN, /* as long a run as was asked for */
    ANSWER_SHARE,
    ANSWER_MOVE,
    ANSWER_COPY,
    ANSWER_FAIL,
    ANSWER_DEFER,
    ANSWER_NONSENSE, /* a strike */
    ANSWERS,
};

#define ANSWERS_EVERY ((1u << ANSWERS) - 1)

struct step {
    uint8_t event;
    uint8_t who;    /* client or pager */
    uint8_t thread; /* of it           */
    uint8_t page;
    uint8_t argument;
};

/* Write the steps that are possible now to @steps, STEPS_MOST at most. Returns how
 * many. */
unsigned step_list(struct step *steps);

/* Whether @step is possible now. */
bool step_is_possible(const struct step *step);

/* Whether the possible step @step takes something away or ends somebody. */
bool step_disturbs(const struct step *step);

/* Whether a step is possible that concerns nobody else: the end of a client goes on.
 * Whatever waited for it, or it for others, was given up when the end began; what is
 * left is its own. Not so where clients share pages, which a pager may take back. */
bool step_alone(struct step *step);

/* What a willing pager, or whoever completes ends, would do next. Returns false if
 * nothing is left to do. */
bool step_to_serve(struct step *step);

/* Write @step as words to @text. */
void step_describe(const struct step *step, char *text, size_t bytes);
