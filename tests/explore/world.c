/* SPDX-License-Identifier: MIT */
/* The small world: its beginning, its end, and who is there. */
#include "world.h"

#include <string.h>

#include <secos/fault.h>
#include <secos/ipc.h>
#include <secos/process.h>
#include <secos/region.h>

#include <arch/cpu.h>
#include <arch/upcalls.h>
#include <ipc/binding.h>
#include <ipc/endpoint.h>
#include <ipc/memory_object.h>
#include <klib/panic.h>
#include <mm/layout.h>
#include <mm/vmm.h>
#include <sys/region_range.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

#include "act.h"
#include "machine.h"

#define PLENTY    64u
#define RIGHTS_RW (PROT_READ | PROT_WRITE)

struct world world;

uint64_t
world_first_page(void)
{
    return USER_MAP_BASE >> PAGE_SHIFT;
}

uint64_t
world_content(unsigned page)
{
    return 0xC0FFEE00u + page;
}

uint64_t
world_mark(unsigned client, unsigned page)
{
    return 0xBEEF0000u + client * 256 + page;
}

/* ---- who is there ------------------------------------------------------ */

struct thread *
world_living(const struct process *process, const struct thread *thread)
{
    if (process == NULL || thread == NULL) {
        return NULL;
    }
    list_for_each(node, &process->threads) {
        struct thread *each = LIST_ENTRY(node, struct thread, process_link);

        if (each == thread) {
            return each;
        }
    }
    return NULL;
}

struct thread *
world_client_thread(unsigned who, unsigned index)
{
    return world_living(world.clients[who].process,
                        world.clients[who].threads[index]);
}

struct thread *
world_pager_thread(unsigned who, unsigned index)
{
    return world_living(world.pagers[who].process,
                        world.pagers[who].threads[index]);
}

bool
world_client_is_alive(unsigned who)
{
    return world.clients[who].process != NULL
           && !world.clients[who].process->ending;
}

bool
world_pager_is_alive(unsigned who)
{
    return world.pagers[who].process != NULL
           && !world.pagers[who].process->ending;
}

const struct region *
world_region(unsigned client, unsigned page)
{
    const struct process *process = world.clients[client].process;
    uint64_t number = world_first_page() + page;
    const struct region *region =
        region_at_or_after(&process->space.regions, number);

    return region != NULL && region_covers(region, number) ? region : NULL;
}

uint64_t
world_leaf(unsigned client, unsigned page)
{
    struct space *space = &world.clients[client].process->space;
    vaddr_t address = vaddr((world_first_page() + page) << PAGE_SHIFT);
    struct mmu_cursor at;

    return mmu_find(&space->tables, address, &at) ? *at.leaf : 0;
}

struct call *
world_owed(unsigned pager, unsigned index)
{
    list_for_each(node, &world.pagers[pager].process->owed) {
        if (index-- == 0) {
            return LIST_ENTRY(node, struct call, delivered_link);
        }
    }
    return NULL;
}

/* ---- running code of the kernel ---------------------------------------- */

void
world_complain(const char *name)
{
    if (world.complaint == NULL) {
        world.complaint = name;
    }
}

/* Nobody runs between two steps. */
static void
world_park(void)
{
    struct cpu *cpu = cpu_this();

    if (cpu->current != NULL) {
        sched_add(cpu->current);
        cpu->current = NULL;
    }
    cpu->resched = false;
}

enum door
world_run(struct thread *thread, void (*function)(void *), void *argument)
{
    enum door how = DOOR_RETURNED;

    machine_fill_pool();
    if (thread == NULL || thread->resume == RESUME_USER) {
        cpu_this()->kernel_entries++;
    }
    if (thread != NULL) {
        how = machine_run(thread);
    }
    if (door_judge(how) == NULL && function != NULL) {
        if (thread != NULL) {
            thread->resume = RESUME_USER;
        }
        how = door_enter(function, argument);
    }
    if (door_judge(how) != NULL) {
        world_complain(door_judge(how));
    } else {
        world_park();
    }
    return how;
}

