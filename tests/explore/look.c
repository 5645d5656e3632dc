/* SPDX-License-Identifier: MIT */
/* The invariants of threads, calls and faults. */
#include "look.h"

#include <ipc/binding.h>
#include <ipc/endpoint.h>
#include <ipc/fault.h>
#include <mm/vmm_internal.h>
#include <task/process.h>
#include <task/thread.h>

#include "machine.h"

const char *const look_names[] = {
    /* of threads and calls */
    "lists_are_sound",
    "a_call_has_its_owner",
    "no_lost_waiter",
    "ready_threads_are_queued",
    "the_owner_waits",
    /* of faults and pages */
    "transit_names_an_open_fault",
    "one_fault_for_a_page",
    "faults_are_in_regions",
    "queue_is_sound",
    "spaces_take_turns",
    "deliveries_are_sound",
    "no_idle_pager",
    "queued_faults_are_watched",
    /* of memory (look_memory.c) */
    "regions_are_sound",
    "tables_are_sound",
    "leaf_within_its_region",
    "no_double_map",
    "frames_are_conserved",
    "charge_is_conserved",
    "no_byte_is_lost",
    /* seen by a step (act.c) */
    "event_tells_the_fault",
    "ids_are_unique",
    "stale_ids_are_refused",
    "owed_answers_are_taken",
    "other_answers_stay_owed",
    "refusals_are_told",
    "only_refused_copies_fail",
    "hanging_pagers_are_killed",
    /* of what must still be possible (act_serve, world_end) */
    "progress",
    "ends_are_completed",
    "ends_give_everything_back",
    /* of everything (door.c) */
    "kernel_assertions_hold",
    "no_wild_pointer",
    "no_endless_loop",
    NULL,
};

void
look_expect(struct look *look, bool holds, const char *name)
{
    if (!holds && look->broken == NULL) {
        look->broken = name;
    }
}

/* The number of members of @head, or LOOK_MOST if it is not a ring. */
static unsigned
look_length(const struct list *head)
{
    unsigned length = 0;

    for (const struct list *node = head->next; node != head;
         node = node->next) {
        if (node->next->prev != node || node->prev->next != node
            || ++length == LOOK_MOST) {
            return LOOK_MOST;
        }
    }
    return head->next->prev == head && head->prev->next == head ? length
                                                                : LOOK_MOST;
}

static bool
look_contains(const struct list *head, const struct list *member)
{
    list_for_each(node, head) {
        if (node == member) {
            return true;
        }
    }
    return false;
}

static bool
look_is_open(const struct call *call)
{
    return call->state == CALL_QUEUED || call->state == CALL_DELIVERED;
}

static bool
look_waits_for_page(const struct thread *thread)
{
    return thread->state == THREAD_WAITING && thread->wait->is_fault;
}

/* Whether @call is one that a living thread owns. */
static bool
look_knows(const struct look *look, const struct call *call)
{
    for (unsigned i = 0; i < look->thread_count; i++) {
        if (look->threads[i]->call == call) {
            return true;
        }
    }
    return false;
}

/* Whether who received last at @endpoint, if anybody did, lives, and that thread
 * alone says so. */
static bool
look_knows_server(const struct look *look, const struct endpoint *endpoint)
{
    bool lives = endpoint->server == NULL;

    for (unsigned i = 0; i < look->thread_count; i++) {
        bool serves = look->threads[i] == endpoint->server;

        lives = lives || serves;
        if (look->threads[i]->served != (serves ? &endpoint->server : NULL)) {
            return false;
        }
    }
    return lives;
}

/* ---- threads and calls ------------------------------------------------- */

static void
look_at_lists(struct look *look)
{
    const struct endpoint *endpoint = world.endpoint;
    bool sound = look_length(&endpoint->servers) < LOOK_MOST
                 && look_length(&endpoint->receivers) < LOOK_MOST;

    for (unsigned i = 0; i < PRIORITIES; i++) {
        sound = sound && look_length(&endpoint->queue[i]) < LOOK_MOST;
    }
    for (unsigned i = 0; i < LOOK_PEOPLE && sound; i++) {
        const struct process *process = look->processes[i];

        sound = process == NULL
                || (look_length(&process->threads) < LOOK_MOST
                    && look_length(&process->owed) < LOOK_MOST
                    && look_length(&process->protection_faults) < LOOK_MOST
                    && look_length(&process->serves) < LOOK_MOST);
    }
    look_expect(look, sound, "lists_are_sound");
}

