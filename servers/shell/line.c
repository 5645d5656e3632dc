/* SPDX-License-Identifier: MIT */
/* Line editing. What is shown is changed by the smallest redrawing that works on
 * every terminal: characters, backspaces and blanks. */
#include "line.h"

#include <base/string.h>

#define CONTROL(letter) ((letter)&0x1F)
#define KEY_ESCAPE      0x1B
#define KEY_DELETE      0x7F

/* ---- showing ------------------------------------------------------------ */

static void
line_put_many(struct line *line, char c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        line->put(line->context, c);
    }
}

static void
line_put_text(struct line *line, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        line->put(line->context, text[i]);
    }
}

static void
line_put_string(struct line *line, const char *text)
{
    line_put_text(line, text, strlen(text));
}

static void
line_bell(struct line *line)
{
    line->put(line->context, '\a');
}

/* Show text from the cursor on, then @blanks, and step back to the cursor. */
static void
line_show_tail(struct line *line, size_t blanks)
{
    size_t tail = line->length - line->cursor;

    line_put_text(line, line->text + line->cursor, tail);
    line_put_many(line, ' ', blanks);
    line_put_many(line, '\b', tail + blanks);
}

/* ---- moving -------------------------------------------------------------- */

static void
line_move_to(struct line *line, size_t cursor)
{
    if (cursor < line->cursor) {
        line_put_many(line, '\b', line->cursor - cursor);
    } else {
        line_put_text(line, line->text + line->cursor, cursor - line->cursor);
    }
    line->cursor = cursor;
}

static void
line_left(struct line *line)
{
    line_move_to(line, line->cursor > 0 ? line->cursor - 1 : 0);
}

static void
line_right(struct line *line)
{
    line_move_to(line,
                 line->cursor < line->length ? line->cursor + 1 : line->length);
}

/* ---- changing ------------------------------------------------------------ */

/* Remove [@from, cursor) and put the cursor at @from. */
static void
line_remove_back_to(struct line *line, size_t from)
{
    size_t removed = line->cursor - from;

    line_put_many(line, '\b', removed);
    memmove(line->text + from, line->text + line->cursor,
            line->length - line->cursor + 1);
    line->length -= removed;
    line->cursor = from;
    line_show_tail(line, removed);
}

static void
line_remove_forward(struct line *line)
{
    if (line->cursor == line->length) {
        return;
    }
    memmove(line->text + line->cursor, line->text + line->cursor + 1,
            line->length - line->cursor);
    line->length--;
    line_show_tail(line, 1);
}

static void
line_remove_to_end(struct line *line)
{
    size_t removed = line->length - line->cursor;

    line->length = line->cursor;
    line->text[line->length] = '\0';
    line_show_tail(line, removed);
}

static void
line_remove_word(struct line *line)
{
    size_t from = line->cursor;

    while (from > 0 && line->text[from - 1] == ' ') {
        from--;
    }
    while (from > 0 && line->text[from - 1] != ' ') {
        from--;
    }
    line_remove_back_to(line, from);
}

static void
line_insert(struct line *line, char c)
{
    if (line->length + 1 >= LINE_BYTES) {
        if (!line->full) { /* once: more may be a file that was pasted */
            line_bell(line);
        }
        line->full = true;
        return;
    }
    line->full = false;
    memmove(line->text + line->cursor + 1, line->text + line->cursor,
            line->length - line->cursor + 1);
    line->text[line->cursor] = c;
    line->length++;
    line->cursor++;
    line->put(line->context, c);
    line_show_tail(line, 0);
}

/* Show and edit @text instead of what is there. */
static void
line_replace(struct line *line, const char *text)
{
    line_move_to(line, 0);
    line_remove_to_end(line);
    line->length = strlcpy(line->text, text, sizeof(line->text));
    line_move_to(line, line->length);
}

/* ---- history ------------------------------------------------------------- */

static size_t
line_history_kept(const struct line *line)
{
    return line->history_count < LINE_HISTORY ? line->history_count
                                              : LINE_HISTORY;
}

/* Show the line @back steps into the past; 0 is the one being typed. */
static void
line_show_history(struct line *line, size_t back)
{
    if (line->history_back == 0) {
        strlcpy(line->typed, line->text, sizeof(line->typed));
    }
    line->history_back = back;
    if (back == 0) {
        line_replace(line, line->typed);
        return;
    }
    line_replace(line,
                 line->history[(line->history_count - back) % LINE_HISTORY]);
}

static void
line_history_up(struct line *line)
{
    if (line->history_back == line_history_kept(line)) {
        line_bell(line);
        return;
    }
    line_show_history(line, line->history_back + 1);
}

static void
line_history_down(struct line *line)
{
    if (line->history_back == 0) {
        line_bell(line);
        return;
    }
    line_show_history(line, line->history_back - 1);
}

void
line_add_history(struct line *line, const char *text)
{
    size_t newest = (line->history_count - 1) % LINE_HISTORY;
    bool blank = true;

    for (const char *at = text; *at != '\0'; at++) {
        blank = blank && *at == ' ';
    }
    if (blank
        || (line->history_count > 0
            && strcmp(line->history[newest], text) == 0)) {
        return;
    }
    strlcpy(line->history[line->history_count % LINE_HISTORY], text,
            LINE_BYTES);
    line->history_count++;
}

