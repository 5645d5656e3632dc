/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>

#include <base/fmt.h>

#include <arch/console.h>

static void
log_put(void *context, char c)
{
    (void)context;
    console_put(c);
}

void
klog(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fmt_vprint(log_put, NULL, fmt, args);
    va_end(args);
    console_put('\r');
    console_put('\n');
}
