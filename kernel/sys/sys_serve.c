/* SPDX-License-Identifier: MIT */
/* Making endpoints, their badges and bindings; the console. */
#include <secos/bootinfo.h>
#include <secos/fault.h>
#include <secos/ipc.h>
#include <secos/status.h>
#include <secos/types.h>

#include <base/align.h>

#include <ipc/binding.h>
#include <ipc/console.h>
#include <ipc/endpoint.h>
#include <ipc/notification.h>
#include <ipc/pager_watch.h>
#include <task/handle.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/sched.h>

#include "handlers.h"

#define SYS_PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* endpoint_create(rank): 0 = RANK_SERVER. A handle with every right. */
int64_t
sys_endpoint_create(SYS_ARGS)
{
    struct process *process = process_current();
    struct endpoint *endpoint;
    enum status status = permission_check(SYS_GROUP_SERVE, "endpoint_create");
    handle_t handle;

    if (status == ST_OK && a >= RANK_CLIENT) {
        status = ST_EINVAL;
    }
    if (status == ST_OK && a != 0 && a <= RANK_PAGER) {
        status = ST_EPERM;
    }
    if (status == ST_OK) {
        status = handle_reserve(&process->handles, process);
    }
    if (status == ST_OK) {
        status = endpoint_create(a == 0 ? RANK_SERVER : (uint32_t)a, process,
                                 &endpoint);
    }
    if (status != ST_OK) {
        return status;
    }
    handle = handle_add(&process->handles, &endpoint->object,
                        RIGHT_CALL | RIGHT_RECEIVE | RIGHT_SERVE | RIGHT_GRANT
                            | RIGHT_MANAGE,
                        0);
    object_put(&endpoint->object);
    return handle;
}

/* The endpoint that the caller manages by @handle. */
static enum status
sys_find_endpoint(uint64_t handle, struct endpoint **out)
{
    struct handle_entry *entry;
    enum status status = handle_resolve(&process_current()->handles, handle,
                                        OBJECT_ENDPOINT, RIGHT_MANAGE, &entry);

    if (status == ST_OK) {
        *out = CONTAINER_OF(entry->object, struct endpoint, object);
    }
    return status;
}

/* endpoint_mint(endpoint, badge, rights): a handle for a client; the kernel
 * stamps @badge on what comes through it. */
int64_t
sys_endpoint_mint(SYS_ARGS)
{
    struct process *process = process_current();
    struct endpoint *endpoint;
    enum status status = permission_check(SYS_GROUP_SERVE, "endpoint_mint");

    if (status == ST_OK
        && ((b & BADGE_KERNEL) != 0
            || (c & ~(uint64_t)(RIGHT_CALL | RIGHT_GRANT)) != 0)) {
        status = ST_EINVAL;
    }
    if (status == ST_OK) {
        status = sys_find_endpoint(a, &endpoint);
    }
    if (status == ST_OK) {
        status = handle_reserve(&process->handles, process);
    }
    return status == ST_OK
               ? (int64_t)handle_add(&process->handles, &endpoint->object,
                                     (uint32_t)c, b)
               : status;
}

/* binding_create(endpoint, badge, max prot | BINDING_TELLS, pages): what regions
 * are made with; pages 0 = as many as an address space has. */
int64_t
sys_binding_create(SYS_ARGS)
{
    struct process *process = process_current();
    struct endpoint *endpoint;
    struct binding *binding;
    handle_t handle;
    enum status status = permission_check(SYS_GROUP_SERVE, "binding_create");

    if (status == ST_OK
        && ((b & BADGE_KERNEL) != 0
            || (c & ~(uint64_t)(SYS_PROT_ALL | BINDING_TELLS)) != 0)) {
        status = ST_EINVAL;
    }
    if (status == ST_OK) {
        status = sys_find_endpoint(a, &endpoint);
    }
    if (status == ST_OK) {
        status = handle_reserve(&process->handles, process);
    }
    if (status == ST_OK) {
        struct binding_spec spec = {
            .endpoint = endpoint,
            .maker = process,
            .badge = b,
            .pages = d == 0 ? USER_END >> PAGE_SHIFT : d,
            .max_prot = (uint32_t)c & SYS_PROT_ALL,
            .tells = (c & BINDING_TELLS) != 0,
        };

        status = binding_create(&spec, &binding);
    }
    if (status != ST_OK) {
        return status;
    }
    handle = handle_add(&process->handles, &binding->object,
                        RIGHT_BIND | RIGHT_GRANT, 0);
    object_put(&binding->object);
    return handle;
}

/* endpoint_limits(endpoint, soft, hard, run soft, run hard, grace), all in
 * milliseconds: how long its pager may take (ipc/pager_watch.h). */
int64_t
sys_endpoint_limits(SYS_ARGS)
{
    const uint64_t ms[PAGER_LIMITS] = {
        [PAGER_LIMIT_SOFT] = b,     [PAGER_LIMIT_HARD] = c,
        [PAGER_LIMIT_RUN_SOFT] = d, [PAGER_LIMIT_RUN_HARD] = e,
        [PAGER_LIMIT_GRACE] = f,
    };
    struct endpoint *endpoint;
    enum status status = permission_check(SYS_GROUP_SERVE, "endpoint_limits");

    if (status == ST_OK) {
        status = sys_find_endpoint(a, &endpoint);
    }
    return status == ST_OK ? pager_watch_limit(endpoint, ms) : status;
}

/* ---- console ----------------------------------------------------------- */

static enum status
sys_check_console(uint64_t handle, uint32_t rights, const char *call)
{
    struct handle_entry *entry;
    enum status status = permission_check(SYS_GROUP_CONSOLE, call);

    if (status != ST_OK) {
        return status;
    }
    return handle_resolve(&process_current()->handles, handle, OBJECT_CONSOLE,
                          rights, &entry);
}

/* console_write(console, buffer, bytes): bytes written. */
int64_t
sys_console_write(SYS_ARGS)
{
    enum status status = sys_check_console(a, RIGHT_WRITE, "console_write");

    if (status == ST_OK && (int64_t)c < 0) {
        status = ST_EINVAL;
    }
    return status == ST_OK ? console_object_write(b, c) : status;
}

/* console_read(console, buffer, bytes, deadline): bytes read, at least one. */
int64_t
sys_console_read(SYS_ARGS)
{
    enum status status = sys_check_console(a, RIGHT_READ, "console_read");

    if (status == ST_OK && (c == 0 || (int64_t)c < 0)) {
        status = ST_EINVAL;
    }
    return status == ST_OK ? console_object_read(b, c, d) : status;
}

/* console_watch(console, notification, bits): ^C becomes @bits. */
int64_t
sys_console_watch(SYS_ARGS)
{
    struct handle_entry *entry;
    enum status status = sys_check_console(a, RIGHT_MANAGE, "console_watch");

    if (status != ST_OK) {
        return status;
    }
    if (b == HANDLE_NONE) {
        console_object_watch(NULL, 0);
        return ST_OK;
    }
    status = handle_resolve(&process_current()->handles, b, OBJECT_NOTIFICATION,
                            RIGHT_CALL, &entry);
    if (status == ST_OK) {
        console_object_watch(
            CONTAINER_OF(entry->object, struct notification, object), c);
    }
    return status;
}
