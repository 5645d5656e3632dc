/* SPDX-License-Identifier: MIT */
/*
 * The console as a terminal, or as two pipes.
 *
 *      keys --> console_edit: echo, backspace, ^U, ^D --> line --> read
 *      write --> \n becomes \r\n --> console
 *
 * Whoever started the program may have no person at the other end. The
 * environment says so: SECOS_PIPED has an i if the input is a pipe (no echo, no
 * editing, nothing of it means anything but two bytes), and an o if the output
 * is (isatty says no, so the C library collects more before it writes).
 *
 * In a pipe ^D is the end, and ^P announces a byte that is sent with bit 6
 * turned: so every byte can be sent.
 */
#include <stddef.h>

#include <base/string.h>

#include <libsecos/console.h>
#include <libsecos/process.h>

#include "linux.h"

#define CONSOLE_LINE_BYTES 1024u
#define CONSOLE_OUT_BYTES  256u

#define KEY_END       0x04 /* ^D */
#define KEY_BACKSPACE 0x08
#define KEY_ESCAPE    0x10 /* ^P, in a pipe */
#define KEY_KILL      0x15 /* ^U */
#define KEY_DELETE    0x7F
#define KEY_TURN      0x40

/* Linux: asm/ioctls.h and asm/termbits.h. */
#define TERMINAL_GET         0x5401u
#define TERMINAL_SET         0x5402u
#define TERMINAL_SET_DRAIN   0x5403u
#define TERMINAL_SET_FLUSH   0x5404u
#define TERMINAL_WINDOW_SIZE 0x5413u
#define TERMINAL_WAITING     0x541Bu /* FIONREAD */

#define INPUT_CR_TO_NL   0000400u /* ICRNL */
#define OUTPUT_PROCESS   0000001u /* OPOST */
#define OUTPUT_NL_TO_CR  0000004u /* ONLCR */
#define CONTROL_DEFAULT  0000277u /* B38400, CS8, CREAD */
#define LOCAL_SIGNALS    0000001u /* ISIG */
#define LOCAL_CANONICAL  0000002u /* ICANON */
#define LOCAL_ECHO       0000010u /* ECHO */
#define TERMINAL_TIME    5        /* VTIME, in tenths of a second */
#define TERMINAL_MINIMUM 6        /* VMIN */

struct terminal_settings {
    uint32_t input;
    uint32_t output;
    uint32_t control;
    uint32_t local;
    uint8_t line;
    uint8_t keys[19];
};

_Static_assert(sizeof(struct terminal_settings) == 36, "struct ktermios");

struct window_size {
    uint16_t rows;
    uint16_t columns;
    uint16_t width;
    uint16_t height;
};

static struct terminal_settings console_settings = {
    .input = INPUT_CR_TO_NL,
    .output = OUTPUT_PROCESS | OUTPUT_NL_TO_CR,
    .control = CONTROL_DEFAULT,
    .local = LOCAL_SIGNALS | LOCAL_CANONICAL | LOCAL_ECHO,
    .keys = { 0x03, 0x1C, KEY_DELETE, KEY_KILL, KEY_END, 0, 1 },
};

static bool console_input_is_pipe;
static bool console_output_is_pipe;
static bool console_at_end;
static bool console_escaped; /* a pipe: the next byte is turned */
static char console_line[CONSOLE_LINE_BYTES];
static uint64_t console_used;  /* bytes of a complete line, or read ahead */
static uint64_t console_taken; /* of these, bytes already read */

void
linux_console_init(void)
{
    const char *piped = linux_environment("SECOS_PIPED");

    console_input_is_pipe = piped != NULL && strchr(piped, 'i') != NULL;
    console_output_is_pipe = piped != NULL && strchr(piped, 'o') != NULL;
}

bool
linux_console_is_terminal(bool is_output)
{
    return is_output ? !console_output_is_pipe : !console_input_is_pipe;
}

/* ---- output --------------------------------------------------------------- */

static bool
console_turns_newlines(void)
{
    uint32_t both = OUTPUT_PROCESS | OUTPUT_NL_TO_CR;

    return console_output_is_pipe || (console_settings.output & both) == both;
}

int64_t
linux_console_write(const char *from, uint64_t bytes)
{
    char out[CONSOLE_OUT_BYTES];
    bool turn = console_turns_newlines();
    uint64_t used = 0;
    int64_t status = ST_OK;

    for (uint64_t i = 0; i < bytes && status == ST_OK; i++) {
        if (turn && from[i] == '\n') {
            out[used++] = '\r';
        }
        out[used++] = from[i];
        if (used + 2 > sizeof(out)) {
            status = console_write_all(HANDLE_SLOT_CONSOLE, out, used);
            used = 0;
        }
    }
    if (status == ST_OK && used > 0) {
        status = console_write_all(HANDLE_SLOT_CONSOLE, out, used);
    }
    return status == ST_OK ? (int64_t)bytes : status;
}

void
linux_console_say(const char *text)
{
    (void)linux_console_write(text, strlen(text));
}

/* ---- input ---------------------------------------------------------------- */

static void
console_echo(const char *text, uint64_t bytes)
{
    if ((console_settings.local & LOCAL_ECHO) != 0) {
        (void)console_write_all(HANDLE_SLOT_CONSOLE, text, bytes);
    }
}

