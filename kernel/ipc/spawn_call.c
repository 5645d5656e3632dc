/* SPDX-License-Identifier: MIT */
/* The system call that makes processes: a request is checked, its handles are
 * resolved, and the steps of spawn.c done. */
#include <base/align.h>
#include <base/checked.h>

#include <mm/layout.h>
#include <task/handle.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/usercopy.h>

#include "binding.h"
#include "spawn.h"
#include "spawn_view.h"

/* A name goes to the log and to ps: no control character, which could pass for
 * a line of the kernel's. */
static bool
spawn_call_is_name(const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name < ' ' || *name > '~') {
            return false;
        }
    }
    return true;
}

static enum status
spawn_call_check(struct process *creator, struct spawn_request *request)
{
    uint32_t known = SPAWN_SUSPENDED | SPAWN_LEND_CONSOLE;
    uint64_t bytes;

    request->name[sizeof(request->name) - 1] = '\0';
    if (!spawn_call_is_name(request->name)) {
        return ST_EINVAL;
    }
    if (request->args_bytes > SPAWN_ARGS_BYTES) {
        return ST_E2BIG;
    }
    if ((request->flags & ~known) != 0 || request->reserved != 0
        || request->priority >= PRIORITIES) {
        return ST_EINVAL;
    }
    if (request->priority > creator->priority_ceiling) {
        return ST_EPERM;
    }
    if (request->view_pages != 0
        && (!is_aligned(request->view_base, PAGE_BYTES)
            || !checked_mul(request->view_pages, PAGE_BYTES, &bytes)
            || !checked_range_inside(request->view_base, bytes, USER_BASE,
                                     USER_END))) {
        return ST_EINVAL;
    }
    return ST_OK;
}

/* Resolve the handles of the request. */
static enum status
spawn_call_take_handles(struct spawn *spawn)
{
    struct handle_table *table = &spawn->creator->handles;
    const struct spawn_request *request = &spawn->request;
    struct handle_entry *entry;
    enum status status;

    if (spawn->creator->pager != NULL) {
        spawn->pager = binding_minted(spawn->creator->pager);
    }
    if (request->pager != HANDLE_NONE) {
        status = handle_resolve(table, request->pager, OBJECT_BINDING,
                                RIGHT_BIND, &entry);
        if (status != ST_OK) {
            spawn->pager = NULL;
            return status;
        }
        spawn->pager = CONTAINER_OF(entry->object, struct binding, object);
    }
    if (spawn->pager != NULL) {
        object_get(&spawn->pager->object);
    }
    if (request->give != HANDLE_NONE) {
        entry = handle_lookup(table, request->give);
        if (entry == NULL || entry->kind == OBJECT_NONE) {
            return ST_EBADF;
        }
        if ((entry->rights & RIGHT_GRANT) == 0) {
            return ST_EPERM;
        }
        spawn->given = entry->object;
        spawn->given_rights = entry->rights;
        spawn->given_badge = entry->badge;
        object_get(spawn->given);
    }
    /* The console: writing always, reading if the creator may lend it. */
    spawn->console_rights = RIGHT_WRITE | RIGHT_GRANT;
    if ((request->flags & SPAWN_LEND_CONSOLE) != 0) {
        status = handle_resolve(table, HANDLE_SLOT_CONSOLE, OBJECT_CONSOLE,
                                RIGHT_READ, &entry);
        if (status != ST_OK) {
            return status;
        }
        spawn->console_rights |= RIGHT_READ;
    }
    return ST_OK;
}

static enum status
spawn_call_begin(struct thread *thread, uint64_t address)
{
    struct spawn_request request;
    struct spawn *spawn;
    enum status status = usercopy_in(&request, address, sizeof(request));

    if (status != ST_OK) {
        return status;
    }
    status = spawn_call_check(thread->process, &request);
    if (status != ST_OK) {
        return status;
    }
    spawn = spawn_alloc(thread->process);
    if (spawn == NULL) {
        return ST_ENOMEM;
    }
    spawn->request = request;
    spawn->phase = SPAWN_ARGS;
    spawn->priority = request.priority != 0 ? (uint8_t)request.priority
                                            : thread->base_priority;
    status = spawn_call_take_handles(spawn);
    if (status != ST_OK) {
        spawn_drop(spawn);
        return status;
    }
    thread->progress_object = spawn;
    thread->progress_drop = spawn_drop;
    return ST_OK;
}

/* The spawn failed with @status. Where a process was begun, the caller hears of
 * it when its last frame is back, so that a failed call has no trace. */
static int64_t
spawn_call_fail(struct thread *thread, struct spawn *spawn, enum status status)
{
    struct process *process = spawn->process;
    bool waits = process != NULL && process->report.ended == 0;

    if (spawn->phase == SPAWN_DONE) {
        spawn->phase = SPAWN_FINISH; /* it is not to stay */
    }
    thread->progress_object = NULL;
    spawn_drop(spawn);
    if (waits) {
        process_wait_end(process, 0, status);
    }
    return status;
}

int64_t
spawn_call(uint64_t address)
{
    struct thread *thread = thread_current();
    struct process *creator = thread->process;
    struct spawn *spawn;
    enum status status = ST_OK;
    handle_t handle;

    if (thread->progress_object == NULL) {
        status = spawn_call_begin(thread, address);
        if (status != ST_OK) {
            return status;
        }
    }
    spawn = thread->progress_object;
    while (spawn->phase != SPAWN_DONE) {
        status = spawn_step(spawn);
        if (status == ST_OK && spawn->phase == SPAWN_DONE) {
            status = handle_reserve(&creator->handles, creator);
        }
        if (status != ST_OK && !spawn_view_turn_back(spawn, status)) {
            return spawn_call_fail(thread, spawn, status);
        }
        /* Not behind the last step: who is ended there would leave a complete
         * process that no handle names. */
        if (spawn->phase != SPAWN_DONE) {
            sched_checkpoint();
        }
    }
    handle = handle_add(&creator->handles, &spawn->process->object,
                        RIGHT_READ | RIGHT_MANAGE | RIGHT_GRANT, 0);
    if ((spawn->request.flags & SPAWN_SUSPENDED) == 0) {
        spawn_start(spawn->process);
    }
    thread->progress_object = NULL;
    spawn_drop(spawn);
    return sched_return((int64_t)handle);
}
