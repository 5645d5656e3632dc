/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdint.h>

#include <base/fmt.h>

#include <arch/console.h>
#include <arch/cpu.h>
#include <arch/timer.h>

static uint64_t log_second;  /* of start-up, that the two below belong to */
static uint32_t log_written; /* refusals in it                            */
static uint64_t log_left_out;

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

bool
log_admits(void)
{
    uint64_t second = cpu_this()->ticks / TIMER_HZ;

    if (second != log_second) {
        if (log_left_out != 0) {
            klog("secos: %lu refusals were not logged", log_left_out);
        }
        log_second = second;
        log_written = 0;
        log_left_out = 0;
    }
    if (log_written == LOG_ADMITS_PER_SECOND) {
        log_left_out++;
        return false;
    }
    log_written++;
    return true;
}
