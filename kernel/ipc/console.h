/* SPDX-License-Identifier: MIT */
/*
 * The console as an object: one, lent by handles. Whoever has a handle with READ
 * takes bytes from the same stream, so a shell lends it and does not read until
 * its child has ended. A watcher gets ^C as bits of a notification instead of a
 * byte, whoever reads.
 */
#pragma once

#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

#include <task/object.h>

struct notification;

/* The one console. */
struct object *console_object(void);

/* Make it. Context: boot. */
void console_object_init(void);

/* Bytes arrived: wake who waits. Context: the interrupt. */
void console_object_interrupt(void);

/* Read up to @bytes bytes into the current process's memory at @to, waiting for
 * the first until @deadline_ns (0 = for ever). Returns how many, or ST_EFAULT,
 * ST_ETIMEDOUT. May not return but restart the call. */
int64_t console_object_read(uint64_t to, uint64_t bytes, uint64_t deadline_ns);

/* Write from the current process's memory. Returns the bytes written, fewer
 * than asked where the memory ends, or ST_EFAULT. */
int64_t console_object_write(uint64_t from, uint64_t bytes);

/* From now on ^C signals @bits of @watcher (a reference is kept) and drops what
 * was typed before it and nobody has read; so does one that nobody has read yet.
 * NULL: ^C is a byte like any other. */
void console_object_watch(struct notification *watcher, uint64_t bits);

/* The TSC when somebody first asked for input: the prompt is on the screen. */
uint64_t console_prompt_tsc(void);

/* The object class calls this; the kernel keeps a reference for ever. */
void console_object_destroy(struct object *object);
