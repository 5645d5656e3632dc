/* SPDX-License-Identifier: MIT */
/*
 * One line of input and the keys that change it. Pure: bytes come in by
 * line_key, what the terminal shall show goes out by a callback; no system call,
 * no allocation, so the whole of it runs on the host and under a fuzzer.
 *
 *      text   [ f | r | a | m | e | s |   |   | ...            ]
 *                               ^cursor^length          LINE_BYTES
 *
 *   backspace, DEL     remove before the cursor     ^D   remove at the cursor
 *   arrows, ^B ^F      move                         ^A ^E, Home, End   to the ends
 *   ^K ^U ^W           remove to the end, to the start, the word before
 *   up, down, ^P ^N    history                      ^L   clear the screen
 *   ^C                 give up the line             ^D on an empty line: end
 *
 * Hostile input is normal input: a byte that means nothing is ignored, a line
 * that is too long takes no more characters (and rings the bell), an escape
 * sequence that never ends is dropped at its limit.
 *
 * Invariants
 *  L1  cursor <= length < LINE_BYTES; text[length] is NUL between two keys
 *  L2  the terminal shows text behind the prompt, with its cursor at cursor
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_BYTES        512
#define LINE_HISTORY      16
#define LINE_ESCAPE_LIMIT 16

typedef void (*line_put_fn)(void *context, char c);

enum line_event {
    LINE_MORE,      /* nothing to do yet                          */
    LINE_DONE,      /* Enter: text is the line                    */
    LINE_INTERRUPT, /* ^C: the line was given up                  */
    LINE_END,       /* ^D on an empty line                        */
};

/* Where the reading of an escape sequence stands. */
enum line_escape {
    LINE_ESCAPE_NONE,
    LINE_ESCAPE_START, /* ESC            */
    LINE_ESCAPE_CSI,   /* ESC [ digits   */
    LINE_ESCAPE_SS3,   /* ESC O          */
};

struct line {
    char text[LINE_BYTES];
    size_t length;
    size_t cursor;
    const char *prompt;
    line_put_fn put;
    void *context;

    enum line_escape escape;
    unsigned escape_number;
    unsigned escape_bytes;
    bool full;         /* and the bell has said so */
    bool after_return; /* the \n of "\r\n" is no second Enter */

    char history[LINE_HISTORY][LINE_BYTES];
    size_t history_count;   /* lines ever added; the newest is count - 1 */
    size_t history_back;    /* 0 = the line being typed, 1 = the newest ... */
    char typed[LINE_BYTES]; /* the line being typed, while history shows */
};

/* Prepare @line; its history is empty. @put shows a character. */
void line_init(struct line *line, line_put_fn put, void *context);

/* Begin an empty line: show @prompt, which must outlive the line. */
void line_start(struct line *line, const char *prompt);

/* Let one byte from the terminal change @line.
 * Returns what it means; after anything but LINE_MORE, line->text is the line
 * and line_start begins the next. Cost: O(length). */
enum line_event line_key(struct line *line, uint8_t byte);

/* Remember @text, unless it is blank or the newest is the same. */
void line_add_history(struct line *line, const char *text);
