/* SPDX-License-Identifier: MIT */
/* All processes, a buffer of rows at a time. */
#pragma once

#include <stdbool.h>

#include <secos/process.h>

/* Sees one process. Returns true to stop. */
typedef bool (*process_list_fn)(const struct process_info *row, void *context);

/* Show every process to @see until it says stop.
 * Returns ST_OK, or why the kernel does not tell. */
int64_t process_list_each(process_list_fn see, void *context);
