/* SPDX-License-Identifier: MIT */
/*
 * A line into words. Pure: works inside the caller's buffer.
 *
 *      echo "two words" one\ word a'b c'd &
 *   -> {echo} {two words} {one word} {ab cd}   background
 *
 * Blanks separate words. "..." and '...' keep blanks; a backslash keeps the next
 * character, except inside '...'. A & at the end of the line, outside quotes,
 * asks for the background. A # where a word could begin starts a comment.
 */
#pragma once

#include <stdbool.h>

#define PARSE_WORDS 32

struct parsed {
    int count;
    char *words[PARSE_WORDS + 1]; /* words[count] = NULL */
    bool background;
};

enum parse_error {
    PARSE_OK,
    PARSE_OPEN_QUOTE, /* a quote or backslash without its end */
    PARSE_MANY_WORDS, /* more than PARSE_WORDS                */
    PARSE_AMPERSAND,  /* & somewhere before the end           */
};

/* Cut @text into words, which point into it: it is changed, and must live as
 * long as *@out. On an error *@out is empty.
 * Cost: linear in the text. */
enum parse_error parse_line(char *text, struct parsed *out);

/* Say what is wrong, for a person. */
const char *parse_error_text(enum parse_error error);
