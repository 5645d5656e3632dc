/* SPDX-License-Identifier: MIT */
/* panic() for the host: the end of the test, or the event it waits for. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <klib/kassert.h>
#include <klib/panic.h>

#include "fakes.h"

static jmp_buf panic_buffer;
static bool panic_armed;
static char panic_message[512];

jmp_buf *
fake_panic_arm(void)
{
    panic_armed = true;
    panic_message[0] = '\0';
    return &panic_buffer;
}

void
fake_panic_disarm(void)
{
    panic_armed = false;
}

bool
fake_panic_said(const char *text)
{
    return strstr(panic_message, text) != NULL;
}

void
panic(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(panic_message, sizeof(panic_message), fmt, args);
    va_end(args);
    if (panic_armed) {
        panic_armed = false;
        longjmp(panic_buffer, 1);
    }
    fprintf(stderr, "panic: %s\n", panic_message);
    abort();
}

void
kassert_failed(const char *where_and_what)
{
    panic("assertion failed: %s", where_and_what);
}
