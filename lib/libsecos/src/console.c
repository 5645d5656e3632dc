/* SPDX-License-Identifier: MIT */
/* Writing everything, where the call may write less. */
#include <libsecos/console.h>

int64_t
console_write_all(handle_t console, const void *buffer, uint64_t bytes)
{
    const char *at = buffer;

    while (bytes > 0) {
        int64_t written = console_write(console, at, bytes);

        if (written <= 0) {
            return written < 0 ? written : ST_EPIPE;
        }
        at += written;
        bytes -= (uint64_t)written;
    }
    return ST_OK;
}