/* What cannot fail, in the beginning. */
static void
world_must(struct thread *thread, void (*function)(void *), void *argument)
{
    (void)world_run(thread, function, argument);
    if (world.complaint != NULL) {
        panic("world: %s: %s", world.complaint, door_words());
    }
}

/* ---- beginning --------------------------------------------------------- */

static void
world_make_memory(void *argument)
{
    struct process *process = process_current();
    struct region_spec spec = {
        .base = world_first_page(),
        .pages = WORLD_PAGES,
        .prot = RIGHTS_RW,
        .max_prot = RIGHTS_RW,
        .kind = REGION_ANONYMOUS,
    };
    struct region *region;

    (void)argument;
    if (memory_object_create(WORLD_PAGES, &world.memory) != ST_OK) {
        panic("world: no memory object");
    }
    spec.binding = world.memory;
    if (region_create(&process->space.regions, &spec, &region) != ST_OK) {
        panic("world: no region for the boss");
    }
}

static void
world_fill_page(void *argument)
{
    unsigned page = *(unsigned *)argument;
    vaddr_t address = vaddr((world_first_page() + page) << PAGE_SHIFT);
    struct mmu_cursor at;

    upcall_page_fault(address.raw, FAULT_WRITE);
    if (!mmu_find(&process_current()->space.tables, address, &at)) {
        panic("world: page %u of the object cannot be filled", page);
    }
    *(uint64_t *)physmap_at(mmu_leaf_frame(*at.leaf)) = world_content(page);
}

static void
world_unmap_memory(void *argument)
{
    (void)argument;
    (void)region_range_destroy(world_first_page() << PAGE_SHIFT, WORLD_PAGES);
}

/* Make the object and fill its pages, through a region of the boss. */
static void
world_fill_memory(void)
{
    struct thread *thread = LIST_ENTRY(list_first(&world.boss->threads),
                                       struct thread, process_link);
    const struct region_tree *regions = &world.boss->space.regions;

    world_must(thread, world_make_memory, NULL);
    for (unsigned page = 0; page < WORLD_PAGES; page++) {
        world_must(thread, world_fill_page, &page);
    }
    while (regions->count != 0) {
        world_must(thread, world_unmap_memory, NULL);
    }
}

static uint64_t
world_frames_in_use(void)
{
    return machine_frames(FRAME_USER) + machine_frames(FRAME_SHARED)
           + machine_frames(FRAME_PAGE_TABLE);
}

void
world_boot(void)
{
    struct binding_spec spec = {
        .badge = 5,
        .pages = WORLD_PAGES,
        .max_prot = RIGHTS_RW,
    };
    struct thread *thread;

    machine_start();
    if (process_create(NULL, "boss", PLENTY * 8, &world.boss) != ST_OK
        || thread_create(world.boss, PRIORITY_DEFAULT, &thread) != ST_OK
        || endpoint_create(RANK_SERVER, NULL, &world.endpoint) != ST_OK) {
        panic("world: no boss");
    }
    spec.endpoint = world.endpoint;
    if (binding_create(&spec, &world.binding) != ST_OK) {
        panic("world: no binding");
    }
    endpoint_handle_added(&world.endpoint->object, RIGHT_RECEIVE);
    sched_add(thread);
    world.first_frames = world_frames_in_use();
    world.first_charge = world.boss->quota.used;
    world.first_blocks = heap_blocks();
}

/* Let @process have no more than what it has, tables for its region, and @pages
 * pages. */
static void
world_make_poor(struct process *process, unsigned pages)
{
    uint64_t most = process->quota.used + MMU_TABLES_PER_MAP + pages;

    process->quota.parent->used -= process->quota.held - most;
    process->quota.held = most;
    process->quota.limit = most;
}

