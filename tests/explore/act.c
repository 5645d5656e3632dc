/* SPDX-License-Identifier: MIT */
/* The steps of the world, done. */
#include "act.h"

#include <secos/fault.h>
#include <secos/process.h>

#include <arch/upcalls.h>
#include <ipc/binding.h>
#include <ipc/fault.h>
#include <mm/vmm.h>
#include <sys/region_range.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

#include "machine.h"
#include "world.h"

#define SERVE_STEPS 400u
#define RIGHTS_RW   (PROT_READ | PROT_WRITE)

/* ---- client steps ------------------------------------------------------ */

static uint64_t
act_address(unsigned page)
{
    return (world_first_page() + page) << PAGE_SHIFT;
}

static void
act_trap(void *argument)
{
    upcall_page_fault(act_address(((struct step *)argument)->page),
                      FAULT_WRITE);
}

/* A copy from a page that is there needs nobody. */
static void
act_copy(void *argument)
{
    const struct step *step = argument;

    if (!mmu_leaf_allows(world_leaf(step->who, step->page), PROT_READ)) {
        upcall_copy_fault(act_address(step->page), FAULT_READ);
    }
}

/* A copy has come back without its page: it must be one that cannot be had. */
static void
act_check_copy(const struct step *step)
{
    struct world_client *client = &world.clients[step->who];
    const struct region *region = world_region(step->who, step->page);

    if (region != NULL && (region->spec.prot & PROT_READ) != 0
        && world.scope.poor == 0 && !client->failed[step->thread]
        && !mmu_leaf_allows(world_leaf(step->who, step->page), PROT_READ)) {
        world_complain("only_refused_copies_fail");
    }
}

static void
act_touch(const struct step *step)
{
    struct thread *thread = world_client_thread(step->who, step->thread);
    bool copies = step->thread % 2 != 0;
    enum door how = world_run(thread, copies ? act_copy : act_trap,
                              (void *)(uintptr_t)step);

    if (copies && how == DOOR_RETURNED) {
        act_check_copy(step);
    }
}

static void
act_change_region(void *argument)
{
    const struct step *step = argument;
    struct world_client *client = &world.clients[step->who];
    uint64_t base = act_address(step->page);
    struct region_spec spec = {
        .base = base >> PAGE_SHIFT,
        .pages = 1,
        .first_page = step->page,
        .prot = RIGHTS_RW,
        .max_prot = RIGHTS_RW,
        .kind = REGION_ANONYMOUS,
        .binding = world.binding,
    };
    struct region *region;

    switch (step->event) {
    case STEP_UNMAP:
        for (unsigned i = 0; i < step->argument; i++) {
            client->written[step->page + i] = false;
        }
        (void)region_range_destroy(base, step->argument);
        break;
    case STEP_PROTECT:
        if (step->argument == PROT_NONE) {
            client->written[step->page] = false;
        }
        (void)region_range_protect(base, 1, step->argument);
        break;
    default:
        (void)!region_create(&client->process->space.regions, &spec, &region);
        break;
    }
}

static void
act_exit(void *argument)
{
    (void)argument;
    thread_exit(0);
}

void
act_kill(void *argument)
{
    struct exit_report report = {
        .reason = REASON_KILLED,
        .wait = EXIT_BY_KILL,
    };

    process_end(argument, &report);
}

static void
act_for_client(const struct step *step)
{
    struct thread *thread = world_client_thread(step->who, step->thread);
    struct world_client *client = &world.clients[step->who];

    switch (step->event) {
    case STEP_TOUCH:
        act_touch(step);
        break;
    case STEP_EXIT:
        (void)world_run(thread, act_exit, NULL);
        break;
    case STEP_KILL:
        (void)world_run(NULL, act_kill, client->process);
        break;
    case STEP_REAP:
        (void)world_run(thread, NULL, NULL);
        break;
    default:
        (void)world_run(thread, act_change_region, (void *)(uintptr_t)step);
        break;
    }
    thread = world_client_thread(step->who, step->thread);
    if (step->event <= STEP_PROTECT && thread != NULL) {
        client->calls[step->thread] =
            thread->resume == RESUME_SYSCALL ? *step : (struct step){ 0 };
        client->failed[step->thread] = false;
    }
}

/* ---- after a step ------------------------------------------------------ */

/* Let go of a process whose last frame is back. */
static void
act_forget_ended(struct process **process)
{
    if (*process != NULL && (*process)->report.ended != 0) {
        object_put(&(*process)->object);
        *process = NULL;
    }
}

/* Ids are compared with those handed out before: a delivery that is new must have
 * an id that was never seen. */
static void
act_note_ids(void)
{
    bool owed[WORLD_SLOTS] = { false };

    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        if (world.pagers[i].process == NULL) {
            continue;
        }
        list_for_each(node, &world.pagers[i].process->owed) {
            const struct call *call =
                LIST_ENTRY(node, struct call, delivered_link);
            struct world_slot *slot = &world.slots[call->slot % WORLD_SLOTS];

            if (!slot->is_owed || slot->generation != call->generation) {
                if (call->generation <= slot->generation) {
                    world_complain("ids_are_unique");
                }
                slot->generation = call->generation;
            }
            owed[call->slot % WORLD_SLOTS] = true;
        }
    }
    for (unsigned i = 0; i < WORLD_SLOTS; i++) {
        world.slots[i].is_owed = owed[i];
    }
}

/* A program writes to every page as soon as it can: nothing of the kernel changes by
 * that, but what is lost later is noticed. */
static void
act_write(unsigned client)
{
    for (unsigned page = 0; page < world.scope.pages; page++) {
        uint64_t leaf = world_leaf(client, page);

        if (mmu_leaf_allows(leaf, PROT_WRITE)) {
            uint64_t *words = physmap_at(mmu_leaf_frame(leaf));

            words[1] = world_mark(client, page);
            world.clients[client].written[page] = true;
        }
    }
}

static void
act_settle(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < WORLD_CLIENTS; i++) {
        act_forget_ended(&world.clients[i].process);
    }
    for (unsigned i = 0; i < WORLD_PAGERS; i++) {
        act_forget_ended(&world.pagers[i].process);
    }
    for (unsigned i = 0; i < WORLD_CLIENTS; i++) {
        if (world_client_is_alive(i)) {
            act_write(i);
        }
    }
    act_note_ids();
}

const char *
act_do(const struct step *step)
{
    world.complaint = NULL;
    if (step->event < STEP_RECEIVE) {
        act_for_client(step);
    } else {
        act_pager_do(step);
    }
    if (world.complaint == NULL) {
        const char *broken = door_judge(door_enter(act_settle, NULL));

        if (broken != NULL) {
            world_complain(broken);
        }
    }
    return world.complaint;
}

/* ---- to an end --------------------------------------------------------- */

bool
act_somebody_waits(void)
{
    for (unsigned i = 0; i < WORLD_CLIENTS * WORLD_THREADS; i++) {
        const struct thread *thread =
            world_client_thread(i / WORLD_THREADS, i % WORLD_THREADS);

        if (thread != NULL && thread->state == THREAD_WAITING) {
            return true;
        }
    }
    return false;
}

const char *
act_serve(void)
{
    struct step step;

    for (unsigned i = 0; i < SERVE_STEPS; i++) {
        const char *broken;

        if (!step_to_serve(&step)) {
            return act_somebody_waits() ? "progress" : NULL;
        }
        broken = act_do(&step);
        if (broken != NULL) {
            return broken;
        }
    }
    return "progress";
}
