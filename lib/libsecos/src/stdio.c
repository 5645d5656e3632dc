/* SPDX-License-Identifier: MIT */
/*
 * Streams on the console.
 *
 *      printf --> stdio_put --> buffer of stdout --> console_write_all
 *                 \n -> \r\n
 *
 *      console_read --> stdio_edit: echo, backspace --> line of stdin --> fgetc
 *
 * A console that is gone (no handle, no right) makes every call return its
 * error value; nothing ends the program.
 */
#include <stdbool.h>
#include <stdint.h>

#include <base/fmt.h>

#include <libsecos/console.h>
#include <libsecos/ctype.h>
#include <libsecos/errno.h>
#include <libsecos/stdio.h>
#include <libsecos/string.h>

#include "exit.h"

#define STDIO_OUT_BYTES  512
#define STDIO_LINE_BYTES 1024

#define KEY_EOT       0x04 /* ^D */
#define KEY_BACKSPACE 0x08
#define KEY_KILL      0x15 /* ^U */
#define KEY_DELETE    0x7F

struct stdio_stream {
    int number; /* 0 1 2, as fileno says */
    int mode;   /* _IOFBF, _IOLBF, _IONBF */
    bool at_end;
    bool failed;
    int unread;   /* what ungetc gave back, or EOF */
    size_t used;  /* bytes in the buffer */
    size_t taken; /* of these, bytes already read (stdin) */
    size_t size;
    char *buffer;
};

static char stdio_line[STDIO_LINE_BYTES];
static char stdio_out_buffer[STDIO_OUT_BYTES];
static char stdio_err_buffer[STDIO_OUT_BYTES];

static struct stdio_stream stdio_in = {
    .number = 0,
    .mode = _IOLBF,
    .unread = EOF,
    .size = sizeof(stdio_line),
    .buffer = stdio_line,
};

static struct stdio_stream stdio_out = {
    .number = 1,
    .mode = _IOLBF,
    .unread = EOF,
    .size = sizeof(stdio_out_buffer),
    .buffer = stdio_out_buffer,
};

static struct stdio_stream stdio_err = {
    .number = 2,
    .mode = _IONBF,
    .unread = EOF,
    .size = sizeof(stdio_err_buffer),
    .buffer = stdio_err_buffer,
};

#undef stdin
#undef stdout
#undef stderr
FILE *const stdin = &stdio_in;
FILE *const stdout = &stdio_out;
FILE *const stderr = &stdio_err;

/* Output. */

static int
stdio_send(FILE *stream)
{
    size_t bytes = stream->used;

    stream->used = 0;
    if (bytes == 0) {
        return 0;
    }
    if (console_write_all(HANDLE_SLOT_CONSOLE, stream->buffer, bytes)
        != ST_OK) {
        stream->failed = true;
        return EOF;
    }
    return 0;
}

int
fflush(FILE *stream)
{
    if (stream == NULL) {
        int out = stdio_send(&stdio_out);

        return stdio_send(&stdio_err) == 0 ? out : EOF;
    }
    return stream == &stdio_in ? 0 : stdio_send(stream);
}

static void
stdio_put_raw(FILE *stream, char c)
{
    if (stream->used == stream->size) {
        stdio_send(stream);
    }
    stream->buffer[stream->used++] = c;
}

/* Add one character to the buffer of @stream, as the terminal wants it. */
static void
stdio_put(void *stream, char c)
{
    if (c == '\n') {
        stdio_put_raw(stream, '\r');
    }
    stdio_put_raw(stream, c);
    if (c == '\n' && ((FILE *)stream)->mode == _IOLBF) {
        stdio_send(stream);
    }
}

static void
stdio_flush_all(void)
{
    (void)fflush(NULL);
}

/* Called before and after each group of stdio_put. */
static bool
stdio_begin(FILE *stream)
{
    exit_flush = stdio_flush_all;
    if (stream == &stdio_in) {
        stream->failed = true;
        return false;
    }
    if (stream == &stdio_err) {
        stdio_send(&stdio_out);
    }
    return true;
}

static int
stdio_finish(FILE *stream)
{
    if (stream->mode == _IONBF) {
        stdio_send(stream);
    }
    return stream->failed ? EOF : 0;
}

int
vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
{
    int count;

    if (!stdio_begin(stream)) {
        return EOF;
    }
    count = fmt_vprint(stdio_put, stream, format, args);
    return stdio_finish(stream) == 0 ? count : EOF;
}

int
vprintf(const char *restrict format, va_list args)
{
    return vfprintf(stdout, format, args);
}

int
fprintf(FILE *restrict stream, const char *restrict format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = vfprintf(stream, format, args);
    va_end(args);
    return count;
}

int
printf(const char *restrict format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = vfprintf(stdout, format, args);
    va_end(args);
    return count;
}

int
fputc(int c, FILE *stream)
{
    if (!stdio_begin(stream)) {
        return EOF;
    }
    stdio_put(stream, (char)c);
    return stdio_finish(stream) == 0 ? (unsigned char)c : EOF;
}

int
putc(int c, FILE *stream)
{
    return fputc(c, stream);
}

