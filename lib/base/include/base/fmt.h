/* SPDX-License-Identifier: MIT */
/*
 * printf without a C library: one formatter for the kernel log, for libsecos
 * and for the host tests. Pure: no state, no allocation, no floating point.
 *
 *   conversions  d i u x X o p s c %
 *   flags        - 0 + space #      (# only matters for x, X and o)
 *   width        a number or *      precision  .number or .*
 *   length       hh h l ll z t j
 *
 * %p prints 0x and the digits. %s of NULL prints (null). A conversion it does
 * not know is printed as it stands, so that a mistake shows instead of eating
 * the arguments behind it. Nothing here trusts a width: whatever it says, the
 * work is bounded by FMT_WIDTH_MAX.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <base/compiler.h>

/* Widths and precisions above this count as this. */
#define FMT_WIDTH_MAX 4096

/* Receives one character of the output. */
typedef void (*fmt_put_fn)(void *context, char c);

/* Format @format with @args, sending each character to @put.
 * Returns how many characters were sent.
 * Cost linear in the output. */
int fmt_vprint(fmt_put_fn put, void *context, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

/* The same with the arguments in place. */
int fmt_print(fmt_put_fn put, void *context, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Write at most @bytes - 1 characters and a NUL to @buffer; with @bytes = 0
 * nothing is written and @buffer may be NULL.
 * Returns the length the whole output has: >= @bytes says that it was cut. */
int fmt_vsnprintf(char *buffer, size_t bytes, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

/* The same with the arguments in place. */
int fmt_snprintf(char *buffer, size_t bytes, const char *format, ...)
    PRINTF_LIKE(3, 4);
