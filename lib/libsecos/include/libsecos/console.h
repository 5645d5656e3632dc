/* SPDX-License-Identifier: MIT */
/*
 * The console as the kernel gives it: raw bytes, both ways. There is no echo,
 * no line editing and no translation; a line break on the screen is "\r\n".
 * stdio.h makes of it what C programs expect.
 */
#pragma once

#include <stdint.h>

#include <secos/process.h>
#include <secos/types.h>

#include <libsecos/syscall.h>

/* Write @bytes bytes. Returns how many were written, which may be fewer. */
static inline int64_t
console_write(handle_t console, const void *buffer, uint64_t bytes)
{
    return syscall3(SYS_console_write, console, syscall_address(buffer), bytes);
}

/* Wait for input; returns 1 to @bytes bytes, or ST_ETIMEDOUT. */
static inline int64_t
console_read(handle_t console, void *buffer, uint64_t bytes,
             uint64_t deadline_ns)
{
    return syscall4(SYS_console_read, console, syscall_address(buffer), bytes,
                    deadline_ns);
}

/* Have @bits of @notification set when ^C is typed while the console is lent to
 * somebody else. @notification = HANDLE_NONE ends that. */
static inline int64_t
console_watch(handle_t console, handle_t notification, uint64_t bits)
{
    return syscall3(SYS_console_watch, console, notification, bits);
}

/* Write all of @bytes, however often that takes. Returns ST_OK or a status. */
int64_t console_write_all(handle_t console, const void *buffer, uint64_t bytes);
