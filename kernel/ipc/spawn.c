/* SPDX-License-Identifier: MIT */
/* Making processes. */
#include "spawn.h"

#include <secos/bootinfo.h>

#include <base/align.h>
#include <base/string.h>

#include <klib/kassert.h>
#include <klib/log.h>
#include <klib/random.h>
#include <mm/heap.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/usercopy.h>

#include "binding.h"
#include "console.h"
#include "detach.h"
#include "endpoint.h"
#include "fault.h"
#include "memory_object.h"
#include "modules.h"
#include "spawn_view.h"

/* Larger images than this are refused before anything is copied. */
#define SPAWN_IMAGE_MOST (64ull << 20)

bool spawn_aslr;

/* ---- phases ------------------------------------------------------------ */

static enum status
spawn_copy_args(struct spawn *spawn)
{
    uint32_t bytes = spawn->request.args_bytes;
    enum status status = ST_OK;

    /* Nothing may lie anywhere, also at 0. */
    if (bytes > 0) {
        status = usercopy_in(spawn->args, spawn->request.args, bytes);
    }
    if (status != ST_OK) {
        return status;
    }
    if (bytes > 0 && spawn->args[bytes - 1] != '\0') {
        return ST_EINVAL;
    }
    spawn->phase = SPAWN_IMAGE;
    return ST_OK;
}

static enum status
spawn_find_module(struct spawn *spawn)
{
    const struct boot_module *module = modules_lookup(spawn->request.name);

    if (module == NULL) {
        return ST_ENOENT;
    }
    spawn->module = module;
    spawn->image.flat = physmap_at(module->start);
    spawn->image.bytes = module->end.raw - module->start.raw;
    spawn->phase = SPAWN_CREATE;
    return ST_OK;
}

/* What reads a copied image finds its pages here. */
static const uint8_t *
spawn_image_page(const void *copy, uint64_t index)
{
    return memory_object_frame(copy, index);
}

/* The copy is an object that nobody has a handle to, so that its pages come one a
 * step, and go in steps when the spawn has ended, however it does. */
static enum status
spawn_open_copy(struct spawn *spawn, uint64_t bytes)
{
    uint64_t pages = align_up(bytes, PAGE_BYTES) / PAGE_BYTES;
    enum status status = memory_object_create(pages + 1, &spawn->copy);
    void *scratch;

    if (status == ST_OK) {
        status = memory_object_fill(spawn->copy, pages, &scratch);
    }
    if (status != ST_OK) {
        return status;
    }
    spawn->image = (struct elf_image){ .page = spawn_image_page,
                                       .owner = spawn->copy,
                                       .bytes = bytes,
                                       .scratch = scratch };
    return ST_OK;
}

/* The image is copied before it is looked at: its owner may change it. */
static enum status
spawn_copy_image(struct spawn *spawn)
{
    uint64_t most = spawn->request.elf_bytes;
    uint64_t count = most - spawn->copied;
    enum status status;
    void *frame;

    if (most > SPAWN_IMAGE_MOST) {
        return ST_E2BIG;
    }
    if (spawn->copy == NULL) {
        status = spawn_open_copy(spawn, most);
        if (status != ST_OK) {
            return status;
        }
    }
    status =
        memory_object_fill(spawn->copy, spawn->copied >> PAGE_SHIFT, &frame);
    if (status != ST_OK) {
        return status;
    }
    count = count < PAGE_BYTES ? count : PAGE_BYTES;
    status = usercopy_in(frame, spawn->request.elf + spawn->copied, count);
    if (status != ST_OK) {
        return status;
    }
    spawn->copied += count;
    if (spawn->copied == most) {
        spawn->phase = SPAWN_CREATE;
    }
    return ST_OK;
}

/* How high the child may set its threads: what its manifest asks for, else what
 * it starts with; never above its parent. */
static uint8_t
spawn_priority_ceiling(const struct spawn *spawn)
{
    uint32_t ceiling = spawn->plan.manifest.priority_ceiling;
    uint32_t most = spawn->creator == NULL ? spawn->priority
                                           : spawn->creator->priority_ceiling;

    if (ceiling < spawn->priority) {
        ceiling = spawn->priority;
    }
    return (uint8_t)(ceiling < most ? ceiling : most);
}