static void
world_start_client(struct world_client *client)
{
    struct process *process;
    struct region *region;
    struct region_spec spec = {
        .base = world_first_page(),
        .pages = world.scope.pages,
        .prot = RIGHTS_RW,
        .max_prot = RIGHTS_RW,
        .kind = REGION_ANONYMOUS,
        .binding = world.binding,
    };
    enum status status = process_create(world.boss, "client", PLENTY, &process);

    memset(client, 0, sizeof(*client));
    for (unsigned i = 0; status == ST_OK && i < world.scope.threads; i++) {
        status = thread_create(process, PRIORITY_DEFAULT, &client->threads[i]);
        if (status == ST_OK) {
            sched_add(client->threads[i]);
        }
    }
    if (status == ST_OK) {
        status = region_create(&process->space.regions, &spec, &region);
    }
    if (status != ST_OK) {
        panic("world: no client: %d", status);
    }
    if (world.scope.poor != 0) {
        world_make_poor(process, world.scope.poor);
    }
    object_get(&process->object);
    client->process = process;
}

void
world_start_pager(struct world_pager *pager)
{
    struct process *process;
    enum status status = process_create(world.boss, "pager", PLENTY, &process);

    for (unsigned i = 0; status == ST_OK && i < world.scope.servers; i++) {
        status = thread_create(process, PRIORITY_PAGER, &pager->threads[i]);
        if (status == ST_OK) {
            sched_add(pager->threads[i]);
        }
    }
    if (status == ST_OK) {
        status = handle_add_at(&process->handles, WORLD_SLOT_ENDPOINT,
                               &world.endpoint->object,
                               RIGHT_RECEIVE | RIGHT_SERVE, 0);
    }
    if (status == ST_OK) {
        status = handle_add_at(&process->handles, WORLD_SLOT_MEMORY,
                               &world.memory->object, RIGHT_READ | RIGHT_MANAGE,
                               0);
    }
    if (status != ST_OK) {
        panic("world: no pager: %d", status);
    }
    object_get(&process->object);
    pager->process = process;
}

void
world_begin(const struct world_scope *scope)
{
    world.scope = *scope;
    world.complaint = NULL;
    world_fill_memory();
    for (unsigned i = 0; i < scope->clients; i++) {
        world_start_client(&world.clients[i]);
    }
    world_start_pager(&world.pagers[0]);
    cpu_this()->resched = false;
}

/* ---- end --------------------------------------------------------------- */

/* Complete all ends there are. */
static const char *
world_reap_all(void)
{
    struct step step = { 0 };

    for (unsigned who = 0; who < WORLD_CLIENTS + WORLD_PAGERS; who++) {
        bool is_client = who < WORLD_CLIENTS;

        step.event = is_client ? STEP_REAP : STEP_PAGER_REAP;
        step.who = (uint8_t)(is_client ? who : who - WORLD_CLIENTS);
        for (step.thread = 0; step.thread < WORLD_THREADS; step.thread++) {
            while (step_is_possible(&step)) {
                const char *broken = act_do(&step);

                if (broken != NULL) {
                    return broken;
                }
            }
        }
    }
    return NULL;
}

static void
world_bury(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < WORLD_CLIENTS; i++) {
        if (world.clients[i].process != NULL) {
            world_complain("ends_are_completed");
        }
    }
    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        if (world.pagers[i].process != NULL) {
            world_complain("ends_are_completed");
        }
    }
    object_put(&world.memory->object);
    while (!memory_object_bury_step(WORLD_PAGES)) {
    }
    if (world_frames_in_use() != world.first_frames
        || world.boss->quota.used - world.boss->space.tables.table_frames
               != world.first_charge
        || heap_blocks() != world.first_blocks) {
        world_complain("ends_give_everything_back");
    }
}

const char *
world_end(void)
{
    const char *broken = NULL;

    world.complaint = NULL;
    for (unsigned i = 0; i < WORLD_CLIENTS; i++) {
        if (world_client_is_alive(i)) {
            (void)world_run(NULL, act_kill, world.clients[i].process);
        }
    }
    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        if (world_pager_is_alive(i)) {
            (void)world_run(NULL, act_kill, world.pagers[i].process);
        }
    }
    if (world.complaint == NULL) {
        broken = world_reap_all();
    }
    if (broken == NULL && world.complaint == NULL) {
        (void)world_run(NULL, world_bury, NULL);
    }
    return broken != NULL ? broken : world.complaint;
}
