/* SPDX-License-Identifier: MIT */
/* Calls that every program needs: end, time, its own handles; and notifications
 * and messages, which are in ipc/. */
#include <secos/status.h>
#include <secos/types.h>

#include <base/compiler.h>

#include <arch/cpu.h>
#include <ipc/ipc.h>
#include <ipc/notification.h>
#include <mm/layout.h>
#include <task/handle.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/sched.h>

#include "handlers.h"

int64_t
sys_null(SYS_ARGS)
{
    return ST_OK;
}

/* exit(status): the low byte reaches whoever waits. */
int64_t
sys_exit(SYS_ARGS)
{
    struct exit_report report = { .wait = (uint32_t)(a & 0xFF) };

    process_end(process_current(), &report);
    sched_dispatch();
}

int64_t
sys_yield(SYS_ARGS)
{
    sched_yield_current(ST_OK);
}

/* clock(): nanoseconds since start. */
int64_t
sys_clock(SYS_ARGS)
{
    return (int64_t)sched_now_ns();
}

static void
sleep_abort(struct thread *thread, enum status status)
{
    /* Its deadline is what a sleeper waits for. */
    thread->context.frame->rax =
        (uint64_t)(int64_t)(status == ST_ETIMEDOUT ? ST_OK : status);
}

static const struct wait_class sleep_wait = {
    .name = "time",
    .abort = sleep_abort,
};

/* sleep_until(deadline ns) */
int64_t
sys_sleep_until(SYS_ARGS)
{
    struct thread *thread = thread_current();

    if (a == 0 || !thread_set_deadline(thread, a)) {
        return ST_OK;
    }
    thread_wait(&sleep_wait, NULL, RESUME_USER);
}

/* handle_close(handle) */
int64_t
sys_handle_close(SYS_ARGS)
{
    return sched_return(handle_remove(&process_current()->handles, a));
}

/* handle_copy(handle, rights): a second handle with no more than @rights. */
int64_t
sys_handle_copy(SYS_ARGS)
{
    struct process *process = process_current();
    struct handle_entry *entry = handle_lookup(&process->handles, a);
    enum status status;

    if (entry == NULL || entry->kind == OBJECT_NONE) {
        return ST_EBADF;
    }
    if ((b & ~(uint64_t)RIGHT_ALL) != 0) {
        return ST_EINVAL;
    }
    status = handle_reserve(&process->handles, process);
    if (status != ST_OK) {
        return status;
    }
    /* The table may have moved. */
    entry = handle_lookup(&process->handles, a);
    return handle_add(&process->handles, entry->object,
                      entry->rights & (uint32_t)b, entry->badge);
}

/* handle_info(handle): kind | rights << 8. */
int64_t
sys_handle_info(SYS_ARGS)
{
    const struct handle_entry *entry =
        handle_lookup(&process_current()->handles, a);

    if (entry == NULL || entry->kind == OBJECT_NONE) {
        return ST_EBADF;
    }
    return entry->kind | entry->rights << 8;
}

/* thread_set_base(which, value): 0 = FS, 1 = GS. */
int64_t
sys_thread_set_base(SYS_ARGS)
{
    struct thread *thread = thread_current();

    if (a > 1 || b >= USER_END) {
        return ST_EINVAL;
    }
    context_set_base(&thread->context, a == 0, b);
    return ST_OK;
}

/* ---- messages ---------------------------------------------------------- */

/* notify_create(): a handle to a new notification. */
int64_t
sys_notify_create(SYS_ARGS)
{
    struct process *process = process_current();
    struct notification *notification;
    enum status status = permission_check(SYS_GROUP_IPC, "notify_create");
    handle_t handle;

    if (status == ST_OK) {
        status = handle_reserve(&process->handles, process);
    }
    if (status != ST_OK) {
        return status;
    }
    status = notification_create(&notification);
    if (status != ST_OK) {
        return status;
    }
    handle = handle_add(&process->handles, &notification->object,
                        RIGHT_CALL | RIGHT_RECEIVE | RIGHT_GRANT, 0);
    object_put(&notification->object);
    return handle;
}

static enum status
sys_find_notification(const char *call, uint64_t handle, uint32_t rights,
                      struct notification **out)
{
    struct handle_entry *entry;
    enum status status = permission_check(SYS_GROUP_IPC, call);

    if (status == ST_OK) {
        status = handle_resolve(&process_current()->handles, handle,
                                OBJECT_NOTIFICATION, rights, &entry);
    }
    if (status == ST_OK) {
        *out = CONTAINER_OF(entry->object, struct notification, object);
    }
    return status;
}

/* notify_signal(notification, bits) */
int64_t
sys_notify_signal(SYS_ARGS)
{
    struct notification *notification;
    enum status status =
        sys_find_notification("notify_signal", a, RIGHT_CALL, &notification);

    if (status != ST_OK) {
        return status;
    }
    notification_signal(notification, b);
    return sched_return(ST_OK);
}

/* notify_wait(notification, mask, deadline): the bits. Bit 63 cannot be waited
 * for: a result is not negative. */
int64_t
sys_notify_wait(SYS_ARGS)
{
    struct notification *notification;
    enum status status =
        sys_find_notification("notify_wait", a, RIGHT_RECEIVE, &notification);
    uint64_t taken;

    if (status != ST_OK) {
        return status;
    }
    if (b == 0 || (int64_t)b < 0) {
        return ST_EINVAL;
    }
    taken = notification_take(notification, b);
    if (taken != 0) {
        return (int64_t)taken;
    }
    if (notification_is_crowded(notification)) {
        return ST_EAGAIN;
    }
    notification_wait(notification, b, c);
}
