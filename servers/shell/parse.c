/* SPDX-License-Identifier: MIT */
/* Words of a command line. */
#include "parse.h"

#include <stddef.h>

static bool
parse_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool
parse_ends_word(char c)
{
    return c == '\0' || parse_is_blank(c) || c == '&';
}

/* Copy the part between quotes, which begins behind *@from. Returns false if
 * the closing quote is missing. */
static bool
parse_quoted(const char **from, char **to, char quote)
{
    const char *at = *from + 1;

    while (*at != quote) {
        if (*at == '\\' && quote == '"' && at[1] != '\0') {
            at++;
        }
        if (*at == '\0') {
            return false;
        }
        *(*to)++ = *at++;
    }
    *from = at + 1;
    return true;
}

/* Copy one word from *@from to *@to, which is never ahead of it, and step both
 * behind it. */
static bool
parse_word(const char **from, char **to)
{
    while (!parse_ends_word(**from)) {
        if (**from == '"' || **from == '\'') {
            if (!parse_quoted(from, to, **from)) {
                return false;
            }
            continue;
        }
        if (**from == '\\') {
            (*from)++;
            if (**from == '\0') {
                return false;
            }
        }
        *(*to)++ = *(*from)++;
    }
    return true;
}

static const char *
parse_skip_blanks(const char *at)
{
    while (parse_is_blank(*at)) {
        at++;
    }
    return at;
}

static enum parse_error
parse_words(char *text, struct parsed *out)
{
    const char *from = text;
    char *to = text;
    char c = *from; /* what stood at from, before a NUL was put there */

    for (;;) {
        if (parse_is_blank(c)) {
            from = parse_skip_blanks(from + 1);
            c = *from;
        }
        if (c == '\0' || c == '#') {
            return PARSE_OK;
        }
        if (c == '&') {
            from = parse_skip_blanks(from + 1);
            out->background = true;
            return *from == '\0' || *from == '#' ? PARSE_OK : PARSE_AMPERSAND;
        }
        if (out->count == PARSE_WORDS) {
            return PARSE_MANY_WORDS;
        }
        out->words[out->count++] = to;
        if (!parse_word(&from, &to)) {
            return PARSE_OPEN_QUOTE;
        }
        c = *from;
        *to++ = '\0';
    }
}

enum parse_error
parse_line(char *text, struct parsed *out)
{
    enum parse_error error;

    *out = (struct parsed){ .count = 0 };
    error = parse_words(text, out);
    if (error != PARSE_OK) {
        *out = (struct parsed){ .count = 0 };
    }
    return error;
}

const char *
parse_error_text(enum parse_error error)
{
    switch (error) {
    case PARSE_OK:
        return "right";
    case PARSE_OPEN_QUOTE:
        return "a quote or backslash without its end";
    case PARSE_MANY_WORDS:
        return "too many words";
    case PARSE_AMPERSAND:
        return "& belongs at the end of the line";
    }
    return "wrong";
}