static void
look_collect_threads(struct look *look)
{
    for (unsigned i = 0; i < LOOK_PEOPLE; i++) {
        if (look->processes[i] == NULL) {
            continue;
        }
        list_for_each(node, &look->processes[i]->threads) {
            struct thread *thread =
                LIST_ENTRY(node, struct thread, process_link);

            if (look->thread_count < LOOK_MOST) {
                look->threads[look->thread_count++] = thread;
            }
            look_expect(look, look_length(&thread->call->waiters) < LOOK_MOST,
                        "lists_are_sound");
        }
    }
}

/* How many waiter lists @thread is in, and whether the right one is among
 * them. */
static unsigned
look_count_waits(const struct look *look, const struct thread *thread,
                 bool *right)
{
    unsigned count = 0;

    *right = false;
    for (unsigned i = 0; i < look->thread_count; i++) {
        const struct call *call = look->threads[i]->call;

        if (look_contains(&call->waiters, &thread->wait_link)) {
            count++;
            *right = *right
                     || (thread->wait_object == call && look_is_open(call)
                         && call->is_fault);
        }
    }
    return count;
}

static void
look_at_thread(struct look *look, const struct thread *thread)
{
    bool right;
    unsigned waits = look_count_waits(look, thread, &right);

    look_expect(look, thread->call->owner == thread, "a_call_has_its_owner");
    if (look_waits_for_page(thread)) {
        look_expect(look, waits == 1 && right, "no_lost_waiter");
    } else {
        look_expect(look, waits == 0, "no_lost_waiter");
    }
    look_expect(look,
                list_is_empty(&thread->run_link)
                    == (thread->state != THREAD_READY),
                "ready_threads_are_queued");
    look_expect(look,
                thread->state == THREAD_WAITING
                    || thread->call->state == CALL_IDLE,
                "the_owner_waits");
}

/* ---- faults and pages -------------------------------------------------- */

static void
look_at_open_call(struct look *look, const struct call *call)
{
    const struct process *process = call->owner->process;
    struct mmu_cursor at;

    look_expect(look, call->is_fault, "deliveries_are_sound");
    look_expect(look,
                process->ending
                    || region_at_or_after(&process->space.regions, call->page)
                           != NULL,
                "faults_are_in_regions");
    look_expect(look, look_contains(&call->waiters, &call->owner->wait_link),
                "the_owner_waits");
    look_expect(look, call->space == &process->space,
                "transit_names_an_open_fault");
    look_expect(look,
                (call->leaf == NULL)
                    == look_contains(&process->protection_faults,
                                     &call->protection_link),
                "one_fault_for_a_page");
    if (call->leaf != NULL) {
        look_expect(look,
                    mmu_find(&process->space.tables,
                             vaddr(call->page << PAGE_SHIFT), &at)
                        && at.leaf == call->leaf
                        && mmu_leaf_is_transit(*at.leaf)
                        && mmu_leaf_slot(*at.leaf) == call->slot,
                    "transit_names_an_open_fault");
    }
    for (unsigned i = 0; i < look->thread_count; i++) {
        const struct call *other = look->threads[i]->call;

        look_expect(look,
                    other == call || !look_is_open(other)
                        || other->space != call->space
                        || other->page != call->page
                        || (other->leaf == NULL) != (call->leaf == NULL),
                    "one_fault_for_a_page");
    }
}

/* Whether @call stands in @queue, or follows one that does. */
static bool
look_is_queued(const struct list *queue, const struct call *call)
{
    list_for_each(node, queue) {
        const struct call *leader =
            LIST_ENTRY(node, struct call, endpoint_link);

        if (leader == call
            || look_contains(&leader->followers, &call->endpoint_link)) {
            return true;
        }
    }
    return false;
}

