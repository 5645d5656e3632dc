/* SPDX-License-Identifier: MIT */
/* Processes: numbers, birth, end and teardown. */
#include "process.h"

#include <base/string.h>

#include <arch/cpu.h>
#include <klib/kassert.h>
#include <klib/log.h>
#include <klib/numbers.h>
#include <mm/heap.h>
#include <mm/pmm.h>

#include "sched.h"

/* What no process can draw: the kernel's own growth, one part in 32 of RAM. */
#define KERNEL_RESERVE_PART 32u
/* Slots looked at between two moments for interrupts. */
#define PROCESS_PAUSE_SLOTS 512u
/* Steps of teardown between two looks at the clock. */
#define TEARDOWN_STEP 16u

struct quota process_root_quota;

/* Those whose end not all know who wait for it, by announce_link. */
static struct list process_ended = { &process_ended, &process_ended };
static struct process *process_slots[PROCESS_SLOTS];
static uint32_t process_next_id = 1;
static struct numbers process_numbers = NUMBERS_INIT(process_numbers);

void
process_init(void)
{
    uint64_t frames = pmm_count(FRAME_FREE);

    quota_init(&process_root_quota, NULL,
               frames - frames / KERNEL_RESERVE_PART);
}

_Static_assert(PROCESS_SLOTS == NUMBERS_MOST, "a slot for each number");

/* Numbers only grow, so that an old one is never somebody else; the slot of a
 * number is its remainder, and occupied slots are passed over. Returns 0 if none
 * is left for who creates @process. */
static uint32_t
process_take_id(struct process *process)
{
    uint32_t slot;
    uint32_t id;

    if (process_numbers.left <= process_numbers_left(process->parent)) {
        return 0;
    }
    slot = numbers_take(&process_numbers, process_next_id % PROCESS_SLOTS);
    id = process_next_id + (slot - process_next_id) % PROCESS_SLOTS;
    process_next_id = id + 1;
    process_slots[slot] = process;
    return id;
}

static void
process_put_id(const struct process *process)
{
    process_slots[process_slot(process)] = NULL;
    numbers_put(&process_numbers, process_slot(process));
}

struct process *
process_lookup(uint32_t id)
{
    struct process *process = process_slots[id % PROCESS_SLOTS];

    return process != NULL && process->id == id ? process : NULL;
}

struct process *
process_of_space(uint32_t space_id)
{
    struct space *space = vmm_space_by_id(space_id);

    return space_id == 0 || space == NULL
               ? NULL
               : CONTAINER_OF(space, struct process, space);
}

uint32_t
process_slot(const struct process *process)
{
    return process->id % PROCESS_SLOTS;
}

struct process *
process_next(uint32_t slot)
{
    for (; slot < PROCESS_SLOTS; slot++) {
        if (process_slots[slot] != NULL) {
            return process_slots[slot];
        }
        if (slot % PROCESS_PAUSE_SLOTS == 0) {
            cpu_interrupt_window();
        }
    }
    return NULL;
}