/* A child gets what its manifest asks for, and never more than its parent. */
static void
spawn_limit(struct spawn *spawn, uint64_t *frames, uint32_t *permissions)
{
    const struct manifest *manifest = &spawn->plan.manifest;
    uint64_t bytes = manifest->max_mem;
    uint64_t most = spawn->creator == NULL ? process_root_quota.limit
                                           : spawn->creator->quota.limit;

    if (spawn->request.max_mem != 0
        && (bytes == 0 || spawn->request.max_mem < bytes)) {
        bytes = spawn->request.max_mem;
    }
    *frames = bytes / PAGE_BYTES;
    if (bytes == 0 || *frames > most) {
        *frames = most;
    }
    *permissions = manifest->permissions;
    if (spawn->creator != NULL) {
        *permissions &= spawn->creator->permissions;
    }
}

/* What shell and boot pager can always get, whatever their children have: enough
 * for a command, a page table or two. */
#define SPAWN_FIRST_RESERVE 64u

/* The program takes its place: from here on, the plan is in its addresses. */
static void
spawn_place(struct spawn *spawn)
{
    uint64_t random[PLACE_NUMBERS];

    if (spawn_aslr) {
        for (unsigned i = 0; i < PLACE_NUMBERS; i++) {
            random[i] = random_u64();
        }
        spawn->place = place_choose(&spawn->plan, random);
    } else {
        spawn->place = place_fixed(&spawn->plan);
    }
    elf_move(&spawn->plan, spawn->place.image - spawn->plan.first_page);
    spawn->process->image_base = spawn->place.image;
    spawn->process->map_base = spawn->place.map_base;
}

static enum status
spawn_validate(struct spawn *spawn)
{
    spawn->elf_status = elf_validate_image(&spawn->image, &spawn->plan);
    if (spawn->elf_status == ELF_OK) {
        return ST_OK;
    }
    if (log_admits()) {
        klog("secos: %s: %s", spawn->request.name,
             elf_status_text(spawn->elf_status));
    }
    return ST_ENOEXEC;
}

static enum status
spawn_create(struct spawn *spawn)
{
    uint64_t frames;
    uint32_t permissions;
    enum status status;

    status = spawn_validate(spawn);
    if (status != ST_OK) {
        return status;
    }
    spawn_limit(spawn, &frames, &permissions);
    if (spawn->given != NULL && (permissions >> SYS_GROUP_IPC & 1) == 0
        && (spawn->given->kind == OBJECT_ENDPOINT
            || spawn->given->kind == OBJECT_NOTIFICATION)) {
        return ST_EPERM; /* the child could not use it: see ipc.c */
    }
    status = process_create(spawn->creator, spawn->request.name, frames,
                            &spawn->process);
    if (status != ST_OK) {
        return status;
    }
    spawn->process->permissions = permissions;
    spawn->process->priority_ceiling = spawn_priority_ceiling(spawn);
    spawn->process->manifest = spawn->plan.manifest;
    if (spawn->pager != NULL) {
        status =
            detach_bind(spawn->process, spawn->pager, &spawn->process->pager);
    }
    if (status == ST_OK && spawn->creator == NULL) {
        status = quota_reserve(&spawn->process->quota, SPAWN_FIRST_RESERVE);
    }
    if (status == ST_OK) {
        status = thread_create(spawn->process, spawn->priority, &spawn->thread);
    }
    if (status != ST_OK) {
        process_discard(spawn->process);
        spawn->process = NULL;
        return status;
    }
    object_get(&spawn->process->object);
    spawn_place(spawn);
    spawn->loader = (struct loader){
        .process = spawn->process,
        .image = &spawn->image,
        .plan = &spawn->plan,
        .place = &spawn->place,
        .pager = spawn->process->pager,
        .resident = spawn->resident,
        .start_flags = fault_placement == FAULT_BY_SELF && spawn->pager != NULL
                           ? START_SELF_PAGER
                           : 0,
        .in_place = spawn->module == NULL
                        ? 0
                        : modules_in_place(spawn->module, &spawn->plan),
    };
    spawn->phase = SPAWN_LOAD;
    return ST_OK;
}

static enum status
spawn_load(struct spawn *spawn)
{
    bool done;
    enum status status = loader_step(&spawn->loader, SPAWN_STEP_PAGES, &done);

    if (status == ST_OK && done) {
        spawn->view_at = spawn->request.view_base;
        spawn->phase = spawn->request.view_pages == 0 ? SPAWN_FINISH
                                                      : SPAWN_VIEW;
    }
    return status;
}

/* ---- the last step ----------------------------------------------------- */

