/* SPDX-License-Identifier: MIT */
/*
 * <stdio.h> on the console: three streams and no files.
 *
 *   stdin   lines, edited while they are typed (backspace, ^U, ^D = end) and
 *           echoed; the console itself does neither
 *   stdout  sent at each newline, before stdin is waited for, and at exit
 *   stderr  sent at once, after what stdout still holds
 *
 * Out goes "\r\n" for every '\n'; in comes '\n' for "\r". Names and meaning
 * are the C standard's; there is no floating point in formats (base/fmt.h).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <base/compiler.h>

#define EOF    (-1)
#define BUFSIZ 256

/* The names are the standard's. NOLINTBEGIN(readability-identifier-naming) */
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

struct stdio_stream;
typedef struct stdio_stream FILE;

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;
#define stdin  stdin
#define stdout stdout
#define stderr stderr
/* NOLINTEND(readability-identifier-naming) */

int printf(const char *restrict format, ...) PRINTF_LIKE(1, 2);
int fprintf(FILE *restrict stream, const char *restrict format, ...)
    PRINTF_LIKE(2, 3);
int sprintf(char *restrict to, const char *restrict format, ...)
    PRINTF_LIKE(2, 3);
int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
    PRINTF_LIKE(3, 4);
int vprintf(const char *restrict format, va_list args) PRINTF_LIKE(1, 0);
int vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
    PRINTF_LIKE(2, 0);
int vsprintf(char *restrict to, const char *restrict format, va_list args)
    PRINTF_LIKE(2, 0);
int vsnprintf(char *restrict to, size_t size, const char *restrict format,
              va_list args) PRINTF_LIKE(3, 0);

int putchar(int c);
int putc(int c, FILE *stream);
int fputc(int c, FILE *stream);
int puts(const char *s);
int fputs(const char *restrict s, FILE *restrict stream);
size_t fwrite(const void *restrict items, size_t size, size_t count,
              FILE *restrict stream);

int getchar(void);
int getc(FILE *stream);
int fgetc(FILE *stream);
int ungetc(int c, FILE *stream);
char *fgets(char *restrict to, int size, FILE *restrict stream);
size_t fread(void *restrict items, size_t size, size_t count,
             FILE *restrict stream);

/* NULL means all streams. Returns 0, or EOF if the console is gone. */
int fflush(FILE *stream);

/* @buffer is not used: @mode alone counts. Returns 0, or -1 for no mode. */
int setvbuf(FILE *restrict stream, char *restrict buffer, int mode,
            size_t size);

int feof(FILE *stream);
int ferror(FILE *stream);
void clearerr(FILE *stream);
int fileno(FILE *stream);
void perror(const char *prefix);
