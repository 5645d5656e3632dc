/* SPDX-License-Identifier: MIT */
/* What a manifest lets its process ask for. */
#pragma once

#include <stdbool.h>

#include <secos/status.h>
#include <secos/syscall.h>

#include <base/compiler.h>

#include "process.h"

/* Whether @process may use the calls of @group. */
static inline bool
permission_has(const struct process *process, enum sys_group group)
{
    return (process->permissions >> group & 1) != 0;
}

/* Check the current process for @group. Returns ST_OK, or ST_EPERM after a line
 * on the log that names the call. */
MUST_CHECK enum status permission_check(enum sys_group group, const char *call);
