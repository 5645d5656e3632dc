/* SPDX-License-Identifier: MIT */
/* klog() for the host: kept for the test to read, shown with FAKE_LOG=1. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <klib/log.h>
#include <mm/pmm.h>

#include "fakes.h"

#define LOG_BYTES 65536u

static char log_text[LOG_BYTES];
static size_t log_used;

const char *
fake_log(void)
{
    return log_text;
}

void
fake_log_clear(void)
{
    log_used = 0;
    log_text[0] = '\0';
}

void
klog(const char *fmt, ...)
{
    char line[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (log_used + strlen(line) + 2 > LOG_BYTES) {
        memmove(log_text, log_text + LOG_BYTES / 2, log_used - LOG_BYTES / 2);
        log_used -= LOG_BYTES / 2;
    }
    log_used += (size_t)sprintf(log_text + log_used, "%s\n", line);
    if (getenv("FAKE_LOG") != NULL) {
        fprintf(stderr, "klog: %s\n", line);
    }
}

/* No interrupts here. */
void
pmm_hook_pause(void)
{
}