static void
look_at_call(struct look *look, const struct call *call)
{
    const struct process *server = NULL;
    bool queued = look_is_queued(&world.endpoint->queue[call->priority], call);

    for (unsigned i = LOOK_CLIENTS; i < LOOK_PEOPLE; i++) {
        const struct process *each = look->processes[i];

        if (each != NULL && look_contains(&each->owed, &call->delivered_link)) {
            server = each;
        }
    }
    look_expect(look, queued == (call->state == CALL_QUEUED), "queue_is_sound");
    look_expect(look,
                (server != NULL) == (call->state == CALL_DELIVERED)
                    && (server == NULL || server == call->server),
                "deliveries_are_sound");
    if (look_is_open(call)) {
        look_at_open_call(look, call);
    } else {
        look_expect(look, list_is_empty(&call->waiters), "no_lost_waiter");
        look_expect(look,
                    !look_contains(&call->owner->process->protection_faults,
                                   &call->protection_link),
                    "one_fault_for_a_page");
    }
}

/* One fault of each space leads; those that follow it are of the same space. */
static void
look_at_queue(struct look *look, const struct list *queue)
{
    list_for_each(node, queue) {
        const struct call *call = LIST_ENTRY(node, struct call, endpoint_link);

        look_expect(look, look_knows(look, call), "queue_is_sound");
        if (look->broken != NULL) {
            return;
        }
        look_expect(look,
                    look_contains(&call->owner->process->turns,
                                  &call->turn_link)
                        && look_length(&call->followers) < LOOK_MOST,
                    "queue_is_sound");
        list_for_each(follower, &call->followers) {
            const struct call *other =
                LIST_ENTRY(follower, struct call, endpoint_link);

            look_expect(look,
                        other->state == CALL_QUEUED
                            && other->space == call->space
                            && list_is_empty(&other->turn_link),
                        "queue_is_sound");
        }
        for (const struct list *next = node->next; next != queue;
             next = next->next) {
            look_expect(look,
                        LIST_ENTRY(next, struct call, endpoint_link)->space
                            != call->space,
                        "spaces_take_turns");
        }
    }
}

static void
look_at_endpoint(struct look *look)
{
    const struct endpoint *endpoint = world.endpoint;
    const struct process *attached = endpoint->attached;
    bool attached_lives = false;

    for (unsigned i = 0; i < PRIORITIES; i++) {
        look_expect(look,
                    list_is_empty(&endpoint->queue[i])
                        == ((endpoint->queued >> i & 1) == 0),
                    "queue_is_sound");
        look_at_queue(look, &endpoint->queue[i]);
    }
    for (unsigned i = LOOK_CLIENTS; i < LOOK_PEOPLE; i++) {
        attached_lives = attached_lives || look->processes[i] == attached;
    }
    look_expect(look, attached == NULL || attached_lives,
                "queued_faults_are_watched");
    look_expect(look,
                (list_is_empty(&endpoint->leading)
                 && (attached == NULL || list_is_empty(&attached->owed)))
                    || !list_is_empty(&endpoint->watch_link),
                "queued_faults_are_watched");
    look_expect(look,
                (endpoint->queued == 0) == list_is_empty(&endpoint->leading),
                "queue_is_sound");
    look_expect(look,
                endpoint->queued == 0 || list_is_empty(&endpoint->servers),
                "no_idle_pager");
    look_expect(look, look_knows_server(look, endpoint), "queue_is_sound");
}

/* ---- all of it --------------------------------------------------------- */

static void
look_at_everything(void *argument)
{
    struct look *look = argument;

    for (unsigned i = 0; i < LOOK_PEOPLE; i++) {
        look->processes[i] = i < LOOK_CLIENTS
                                 ? world.clients[i].process
                                 : world.pagers[i - LOOK_CLIENTS].process;
    }
    look_at_lists(look);
    if (look->broken != NULL) {
        return;
    }
    look_collect_threads(look);
    for (unsigned i = 0; i < look->thread_count && look->broken == NULL; i++) {
        look_at_thread(look, look->threads[i]);
        look_at_call(look, look->threads[i]->call);
    }
    look_at_endpoint(look);
    look_at_memory(look);
}

const char *
look_at_world(void)
{
    struct look look = { .broken = NULL };
    enum door how = door_enter(look_at_everything, &look);

    return how == DOOR_RETURNED ? look.broken : door_judge(how);
}