/* ---- keys ---------------------------------------------------------------- */

static void
line_clear_screen(struct line *line)
{
    size_t cursor = line->cursor;

    line_put_string(line, "\033[2J\033[H");
    line_put_string(line, line->prompt);
    line->cursor = 0;
    line_move_to(line, line->length);
    line_move_to(line, cursor);
}

/* ESC [ number ~ */
static void
line_numbered_key(struct line *line, unsigned number)
{
    switch (number) {
    case 1:
    case 7:
        line_move_to(line, 0);
        break;
    case 3:
        line_remove_forward(line);
        break;
    case 4:
    case 8:
        line_move_to(line, line->length);
        break;
    default:
        break;
    }
}

/* The last byte of ESC [ ... or ESC O. */
static void
line_final_key(struct line *line, uint8_t byte)
{
    switch (byte) {
    case 'A':
        line_history_up(line);
        break;
    case 'B':
        line_history_down(line);
        break;
    case 'C':
        line_right(line);
        break;
    case 'D':
        line_left(line);
        break;
    case 'H':
        line_move_to(line, 0);
        break;
    case 'F':
        line_move_to(line, line->length);
        break;
    case '~':
        line_numbered_key(line, line->escape_number);
        break;
    default:
        break;
    }
}

/* Read on in an escape sequence. */
static void
line_escape_key(struct line *line, uint8_t byte)
{
    bool is_digit = byte >= '0' && byte <= '9';

    line->escape_bytes++;
    if (line->escape_bytes > LINE_ESCAPE_LIMIT) {
        line->escape = LINE_ESCAPE_NONE;
        return;
    }
    if (line->escape == LINE_ESCAPE_START) {
        line->escape = byte == '['   ? LINE_ESCAPE_CSI
                       : byte == 'O' ? LINE_ESCAPE_SS3
                                     : LINE_ESCAPE_NONE;
        return;
    }
    if (line->escape == LINE_ESCAPE_CSI && (is_digit || byte == ';')) {
        if (is_digit && line->escape_number < 100) {
            line->escape_number = line->escape_number * 10 + (byte - '0');
        }
        return;
    }
    line->escape = LINE_ESCAPE_NONE;
    line_final_key(line, byte);
}

static void
line_control_key(struct line *line, uint8_t byte)
{
    switch (byte) {
    case CONTROL('A'):
        line_move_to(line, 0);
        break;
    case CONTROL('B'):
        line_left(line);
        break;
    case CONTROL('D'):
        line_remove_forward(line);
        break;
    case CONTROL('E'):
        line_move_to(line, line->length);
        break;
    case CONTROL('F'):
        line_right(line);
        break;
    case CONTROL('H'):
    case KEY_DELETE:
        line_remove_back_to(line, line->cursor > 0 ? line->cursor - 1 : 0);
        break;
    case CONTROL('K'):
        line_remove_to_end(line);
        break;
    case CONTROL('L'):
        line_clear_screen(line);
        break;
    case CONTROL('N'):
        line_history_down(line);
        break;
    case CONTROL('P'):
        line_history_up(line);
        break;
    case CONTROL('U'):
        line_remove_back_to(line, 0);
        break;
    case CONTROL('W'):
        line_remove_word(line);
        break;
    case KEY_ESCAPE:
        line->escape = LINE_ESCAPE_START;
        line->escape_number = 0;
        line->escape_bytes = 0;
        break;
    default:
        break;
    }
}

static enum line_event
line_finish(struct line *line, enum line_event event, const char *shown)
{
    line_move_to(line, line->length);
    line_put_string(line, shown);
    line->escape = LINE_ESCAPE_NONE;
    return event;
}

enum line_event
line_key(struct line *line, uint8_t byte)
{
    bool after_return = line->after_return;

    line->after_return = byte == '\r';
    if (byte == '\n' && after_return) {
        return LINE_MORE;
    }
    if (byte == '\r' || byte == '\n') {
        return line_finish(line, LINE_DONE, "\r\n");
    }
    if (byte == CONTROL('C')) {
        return line_finish(line, LINE_INTERRUPT, "^C\r\n");
    }
    if (line->escape != LINE_ESCAPE_NONE) {
        line_escape_key(line, byte);
    } else if (byte == CONTROL('D') && line->length == 0) {
        return line_finish(line, LINE_END, "\r\n");
    } else if (byte < ' ' || byte == KEY_DELETE) {
        line_control_key(line, byte);
    } else if (byte < KEY_DELETE) {
        line_insert(line, (char)byte);
    }
    return LINE_MORE;
}

/* ---- begin ---------------------------------------------------------------- */

void
line_init(struct line *line, line_put_fn put, void *context)
{
    memset(line, 0, sizeof(*line));
    line->put = put;
    line->context = context;
    line->prompt = "";
}

void
line_start(struct line *line, const char *prompt)
{
    line->length = 0;
    line->cursor = 0;
    line->text[0] = '\0';
    line->full = false;
    line->history_back = 0;
    line->escape = LINE_ESCAPE_NONE;
    line->prompt = prompt;
    line_put_string(line, prompt);
}
