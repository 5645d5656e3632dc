/* SPDX-License-Identifier: MIT */
/* printf into memory: apart from stdio.c, which needs a console. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <base/fmt.h>

#include <libsecos/stdio.h>

int
vsnprintf(char *restrict to, size_t size, const char *restrict format,
          va_list args)
{
    return fmt_vsnprintf(to, size, format, args);
}

int
snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = fmt_vsnprintf(to, size, format, args);
    va_end(args);
    return count;
}

int
vsprintf(char *restrict to, const char *restrict format, va_list args)
{
    return fmt_vsnprintf(to, SIZE_MAX, format, args);
}

int
sprintf(char *restrict to, const char *restrict format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = fmt_vsnprintf(to, SIZE_MAX, format, args);
    va_end(args);
    return count;
}
