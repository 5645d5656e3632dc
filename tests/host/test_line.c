/* SPDX-License-Identifier: MIT */
/*
 * Claim: keys change the line as line.h says, the terminal shows exactly that
 * line with its cursor in the right place, and no input can do any harm.
 * Method: a model of a terminal receives what is shown and is compared with the
 * editor's own idea after every key; examples, then random keys.
 */
#include <string.h>

#include "check.h"
#include "servers/shell/line.h"

#define PROMPT "> "

/* ---- a terminal of one endless row ----------------------------------------- */

static char row[4 * LINE_BYTES + 1];
static size_t column;
static int bells;
static int terminal_escape;

static void
terminal_put(void *context, char c)
{
    (void)context;
    if (terminal_escape != 0) {
        /* ESC [ ... letter: only "clear" and "home" are ever sent. */
        terminal_escape = c >= 'A' && c <= 'Z' ? 0 : 1;
        if (c == 'H') {
            column = 0;
        } else if (c == 'J') {
            memset(row, ' ', sizeof(row) - 1);
        }
    } else if (c == '\033') {
        terminal_escape = 1;
    } else if (c == '\a') {
        bells++;
    } else if (c == '\b') {
        CHECK(column > 0);
        column--;
    } else if (c == '\n' || c == '\r') {
        memset(row, ' ', sizeof(row) - 1);
        column = 0;
    } else {
        CHECK(c >= ' ' && c <= '~');
        row[column++] = c;
    }
}

static struct line line;

static void
check_shown(void)
{
    size_t prompt = strlen(PROMPT);

    CHECK(line.cursor <= line.length && line.length < LINE_BYTES);
    CHECK_EQ(strlen(line.text), line.length);
    CHECK_EQ(column, prompt + line.cursor);
    if (memcmp(row, PROMPT, prompt) != 0
        || memcmp(row + prompt, line.text, line.length) != 0
        || strspn(row + prompt + line.length, " ") < 32) {
        CHECK(!"the terminal shows another line");
    }
}

static void
begin(void)
{
    memset(row, ' ', sizeof(row) - 1);
    column = 0;
    terminal_escape = 0;
    line_init(&line, terminal_put, NULL);
    line_start(&line, PROMPT);
}

/* Type @keys; returns the last event. */
static enum line_event
type(const char *keys)
{
    enum line_event event = LINE_MORE;

    for (; *keys != '\0'; keys++) {
        event = line_key(&line, (uint8_t)*keys);
        if (event == LINE_MORE) {
            check_shown();
        }
    }
    return event;
}

#define TYPED(keys, expected)                    \
    do {                                         \
        begin();                                 \
        type(keys);                              \
        CHECK(strcmp(line.text, expected) == 0); \
    } while (0)

/* ---- keys --------------------------------------------------------------------- */

TEST(characters_and_backspace)
{
    TYPED("hello", "hello");
    TYPED("hellp\bo", "hello");
    TYPED("hellp\177o", "hello");
    TYPED("\b\b\177a", "a");
}

TEST(the_cursor_moves)
{
    TYPED("bc\001a", "abc");
    TYPED("ac\002b", "abc");
    TYPED("ac\033[Db", "abc");
    TYPED("bc\033[Ha\033[Fd", "abcd");
    TYPED("bc\033OHa\033OFd", "abcd");
    TYPED("bc\033[1~a\033[4~d", "abcd");
    TYPED("abc\033[D\033[D\033[CX", "abXc");
    TYPED("ab\033[D\033[D\033[D\033[DX", "Xab");
    TYPED("ab\006\006X", "abX");
}

TEST(parts_are_removed)
{
    TYPED("abc\025", "");
    TYPED("abc\002\025", "c");
    TYPED("abc\001\013", "");
    TYPED("abc\002\013", "ab");
    TYPED("one two  \027", "one ");
    TYPED("one\027\027", "");
    TYPED("abc\001\004", "bc");
    TYPED("abc\001\033[3~", "bc");
    TYPED("abc\004", "abc");
}

TEST(the_screen_is_cleared_and_drawn_again)
{
    TYPED("abc\002\014X", "abXc");
}

TEST(enter_ends_a_line_once)
{
    begin();
    CHECK_EQ(type("abc\r"), LINE_DONE);
    CHECK(strcmp(line.text, "abc") == 0);
    line_start(&line, PROMPT);
    CHECK_EQ(type("\n"), LINE_MORE);
    CHECK_EQ(type("\n"), LINE_DONE);
    line_start(&line, PROMPT);
    CHECK_EQ(type("\r"), LINE_DONE);
    line_start(&line, PROMPT);
    CHECK_EQ(type("\r"), LINE_DONE);
}