int
putchar(int c)
{
    return fputc(c, stdout);
}

size_t
fwrite(const void *restrict items, size_t size, size_t count,
       FILE *restrict stream)
{
    const char *at = items;
    size_t bytes;

    if (size == 0 || __builtin_mul_overflow(size, count, &bytes)
        || !stdio_begin(stream)) {
        return 0;
    }
    for (size_t i = 0; i < bytes; i++) {
        stdio_put(stream, at[i]);
    }
    return stdio_finish(stream) == 0 ? count : 0;
}

int
fputs(const char *restrict s, FILE *restrict stream)
{
    size_t bytes = strlen(s);

    return bytes == 0 || fwrite(s, 1, bytes, stream) == bytes ? 0 : EOF;
}

int
puts(const char *s)
{
    if (fputs(s, stdout) == EOF) {
        return EOF;
    }
    return fputc('\n', stdout) == EOF ? EOF : 0;
}

/* Input. */

/* Show the person what a key did. Errors show when the next key is read. */
static void
stdio_echo(const char *text)
{
    (void)console_write_all(HANDLE_SLOT_CONSOLE, text, strlen(text));
}

static void
stdio_rub_out(FILE *stream, size_t count)
{
    for (; count > 0; count--) {
        stream->used--;
        stdio_echo("\b \b");
    }
}

/* Let key @c change the line. Returns true when the line is complete. */
static bool
stdio_edit(FILE *stream, char c)
{
    char shown[2] = { c, '\0' };

    switch (c) {
    case '\r':
    case '\n':
        stream->buffer[stream->used++] = '\n';
        stdio_echo("\r\n");
        return true;
    case KEY_EOT:
        stream->at_end = stream->used == 0;
        return true;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        stdio_rub_out(stream, stream->used > 0 ? 1 : 0);
        return false;
    case KEY_KILL:
        stdio_rub_out(stream, stream->used);
        return false;
    default:
        /* One byte is kept for the newline; other control keys say nothing. */
        if (stream->used + 1 < stream->size && (!iscntrl(c) || c == '\t')) {
            stream->buffer[stream->used++] = c;
            stdio_echo(shown);
        }
        return false;
    }
}

/* Read a line of the terminal. Returns false at the end or on an error. */
static bool
stdio_fill(FILE *stream)
{
    char key = 0;

    stdio_send(&stdio_out);
    stream->used = 0;
    stream->taken = 0;
    do {
        if (console_read(HANDLE_SLOT_CONSOLE, &key, 1, 0) != 1) {
            stream->failed = true;
            return false;
        }
    } while (!stdio_edit(stream, key));
    return stream->used > 0;
}

int
fgetc(FILE *stream)
{
    int c = stream->unread;

    if (stream != &stdio_in) {
        stream->failed = true;
        return EOF;
    }
    if (c != EOF) {
        stream->unread = EOF;
        return c;
    }
    if (stream->at_end) {
        return EOF;
    }
    if (stream->taken == stream->used && !stdio_fill(stream)) {
        return EOF;
    }
    return (unsigned char)stream->buffer[stream->taken++];
}

int
getc(FILE *stream)
{
    return fgetc(stream);
}

int
getchar(void)
{
    return fgetc(stdin);
}

int
ungetc(int c, FILE *stream)
{
    if (c == EOF || stream->unread != EOF) {
        return EOF;
    }
    stream->at_end = false;
    stream->unread = (unsigned char)c;
    return stream->unread;
}

char *
fgets(char *restrict to, int size, FILE *restrict stream)
{
    int used = 0;

    while (used + 1 < size) {
        int c = fgetc(stream);

        if (c == EOF) {
            break;
        }
        to[used++] = (char)c;
        if (c == '\n') {
            break;
        }
    }
    if (used == 0) {
        return NULL;
    }
    to[used] = '\0';
    return to;
}

size_t
fread(void *restrict items, size_t size, size_t count, FILE *restrict stream)
{
    unsigned char *at = items;
    size_t bytes;
    size_t done = 0;

    if (size == 0 || __builtin_mul_overflow(size, count, &bytes)) {
        return 0;
    }
    while (done < bytes) {
        int c = fgetc(stream);

        if (c == EOF) {
            break;
        }
        at[done++] = (unsigned char)c;
    }
    return done / size;
}

/* State. */

int
/* NOLINTNEXTLINE(readability-non-const-parameter): the standard's names */
setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t size)
{
    (void)buffer;
    (void)size;
    if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF) {
        return -1;
    }
    stream->mode = mode;
    return 0;
}

int
feof(FILE *stream)
{
    return stream->at_end;
}

int
ferror(FILE *stream)
{
    return stream->failed;
}

void
clearerr(FILE *stream)
{
    stream->at_end = false;
    stream->failed = false;
}

int
fileno(FILE *stream)
{
    return stream->number;
}

void
perror(const char *prefix)
{
    bool named = prefix != NULL && *prefix != '\0';

    fprintf(stderr, "%s%s%s\n", named ? prefix : "", named ? ": " : "",
            strerror(errno));
}