static void
console_rub_out(uint64_t count)
{
    for (; count > 0 && console_used > 0; count--) {
        console_used--;
        console_echo("\b \b", 3);
    }
}

/* Let @key change the line. Returns true when the line is complete. */
static bool
console_edit(char key)
{
    switch (key) {
    case '\r':
    case '\n':
        console_line[console_used++] = '\n';
        console_echo("\r\n", 2);
        return true;
    case KEY_END:
        console_at_end = console_used == 0;
        return true;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        console_rub_out(1);
        return false;
    case KEY_KILL:
        console_rub_out(console_used);
        return false;
    default:
        /* One byte is kept for the newline; other control keys say nothing. */
        if (console_used + 1 < CONSOLE_LINE_BYTES
            && ((uint8_t)key >= ' ' || key == '\t')) {
            console_line[console_used++] = key;
            console_echo(&key, 1);
        }
        return false;
    }
}

static int64_t
console_read_line(void)
{
    char key = 0;

    do {
        int64_t got = console_read(HANDLE_SLOT_CONSOLE, &key, 1, 0);

        if (got != 1) {
            return got;
        }
    } while (!console_edit(key));
    return ST_OK;
}

/* Undo what the sender did to the bytes of a pipe, in place. */
static void
console_unpack(uint64_t bytes)
{
    uint64_t kept = 0;

    for (uint64_t i = 0; i < bytes && !console_at_end; i++) {
        char byte = console_line[i];

        if (console_escaped) {
            console_line[kept++] = (char)(byte ^ KEY_TURN);
            console_escaped = false;
        } else if (byte == KEY_ESCAPE) {
            console_escaped = true;
        } else if (byte == KEY_END) {
            console_at_end = true;
        } else {
            console_line[kept++] = byte;
        }
    }
    console_used = kept;
}

/* Take what has come, but at least one byte unless the deadline passes. */
static int64_t
console_read_raw(uint64_t deadline_ns)
{
    while (console_used == 0 && !console_at_end) {
        int64_t got = console_read(HANDLE_SLOT_CONSOLE, console_line,
                                   CONSOLE_LINE_BYTES, deadline_ns);

        if (got <= 0) {
            return got;
        }
        if (console_input_is_pipe) {
            console_unpack((uint64_t)got);
        } else {
            console_used = (uint64_t)got;
        }
    }
    return ST_OK;
}

/* Not canonical: VMIN 0 does not wait longer than VTIME. */
static uint64_t
console_raw_deadline(void)
{
    uint64_t tenths = console_settings.keys[TERMINAL_TIME];

    if (console_input_is_pipe || console_settings.keys[TERMINAL_MINIMUM] != 0) {
        return 0;
    }
    return process_clock() + tenths * 100000000u + 1;
}

static int64_t
console_fill(void)
{
    int64_t status;

    console_used = 0;
    console_taken = 0;
    if (!console_input_is_pipe
        && (console_settings.local & LOCAL_CANONICAL) != 0) {
        return console_read_line();
    }
    status = console_read_raw(console_raw_deadline());
    return status == ST_ETIMEDOUT ? ST_OK : status;
}

/* The end of a pipe stays; that of a terminal is one empty read. */
static int64_t
console_end(void)
{
    console_at_end = console_input_is_pipe;
    return 0;
}

int64_t
linux_console_read(char *to, uint64_t bytes)
{
    uint64_t count;

    if (bytes == 0) {
        return 0;
    }
    if (console_taken == console_used && !console_at_end) {
        int64_t status = console_fill();

        if (status < 0) {
            return status;
        }
    }
    count = console_used - console_taken;
    if (count == 0) {
        return console_end();
    }
    count = count < bytes ? count : bytes;
    memcpy(to, console_line + console_taken, count);
    console_taken += count;
    return (int64_t)count;
}

bool
linux_console_wait(uint64_t deadline_ns)
{
    if (console_taken < console_used || console_at_end) {
        return true;
    }
    if (!console_input_is_pipe
        && (console_settings.local & LOCAL_CANONICAL) != 0) {
        return true; /* a line is waited for by read itself */
    }
    console_used = 0;
    console_taken = 0;
    return console_read_raw(deadline_ns) == ST_OK;
}

/* ---- settings ------------------------------------------------------------- */

int64_t
linux_console_ioctl(bool is_output, uint64_t request, void *argument)
{
    static const struct window_size size = { .rows = 25, .columns = 80 };

    if (!linux_console_is_terminal(is_output)) {
        return -LINUX_ENOTTY;
    }
    switch (request) {
    case TERMINAL_WINDOW_SIZE:
        memcpy(argument, &size, sizeof(size));
        return 0;
    case TERMINAL_GET:
        memcpy(argument, &console_settings, sizeof(console_settings));
        return 0;
    case TERMINAL_SET:
    case TERMINAL_SET_DRAIN:
    case TERMINAL_SET_FLUSH:
        memcpy(&console_settings, argument, sizeof(console_settings));
        return 0;
    case TERMINAL_WAITING: {
        int waiting = (int)(console_used - console_taken);

        memcpy(argument, &waiting, sizeof(waiting));
        return 0;
    }
    default:
        return -LINUX_ENOTTY;
    }
}
