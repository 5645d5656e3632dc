/* SPDX-License-Identifier: MIT */
/* Processes and threads: making, waiting, ending. */
#include <secos/process.h>
#include <secos/status.h>
#include <secos/types.h>

#include <base/string.h>

#include <ipc/notification.h>
#include <ipc/spawn.h>

#include <mm/layout.h>

#include <task/handle.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/usercopy.h>

#include "handlers.h"
#include "permission.h"

/* Set in an argument that is a process number instead of a handle. */
#define SYS_BY_ID (1ull << 63)

/* The process that a handle with all of @rights names, or, for callers with the
 * INSPECT group, a number. */
static enum status
sys_find_process(uint64_t name, uint32_t rights, struct process **out)
{
    struct process *self = process_current();
    struct handle_entry *entry;
    enum status status;

    if ((name & SYS_BY_ID) != 0) {
        if (!permission_has(self, SYS_GROUP_INSPECT)) {
            return ST_EPERM;
        }
        if ((name & ~SYS_BY_ID) > UINT32_MAX) {
            return ST_ESRCH;
        }
        *out = process_lookup((uint32_t)name);
        return *out == NULL ? ST_ESRCH : ST_OK;
    }
    status =
        handle_resolve(&self->handles, name, OBJECT_PROCESS, rights, &entry);
    if (status == ST_OK) {
        *out = CONTAINER_OF(entry->object, struct process, object);
    }
    return status;
}

/* process_spawn(&request): a handle. */
int64_t
sys_process_spawn(SYS_ARGS)
{
    enum status status =
        permission_check(SYS_GROUP_PROCESS, "process_spawn");

    return status == ST_OK ? spawn_call(a) : status;
}

/* process_start(process): set a suspended process going. */
int64_t
sys_process_start(SYS_ARGS)
{
    struct process *process;
    enum status status = permission_check(SYS_GROUP_PROCESS, "process_start");

    if (status == ST_OK) {
        status = sys_find_process(a, RIGHT_MANAGE, &process);
    }
    if (status != ST_OK) {
        return status;
    }
    if (process_state(process) != PROCESS_SUSPENDED) {
        return ST_EINVAL;
    }
    spawn_start(process);
    return sched_return(ST_OK);
}

/* process_wait(process, deadline): how it ended, when its last frame is back. */
int64_t
sys_process_wait(SYS_ARGS)
{
    struct process *process;
    enum status status = permission_check(SYS_GROUP_PROCESS, "process_wait");

    if (status == ST_OK) {
        status = sys_find_process(a, RIGHT_READ, &process);
    }
    if (status != ST_OK) {
        return status;
    }
    if (process == process_current()) {
        return ST_EDEADLK;
    }
    if (process->report.ended != 0) {
        return process->report.wait;
    }
    process_wait_end(process, b, ST_OK);
}

/* process_kill(process) */
int64_t
sys_process_kill(SYS_ARGS)
{
    struct exit_report report = {
        .reason = REASON_KILLED,
        .wait = EXIT_BY_KILL,
    };
    struct process *process;
    enum status status = permission_check(SYS_GROUP_PROCESS, "process_kill");

    if (status == ST_OK) {
        status = sys_find_process(a, RIGHT_MANAGE, &process);
    }
    if (status != ST_OK) {
        return status;
    }
    if (process->ending) {
        return ST_ESRCH;
    }
    process_end(process, &report);
    return sched_return(ST_OK);
}

/* process_watch(process, notification, bits): signal at its end. An ended
 * process signals at once; notification 0 takes the watch away. */
int64_t
sys_process_watch(SYS_ARGS)
{
    struct process *process;
    struct notification *notification;
    struct handle_entry *entry;
    enum status status = permission_check(SYS_GROUP_PROCESS, "process_watch");

    if (status == ST_OK) {
        status = sys_find_process(a, RIGHT_MANAGE, &process);
    }
    if (status != ST_OK) {
        return status;
    }
    if (b == HANDLE_NONE) {
        process_set_watch(process, NULL, 0);
        return ST_OK;
    }
    status = handle_resolve(&process_current()->handles, b,
                            OBJECT_NOTIFICATION, RIGHT_CALL, &entry);
    if (status != ST_OK) {
        return status;
    }
    notification = CONTAINER_OF(entry->object, struct notification, object);
    if (process->report.ended != 0) {
        notification_signal(notification, c);
        return sched_return(ST_OK);
    }
    object_get(&notification->object);
    process_set_watch(process, notification, c);
    return ST_OK;
}

/* process_report(process, &report) */
int64_t
sys_process_report(SYS_ARGS)
{
    struct process *process;
    struct exit_report report = { .ended = 0 };
    enum status status =
        permission_check(SYS_GROUP_PROCESS, "process_report");

    if (status == ST_OK) {
        status = sys_find_process(a, RIGHT_READ, &process);
    }
    if (status != ST_OK) {
        return status;
    }
    if (process->report.ended != 0) {
        report = process->report;
    }
    return usercopy_out(b, &report, sizeof(report));
}

/* process_self(): its number. */
int64_t
sys_process_self(SYS_ARGS)
{
    return process_current()->id;
}

/* ---- threads ----------------------------------------------------------- */

/* thread_create(entry, stack, argument, priority): one more thread of the
 * caller's process. Not offered yet. */
int64_t
sys_thread_create(SYS_ARGS)
{
    return ST_ENOSYS;
}

/* thread_exit(status): the last thread of a process ends it. */
int64_t
sys_thread_exit(SYS_ARGS)
{
    return sys_exit(a, b, c, d, e, f);
}

int64_t
sys_thread_join(SYS_ARGS)
{
    return ST_ENOSYS;
}

int64_t
sys_thread_priority(SYS_ARGS)
{
    return ST_ENOSYS;
}