TEST(control_c_and_control_d)
{
    begin();
    CHECK_EQ(type("abc\003"), LINE_INTERRUPT);
    line_start(&line, PROMPT);
    CHECK_EQ(line.length, 0);
    CHECK_EQ(type("\004"), LINE_END);
    line_start(&line, PROMPT);
    CHECK_EQ(type("\033\003"), LINE_INTERRUPT);
}

TEST(history_goes_both_ways_and_keeps_what_was_typed)
{
    begin();
    line_add_history(&line, "one");
    line_add_history(&line, "two");
    line_add_history(&line, "two");
    line_add_history(&line, "   ");
    line_add_history(&line, "");
    type("new\033[A");
    CHECK(strcmp(line.text, "two") == 0);
    type("\033[A");
    CHECK(strcmp(line.text, "one") == 0);
    bells = 0;
    type("\033[A");
    CHECK_EQ(bells, 1);
    type("\033[B\033[B");
    CHECK(strcmp(line.text, "new") == 0);
    type("\016");
    CHECK_EQ(bells, 2);
    type("\020X");
    CHECK(strcmp(line.text, "twoX") == 0);
}

TEST(history_forgets_the_oldest)
{
    char text[24];

    begin();
    for (int i = 0; i < 3 * LINE_HISTORY; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        line_add_history(&line, text);
    }
    for (int i = 1; i <= LINE_HISTORY; i++) {
        type("\033[A");
        snprintf(text, sizeof(text), "line %d", 3 * LINE_HISTORY - i);
        CHECK(strcmp(line.text, text) == 0);
    }
    type("\033[A");
    CHECK(strcmp(line.text, text) == 0);
}

/* ---- hostile --------------------------------------------------------------------- */

TEST(a_line_of_a_mib_stops_at_its_limit)
{
    begin();
    bells = 0;
    for (int i = 0; i < 1 << 20; i++) {
        CHECK(line_key(&line, 'x') == LINE_MORE);
    }
    CHECK_EQ(line.length, LINE_BYTES - 1);
    CHECK_EQ(bells, 1);
    type("\byz");
    CHECK_EQ(bells, 2);
    check_shown();
    CHECK_EQ(type("\r"), LINE_DONE);
}

TEST(bytes_without_meaning_change_nothing)
{
    begin();
    type("ab");
    for (int byte = 0; byte < 256; byte++) {
        if ((byte >= ' ' && byte < 0x80) || strchr("\b\r\n", byte) != NULL
            || (byte >= 1 && byte <= 0x1B)) {
            continue;
        }
        CHECK_EQ(line_key(&line, (uint8_t)byte), LINE_MORE);
        check_shown();
    }
    CHECK(strcmp(line.text, "ab") == 0);
}

TEST(an_endless_escape_sequence_ends)
{
    begin();
    type("\033[");
    for (int i = 0; i < 1000; i++) {
        line_key(&line, '9');
    }
    CHECK(line.length > 900 || line.length == LINE_BYTES - 1);
    TYPED("\033[999999999999~abc\033xdef", "abcdef");
    TYPED("\033\033[Aabc", "[Aabc");
}

TEST(random_keys_do_no_harm)
{
    static const char *const keys[] = { "a",      "bc",      "\b",     "\001",
                                        "\005",   "\013",    "\025",   "\027",
                                        "\033[A", "\033[B",  "\033[C", "\033[D",
                                        "\004x",  "\033[3~", "\020",   "\016",
                                        "\014",   "\033",    "[",      "\377" };
    const size_t count = sizeof(keys) / sizeof(*keys);
    uint64_t seed = 99;

    begin();
    for (int i = 0; i < 60000; i++) {
        char copy[LINE_BYTES];

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if ((seed >> 40) % 50 == 0) {
            strcpy(copy, line.text);
            line_key(&line, '\r');
            line_add_history(&line, copy);
            line_start(&line, PROMPT);
            check_shown();
            continue;
        }
        for (const char *key = keys[(seed >> 33) % count]; *key != '\0';
             key++) {
            if (line_key(&line, (uint8_t)*key) != LINE_MORE) {
                line_start(&line, PROMPT);
            }
            check_shown();
        }
    }
}

int
main(void)
{
    RUN(characters_and_backspace);
    RUN(the_cursor_moves);
    RUN(parts_are_removed);
    RUN(the_screen_is_cleared_and_drawn_again);
    RUN(enter_ends_a_line_once);
    RUN(control_c_and_control_d);
    RUN(history_goes_both_ways_and_keeps_what_was_typed);
    RUN(history_forgets_the_oldest);
    RUN(a_line_of_a_mib_stops_at_its_limit);
    RUN(bytes_without_meaning_change_nothing);
    RUN(an_endless_escape_sequence_ends);
    RUN(random_keys_do_no_harm);
    return CHECK_REPORT();
}