static uint64_t
process_frames_of(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

enum status
process_charge_bytes(struct process *process, uint64_t bytes)
{
    uint64_t before = process_frames_of(process->charged_bytes);
    uint64_t after = process_frames_of(process->charged_bytes + bytes);
    enum status status = quota_charge(&process->quota, after - before);

    if (status == ST_OK) {
        process->charged_bytes += bytes;
    }
    return status;
}

void
process_uncharge_bytes(struct process *process, uint64_t bytes)
{
    uint64_t before = process_frames_of(process->charged_bytes);

    KASSERT(process->charged_bytes >= bytes);
    process->charged_bytes -= bytes;
    quota_uncharge(&process->quota,
                   before - process_frames_of(process->charged_bytes));
}

static void
process_init_fields(struct process *process, struct process *parent,
                    const char *name)
{
    memset(process, 0, sizeof(*process));
    object_init(&process->object, OBJECT_PROCESS);
    list_init(&process->threads);
    list_init(&process->children);
    list_init(&process->sibling_link);
    list_init(&process->delivered);
    list_init(&process->owed);
    list_init(&process->announce_link);
    list_init(&process->serves);
    list_init(&process->made);
    list_init(&process->protection_faults);
    list_init(&process->turns);
    list_init(&process->bonds);
    list_init(&process->memory);
    list_init(&process->waiters);
    strlcpy(process->name, name, sizeof(process->name));
    process->parent = parent;
    process->parent_id = parent == NULL ? 0 : parent->id;
    process->depth = parent == NULL ? 0 : parent->depth + 1;
    process->permissions = UINT32_MAX;
    process->map_base = USER_MAP_BASE;
    process->priority_ceiling = PRIORITIES - 1;
}

static enum status
process_endow(struct process *process)
{
    enum status status =
        vmm_space_create_user(&process->space, &process->quota);

    if (status != ST_OK) {
        return status;
    }
    process->space.regions.ops = &process_region_ops;
    status = handle_table_create(&process->handles, process);
    if (status != ST_OK) {
        vmm_space_destroy(&process->space);
        return status;
    }
    status = handle_add_at(&process->handles, HANDLE_SLOT_SELF,
                           &process->object, RIGHT_READ | RIGHT_MANAGE, 0);
    KASSERT(status == ST_OK);
    return ST_OK;
}

enum status
process_create(struct process *parent, const char *name, uint64_t limit_frames,
               struct process **process_out)
{
    struct process *process;
    enum status status;

    if (parent != NULL) {
        if (parent->depth >= PROCESS_DEPTH_MOST) {
            return ST_EAGAIN;
        }
        status = process_charge_bytes(parent, sizeof(*process));
        if (status != ST_OK) {
            return status;
        }
    }
    status = ST_ENOMEM;
    process = kmalloc(sizeof(*process));
    if (process == NULL) {
        goto undo_charge;
    }
    process_init_fields(process, parent, name);
    process->payer_is_parent = parent != NULL;
    process->id = process_take_id(process);
    status = ST_EAGAIN;
    if (process->id == 0) {
        goto undo_alloc;
    }
    quota_init(&process->quota,
               parent == NULL ? &process_root_quota : &parent->quota,
               limit_frames);
    status = process_endow(process);
    if (status != ST_OK) {
        goto undo_quota;
    }
    if (parent != NULL) {
        list_add_tail(&parent->children, &process->sibling_link);
    }
    *process_out = process;
    return ST_OK;

undo_quota:
    quota_destroy(&process->quota);
    process_put_id(process);
undo_alloc:
    kfree(process);
undo_charge:
    if (parent != NULL) {
        process_uncharge_bytes(parent, sizeof(*process));
    }
    return status;
}

static void
process_leave_pager(struct process *process)
{
    if (process->pager != NULL) {
        process_hook_unbind(process->pager);
        process->pager = NULL;
    }
}

void
process_discard(struct process *process)
{
    while (!handle_table_teardown_step(&process->handles, process,
                                       TEARDOWN_STEP)) {
    }
    process_leave_pager(process);
    vmm_space_destroy(&process->space);
    quota_destroy(&process->quota);
    process->report.ended = 1;
    object_put(&process->object);
}

/* ---- end --------------------------------------------------------------- */

/* The children of an ending process go to its parent; what it paid for their
 * structures is the kernel's from now on. */
static bool
process_orphan_step(struct process *process, unsigned most)
{
    for (; most > 0 && !list_is_empty(&process->children); most--) {
        struct process *child = LIST_ENTRY(list_first(&process->children),
                                           struct process, sibling_link);

        list_remove(&child->sibling_link);
        if (child->payer_is_parent) {
            process_uncharge_bytes(process, sizeof(*child));
            child->payer_is_parent = false;
        }
        if (child->report.ended == 0) {
            quota_move_up(&child->quota);
        }
        child->parent = process->parent;
        child->depth = process->depth;
        if (child->parent != NULL) {
            list_add_tail(&child->parent->children, &child->sibling_link);
        }
    }
    return list_is_empty(&process->children);
}

/* Stop up to @most of those that process_end left in their wait for a page: the last
 * first, for who leads a turn in a queue has nobody behind it then. */
static bool
process_stop_step(struct process *process, unsigned most)
{
    for (struct list *node = process->threads.prev; node != &process->threads;
         node = node->prev) {
        struct thread *thread = LIST_ENTRY(node, struct thread, process_link);

        if (thread->state == THREAD_DEAD || thread == process->reaper) {
            continue;
        }
        if (most == 0) {
            return false;
        }
        thread_stop(thread);
        most--;
    }
    return true;
}

static bool
process_free_threads_step(struct process *process, unsigned most)
{
    for (; most > 0; most--) {
        struct thread *thread =
            LIST_ENTRY(process->threads.next, struct thread, process_link);

        if (process->thread_count <= 1) {
            return true;
        }
        if (thread == process->reaper) {
            list_remove(&thread->process_link);
            list_add_tail(&process->threads, &thread->process_link);
            continue;
        }
        thread_free(thread);
    }
    return process->thread_count <= 1;
}

static int64_t
process_wait_result(const struct process *process, const struct thread *waiter)
{
    return waiter->wait_status != ST_OK ? waiter->wait_status
                                        : (int64_t)process->report.wait;
}

/* Tell up to @most of those who wait for the end of @process. */
static bool
process_tell_waiters(struct process *process, unsigned most)
{
    for (; most > 0 && !list_is_empty(&process->waiters); most--) {
        struct thread *waiter =
            LIST_ENTRY(list_first(&process->waiters), struct thread, wait_link);

        list_remove(&waiter->wait_link);
        thread_finish(waiter, process_wait_result(process, waiter));
    }
    return list_is_empty(&process->waiters);
}

bool
process_announce_step(unsigned most)
{
    struct list *first = list_first(&process_ended);
    struct process *process = LIST_ENTRY(first, struct process, announce_link);

    if (first != NULL && process_tell_waiters(process, most)) {
        list_remove(first);
        object_put(&process->object);
    }
    return list_is_empty(&process_ended);
}

/* Everything is back: tell whoever waits, last of all. */
static void
process_announce_end(struct process *process)
{
    process->report.ended = 1;
    if (!process_tell_waiters(process, TEARDOWN_STEP)) {
        object_get(&process->object);
        list_add_tail(&process_ended, &process->announce_link);
        process_hook_announce();
    }
    if (process->watcher != NULL) {
        process_hook_signal(process->watcher, process->watch_bits);
        process_set_watch(process, NULL, 0);
    }
    if (process->on_end != NULL) {
        process->on_end(process);
    }
}

static void
process_free_region(void *tree, struct region *region)
{
    region_free(tree, region);
}

/* The pages are gone: forget the regions. */
static bool
process_free_regions_step(struct process *process, unsigned most)
{
    struct region_tree *tree = &process->space.regions;

    for (; most > 0; most--) {
        const struct region *first = region_at_or_after(tree, 0);
        enum status status;

        if (first == NULL) {
            return true;
        }
        status = region_destroy(tree, first->spec.base, first->spec.pages,
                                process_free_region, tree);
        KASSERT(status == ST_OK);
    }
    return false;
}

static bool
process_teardown_step(struct process *process)
{
    /* Its calls first: each thread that goes looks for its own among them. */
    return process_stop_step(process, TEARDOWN_STEP)
           && process_hook_teardown(process, TEARDOWN_STEP)
           && process_free_threads_step(process, TEARDOWN_STEP)
           && handle_table_teardown_step(&process->handles, process,
                                         TEARDOWN_STEP)
           && process_orphan_step(process, TEARDOWN_STEP)
           && vmm_space_teardown_step(&process->space, TEARDOWN_STEP)
           && process_hook_end_bonds(process, TEARDOWN_STEP)
           && process_free_regions_step(process, TEARDOWN_STEP / 2);
}

/* The continuation of the reaper: runs on the processor's own stack, from the
 * start after every pause. */
static void
process_reap(struct thread *reaper)
{
    struct process *process = reaper->process;

    sched_forget_user_state(reaper);
    while (!process_teardown_step(process)) {
        sched_checkpoint();
    }
    process_leave_pager(process);
    thread_free(reaper);
    vmm_space_destroy(&process->space);
    quota_destroy(&process->quota);
    process_announce_end(process);
    object_put(&process->object);
    sched_dispatch();
}

/* Who ends a process waits no longer for its memory than for its own; but taking
 * apart is not as urgent as the supervisor, whoever it was that ended it. */
static void
process_raise_reaper(struct thread *reaper, const struct thread *current)
{
    uint32_t most = PRIORITY_SUPERVISOR - 1;

    if (current != NULL && current->priority < most) {
        most = current->priority;
    }
    if (current != NULL && most > reaper->priority) {
        reaper->priority = (uint8_t)most;
    }
}

void
process_end(struct process *process, const struct exit_report *report)
{
    struct thread *current = cpu_this()->current;
    struct thread *reaper;

    if (process->ending) {
        return;
    }
    process->ending = true;
    process->report = *report;
    process->report.ended = 0;
    process->report.image_base = process->image_base;
    KASSERT(!list_is_empty(&process->threads));
    reaper =
        LIST_ENTRY(list_first(&process->threads), struct thread, process_link);
    process->reaper = reaper;
    thread_stop(reaper);
    list_for_each(node, &process->threads) {
        thread_doom(LIST_ENTRY(node, struct thread, process_link));
    }
    reaper->resume = RESUME_KERNEL;
    reaper->continuation = process_reap;
    process_raise_reaper(reaper, current);
    sched_add(reaper);
    if (current != NULL && current->process == process) {
        sched_dispatch();
    }
}

void
process_kill(struct process *process)
{
    process_end(process, &(struct exit_report){ .reason = REASON_KILLED,
                                                .wait = EXIT_BY_KILL });
}

void
process_destroy(struct object *object)
{
    struct process *process = CONTAINER_OF(object, struct process, object);

    KASSERT(process->report.ended != 0 && list_is_empty(&process->waiters));
    process_put_id(process);
    list_remove(&process->sibling_link);
    if (process->payer_is_parent) {
        process_uncharge_bytes(process->parent, sizeof(*process));
    }
    kfree(process);
}

void
process_handle_added(struct object *object, uint32_t rights)
{
    if ((rights & RIGHT_MANAGE) != 0) {
        CONTAINER_OF(object, struct process, object)->managers++;
    }
}

void
process_handle_removed(struct object *object, uint32_t rights)
{
    struct process *process = CONTAINER_OF(object, struct process, object);

    if ((rights & RIGHT_MANAGE) == 0) {
        return;
    }
    process->managers--;
    if (process->managers == 1 && process_state(process) == PROCESS_SUSPENDED) {
        process_kill(process);
    }
}

void
process_set_watch(struct process *process, struct notification *watcher,
                  uint64_t bits)
{
    if (process->watcher != NULL) {
        process_hook_unwatch(process->watcher);
    }
    process->watcher = watcher;
    process->watch_bits = bits;
}

uint32_t
process_state(const struct process *process)
{
    const struct thread *thread;

    if (process->ending) {
        return PROCESS_ENDING;
    }
    if (list_is_empty(&process->threads)) {
        return PROCESS_SUSPENDED;
    }
    thread = LIST_ENTRY(process->threads.next, struct thread, process_link);
    switch (thread->state) {
    case THREAD_SUSPENDED:
        return PROCESS_SUSPENDED;
    case THREAD_WAITING:
        return thread->wait->is_fault ? PROCESS_FAULTING : PROCESS_BLOCKED;
    default:
        return PROCESS_RUNNING;
    }
}

/* ---- waiting for an end ------------------------------------------------ */

static const struct wait_class process_wait_class = {
    .name = "process",
    .abort = thread_abort_listed,
};

void
process_wait_end(struct process *process, uint64_t deadline_ns,
                 enum status status)
{
    struct thread *thread = thread_current();

    if (!thread_set_deadline(thread, deadline_ns)) {
        sched_yield_current(ST_ETIMEDOUT);
    }
    thread->wait_status = status;
    list_add_tail(&process->waiters, &thread->wait_link);
    thread_wait(&process_wait_class, process, RESUME_USER);
}