static void
spawn_endow(struct spawn *spawn)
{
    struct handle_table *table = &spawn->process->handles;
    enum status status = ST_OK;

    if (spawn->pager != NULL) {
        status = handle_add_at(table, HANDLE_SLOT_PAGER, &spawn->pager->object,
                               RIGHT_BIND | RIGHT_GRANT, 0);
    }
    KASSERT(status == ST_OK);
    status = handle_add_at(table, HANDLE_SLOT_CONSOLE, console_object(),
                           spawn->console_rights, 0);
    KASSERT(status == ST_OK);
    if (spawn->given != NULL) {
        status = handle_add_at(table, HANDLE_SLOT_GIVEN, spawn->given,
                               spawn->given_rights, spawn->given_badge);
        KASSERT(status == ST_OK);
    }
}

static enum status
spawn_finish(struct spawn *spawn)
{
    struct process *process = spawn->process;
    struct context *context = &spawn->thread->context;
    uint64_t stack;
    enum status status = loader_make_stack(&spawn->loader, spawn->args,
                                           spawn->request.args_bytes, &stack);

    if (status != ST_OK) {
        return status;
    }
    spawn_endow(spawn);
    process->entry = spawn->plan.entry;
    process->stack_top = spawn->place.stack_top;
    process->kstack_top = context->kernel_stack_top;
    process->regs = context->frame;
    context_set_entry(context, spawn->plan.entry, stack, stack);
    spawn->phase = SPAWN_DONE;
    return ST_OK;
}

static bool
spawn_was_killed(const struct spawn *spawn)
{
    return spawn->phase > SPAWN_CREATE && spawn->phase != SPAWN_UNDO
           && spawn->process->ending;
}

enum status
spawn_step(struct spawn *spawn)
{
    if (spawn_was_killed(spawn)) {
        return ST_ESRCH; /* somebody killed it by its number */
    }
    switch ((enum spawn_phase)spawn->phase) {
    case SPAWN_ARGS:
        return spawn_copy_args(spawn);
    case SPAWN_IMAGE:
        return spawn->request.elf_bytes == 0 ? spawn_find_module(spawn)
                                             : spawn_copy_image(spawn);
    case SPAWN_CREATE:
        return spawn_create(spawn);
    case SPAWN_LOAD:
        return spawn_load(spawn);
    case SPAWN_VIEW:
        return spawn_view_step(spawn);
    case SPAWN_FINISH:
        return spawn_finish(spawn);
    case SPAWN_UNDO:
        return spawn_view_undo_step(spawn);
    case SPAWN_DONE:
        break;
    }
    return ST_OK;
}

void
spawn_start(struct process *process)
{
    struct thread *thread =
        LIST_ENTRY(process->threads.next, struct thread, process_link);

    sched_add(thread);
}

/* ---- begin and end ----------------------------------------------------- */

struct spawn *
spawn_alloc(struct process *creator)
{
    struct spawn *spawn;

    if (creator != NULL
        && process_charge_bytes(creator, sizeof(*spawn)) != ST_OK) {
        return NULL;
    }
    spawn = kmalloc(sizeof(*spawn));
    if (spawn == NULL) {
        if (creator != NULL) {
            process_uncharge_bytes(creator, sizeof(*spawn));
        }
        return NULL;
    }
    memset(spawn, 0, sizeof(*spawn));
    spawn->creator = creator;
    return spawn;
}

void
spawn_drop(void *object)
{
    struct spawn *spawn = object;

    if (spawn->process != NULL) {
        if (spawn->phase != SPAWN_DONE) {
            elf_unload_process(spawn->process);
        }
        object_put(&spawn->process->object);
    }
    if (spawn->pager != NULL) {
        object_put(&spawn->pager->object);
    }
    if (spawn->given != NULL) {
        object_put(spawn->given);
    }
    if (spawn->views != NULL) {
        object_put(&spawn->views->object);
    }
    if (spawn->copy != NULL) {
        object_put(&spawn->copy->object);
    }
    if (spawn->creator != NULL) {
        process_uncharge_bytes(spawn->creator, sizeof(*spawn));
    }
    kfree(spawn);
}

enum status
spawn_begin_module(const char *name, const char *args, uint32_t args_bytes,
                   struct spawn **out)
{
    struct spawn *spawn = spawn_alloc(NULL);

    if (spawn == NULL) {
        return ST_ENOMEM;
    }
    KASSERT(args_bytes <= sizeof(spawn->args));
    strlcpy(spawn->request.name, name, sizeof(spawn->request.name));
    memcpy(spawn->args, args, args_bytes);
    spawn->request.args_bytes = args_bytes;
    spawn->phase = SPAWN_IMAGE;
    *out = spawn;
    return ST_OK;
}
