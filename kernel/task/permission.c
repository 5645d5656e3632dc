/* SPDX-License-Identifier: MIT */
/* Refusals are logged: a program that asks for too much is worth a look. Not all
 * of a flood: log_admits. */
#include "permission.h"

#include <klib/log.h>

enum status
permission_check(enum sys_group group, const char *call)
{
    const struct process *process = process_current();

    if (LIKELY(permission_has(process, group))) {
        return ST_OK;
    }
    if (log_admits()) {
        klog("secos: %s (process %u) may not call %s", process->name,
             process->id, call);
    }
    return ST_EPERM;
}
