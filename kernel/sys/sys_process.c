/* SPDX-License-Identifier: MIT */
/* Processes and threads: making, waiting, ending. */
#include <secos/process.h>
#include <secos/status.h>
#include <secos/types.h>

#include <base/string.h>

#include <ipc/donation.h>
#include <ipc/notification.h>
#include <ipc/spawn.h>
#include <mm/layout.h>
#include <task/handle.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/usercopy.h>

#include "handlers.h"

/* Set in an argument that is a process number instead of a handle. */
#define SYS_BY_ID (1ull << 63)

/* Whether @process is @ancestor or descends from it. Cost: PROCESS_DEPTH_MOST steps
 * at most. */
static bool
sys_descends(const struct process *process, const struct process *ancestor)
{
    while (process != NULL && process != ancestor) {
        process = process->parent;
    }
    return process != NULL;
}

/* The process with number @id, for @self with @rights: whoever may inspect the
 * machine reads; who is its ancestor or has power over the machine manages too. */
static enum status
sys_find_by_id(const struct process *self, uint64_t id, uint32_t rights,
               struct process **out)
{
    struct process *process;

    if (!permission_has(self, SYS_GROUP_INSPECT)) {
        return ST_EPERM;
    }
    process = id > UINT32_MAX ? NULL : process_lookup((uint32_t)id);
    if (process == NULL) {
        return ST_ESRCH;
    }
    if ((rights & RIGHT_MANAGE) != 0 && !permission_has(self, SYS_GROUP_POWER)
        && !sys_descends(process, self)) {
        return ST_EPERM;
    }
    *out = process;
    return ST_OK;
}

/* The process that a handle with all of @rights names, or a number. */
static enum status
sys_find_process(uint64_t name, uint32_t rights, struct process **out)
{
    struct process *self = process_current();
    struct handle_entry *entry;
    enum status status;

    if ((name & SYS_BY_ID) != 0) {
        return sys_find_by_id(self, name & ~SYS_BY_ID, rights, out);
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
    enum status status = permission_check(SYS_GROUP_PROCESS, "process_spawn");

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
    /* Without an entry it is still being made. */
    if (process_state(process) != PROCESS_SUSPENDED || process->entry == 0) {
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
    process_kill(process);
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
    status = handle_resolve(&process_current()->handles, b, OBJECT_NOTIFICATION,
                            RIGHT_CALL, &entry);
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
    enum status status = permission_check(SYS_GROUP_PROCESS, "process_report");

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
 * caller's process, with @argument in rdi; priority 0 = the caller's. */
int64_t
sys_thread_create(SYS_ARGS)
{
    struct thread *self = thread_current();
    struct process *process = self->process;
    struct thread *thread;
    handle_t handle;
    enum status status = permission_check(SYS_GROUP_PROCESS, "thread_create");

    if (status == ST_OK
        && (a < USER_BASE || a >= USER_END || b > USER_END
            || d >= PRIORITIES)) {
        status = ST_EINVAL;
    }
    if (status == ST_OK && d > process->priority_ceiling) {
        status = ST_EPERM;
    }
    if (status == ST_OK) {
        status = handle_reserve(&process->handles, process);
    }
    if (status == ST_OK) {
        status = thread_create(
            process, d == 0 ? self->base_priority : (uint32_t)d, &thread);
    }
    if (status != ST_OK) {
        return status;
    }
    context_set_entry(&thread->context, a, b, c);
    handle = handle_add(&process->handles, &thread->object,
                        RIGHT_READ | RIGHT_MANAGE, 0);
    sched_add(thread);
    return sched_return((int64_t)handle);
}

/* thread_exit(value): the last thread of a process ends it. */
int64_t
sys_thread_exit(SYS_ARGS)
{
    thread_exit((int64_t)(a & INT64_MAX));
}

static enum status
sys_find_thread(uint64_t handle, uint32_t rights, struct thread **out)
{
    struct handle_entry *entry;
    enum status status = handle_resolve(&process_current()->handles, handle,
                                        OBJECT_THREAD, rights, &entry);

    if (status == ST_OK) {
        *out = CONTAINER_OF(entry->object, struct thread, object);
    }
    return status;
}

/* thread_join(thread, deadline): the value it ended with. */
int64_t
sys_thread_join(SYS_ARGS)
{
    struct thread *thread;
    enum status status = permission_check(SYS_GROUP_PROCESS, "thread_join");

    if (status == ST_OK) {
        status = sys_find_thread(a, RIGHT_READ, &thread);
    }
    if (status != ST_OK) {
        return status;
    }
    if (thread == thread_current()) {
        return ST_EDEADLK;
    }
    if (thread_has_ended(thread)) {
        return thread->exit_value;
    }
    thread_join(thread, b);
}

/* thread_kill(thread, value): another thread ends, as if it had called
 * thread_exit. */
int64_t
sys_thread_kill(SYS_ARGS)
{
    struct thread *thread;
    enum status status = permission_check(SYS_GROUP_PROCESS, "thread_kill");

    if (status == ST_OK) {
        status = sys_find_thread(a, RIGHT_MANAGE, &thread);
    }
    if (status != ST_OK) {
        return status;
    }
    if (thread == thread_current()) {
        return ST_EDEADLK;
    }
    if (thread_has_ended(thread) || thread->resume == RESUME_KERNEL) {
        return ST_ESRCH;
    }
    thread_kill(thread, (int64_t)(b & INT64_MAX));
    return sched_return(ST_OK);
}

/* thread_priority(thread, priority): the old one; thread 0 = the caller,
 * priority 0 = only ask. */
int64_t
sys_thread_priority(SYS_ARGS)
{
    struct thread *thread = thread_current();
    uint32_t old;
    enum status status = permission_check(SYS_GROUP_PROCESS, "thread_priority");

    if (status == ST_OK && a != HANDLE_NONE) {
        status = sys_find_thread(a, RIGHT_MANAGE, &thread);
    }
    if (status == ST_OK && b >= PRIORITIES) {
        status = ST_EINVAL;
    }
    if (status == ST_OK && b > thread->process->priority_ceiling) {
        status = ST_EPERM;
    }
    if (status == ST_OK && thread_has_ended(thread)) {
        status = ST_ESRCH;
    }
    if (status != ST_OK) {
        return status;
    }
    old = thread->base_priority;
    if (b != 0) {
        thread->base_priority = (uint8_t)b;
        donation_settle_slow(thread); /* it keeps what callers donate */
    }
    return sched_return(old);
}
