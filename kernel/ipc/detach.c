/* SPDX-License-Identifier: MIT */
/* Telling pagers what went away. */
#include "detach.h"

#include <secos/fault.h>
#include <secos/ipc.h>

#include <arch/context.h>
#include <mm/region.h>
#include <task/process.h>
#include <task/thread.h>

#include "endpoint.h"

/* Bonds looked at between two moments for interrupts. */
#define DETACH_PAUSE_BONDS 512u

/* What one event says. */
struct detach_event {
    uint64_t badge;
    uint64_t first; /* the pager's page number */
    uint64_t pages;
    uint64_t spaces; /* that ended; 0: a piece of a region went */
};

/* ---- bonds -------------------------------------------------------------- */

static enum status
detach_make_bond(struct process *process, struct binding *minted,
                 struct binding **out)
{
    struct binding_spec spec = {
        .endpoint = minted->endpoint,
        .maker = process,
        .badge = minted->badge,
        .pages = minted->pages,
        .max_prot = minted->max_prot,
        .tells = true,
    };
    enum status status = binding_create(&spec, out);

    if (status != ST_OK) {
        return status;
    }
    object_get(&minted->object);
    (*out)->minted = minted;
    (*out)->process = process;
    list_add_tail(&minted->bonds, &(*out)->bonds);
    list_add_tail(&process->bonds, &(*out)->process_link);
    return ST_OK;
}

/* The bond of @process with @minted, or NULL. Both have a list of theirs, and the
 * shorter one is as good. */
static struct binding *
detach_find_bond(struct process *process, struct binding *minted)
{
    struct list *ours = process->bonds.next;
    struct list *theirs = minted->bonds.next;

    for (unsigned looked_at = 1;
         ours != &process->bonds && theirs != &minted->bonds; looked_at++) {
        struct binding *own = LIST_ENTRY(ours, struct binding, process_link);
        struct binding *other = LIST_ENTRY(theirs, struct binding, bonds);

        if (own->minted == minted) {
            return own;
        }
        if (other->process == process) {
            return other;
        }
        /* The process whose child this is for holds half of it in its hands. */
        if (looked_at % DETACH_PAUSE_BONDS == 0
            && process == process_current()) {
            cpu_interrupt_window();
        }
        ours = ours->next;
        theirs = theirs->next;
    }
    return NULL;
}

enum status
detach_bind(struct process *process, struct binding *binding,
            struct binding **out)
{
    struct binding *minted = binding_minted(binding);

    if (!binding->tells) {
        object_get(&binding->object);
        *out = binding;
        return ST_OK;
    }
    *out = detach_find_bond(process, minted);
    if (*out == NULL) {
        return detach_make_bond(process, minted, out);
    }
    object_get(&(*out)->object);
    return ST_OK;
}

/* ---- what is to be told -------------------------------------------------- */

static void
detach_list(struct binding *binding)
{
    struct endpoint *endpoint = binding->endpoint;

    if (list_is_empty(&binding->tell_link)) {
        list_add_tail(&endpoint->telling, &binding->tell_link);
        endpoint->queued |= ENDPOINT_TELLS;
    }
}

static void
detach_unlist(struct binding *binding)
{
    struct endpoint *endpoint = binding->endpoint;

    list_remove(&binding->tell_link);
    if (list_is_empty(&endpoint->telling)) {
        endpoint->queued &= ~ENDPOINT_TELLS;
    }
}

/* Take the first event of @binding, which has one; it goes behind the others if
 * it has more. The binding may be gone afterwards. */
static struct detach_event
detach_pop(struct binding *binding)
{
    struct list *first = list_first(&binding->gone);
    struct detach_event event = {
        .badge = binding->badge,
        .pages = binding->pages,
        .spaces = binding->ended,
    };

    detach_unlist(binding);
    if (first == NULL) {
        binding->ended = 0;
        object_put(&binding->object);
    } else {
        struct region *region = LIST_ENTRY(first, struct region, link);

        list_remove(first);
        if (!list_is_empty(&binding->gone)) {
            detach_list(binding);
        }
        event.first = region->spec.first_page;
        event.pages = region->spec.pages;
        event.spaces = 0;
        region_free(&binding->process->space.regions, region);
    }
    return event;
}

/* @server gets the first event of @binding, in its registers. */
static void
detach_tell(struct binding *binding, struct thread *server)
{
    struct trap_frame *to = server->context.frame;
    struct detach_event event;

    binding->endpoint->taken++;
    event = detach_pop(binding);
    to->rax = ST_OK;
    to->rdi = 0; /* it wants no answer */
    to->rsi = EVENT_DETACH;
    to->rdx = event.first;
    to->r10 = event.pages;
    to->r8 = event.spaces;
    to->r9 = 0;
    to->rbx = 0;
    to->r12 = BADGE_KERNEL | event.badge;
    to->r13 = 0;
}

/* @binding has something to tell: at once, if a server waits. */
static void
detach_send(struct binding *binding)
{
    struct thread *server = endpoint_server(binding->endpoint);

    detach_list(binding);
    if (server != NULL) {
        list_remove(&server->wait_link);
        thread_clear_deadline(server);
        detach_tell(binding, server);
        thread_wake(server);
    }
}

void
detach_region(struct region *region)
{
    struct binding *bond = binding_of_region(region);

    if (bond->endpoint->receive_handles == 0) {
        region_free(&bond->process->space.regions, region);
        return;
    }
    list_add_tail(&bond->gone, &region->link);
    detach_send(bond);
}

/* A space that had a bond with @minted ended. */
static void
detach_count_end(struct binding *minted)
{
    if (minted->endpoint->receive_handles == 0
        || minted->charge.maker == NULL) {
        return;
    }
    if (minted->ended == 0) {
        object_get(&minted->object);
    }
    minted->ended++;
    detach_send(minted);
}

bool
detach_end_step(struct process *process, unsigned most)
{
    for (; most > 0 && !list_is_empty(&process->bonds); most--) {
        struct binding *bond = LIST_ENTRY(list_first(&process->bonds),
                                          struct binding, process_link);
        struct list *first = list_first(&bond->gone);

        if (bond->ended == 0) {
            bond->ended = 1; /* counted; and its records are told no more */
            detach_unlist(bond);
            detach_count_end(bond->minted);
        }
        if (first != NULL) {
            list_remove(first);
            region_free(&process->space.regions,
                        LIST_ENTRY(first, struct region, link));
        } else {
            list_remove(&bond->process_link);
        }
    }
    return list_is_empty(&process->bonds);
}

/* ---- who takes it --------------------------------------------------------- */

/* What must be told before @call: of its bond, or of others that ended under the
 * same badge; or NULL. */
static struct binding *
detach_before(const struct call *call)
{
    const struct region *region;
    struct binding *bond;

    if (!call->is_fault) {
        return NULL;
    }
    region = region_lookup(&call->space->regions, call->page);
    bond = region == NULL ? NULL : binding_of_region(region);
    if (bond == NULL || !bond->tells) {
        return NULL;
    }
    if (!list_is_empty(&bond->tell_link)) {
        return bond;
    }
    return list_is_empty(&bond->minted->tell_link) ? NULL : bond->minted;
}

bool
detach_take(struct endpoint *endpoint, struct thread *server)
{
    struct call *call = endpoint_best_call(endpoint, true);
    struct binding *binding = NULL;

    if (call != NULL) {
        binding = detach_before(call);
        if (binding != NULL) {
            endpoint_pass_call(call);
        } else if (endpoint->told) {
            endpoint->told = false;
            return false;
        }
    }
    if (binding == NULL) {
        binding = LIST_ENTRY(list_first(&endpoint->telling), struct binding,
                             tell_link);
    }
    endpoint->told = true;
    detach_tell(binding, server);
    return true;
}

/* ---- nobody to tell -------------------------------------------------------- */

bool
detach_drop_one(struct endpoint *endpoint)
{
    struct list *first = list_first(&endpoint->telling);

    if (first != NULL) {
        (void)detach_pop(LIST_ENTRY(first, struct binding, tell_link));
    }
    return first != NULL;
}

void
detach_orphan(struct charge *charge)
{
    struct binding *binding = CONTAINER_OF(charge, struct binding, charge);

    if (binding->minted == NULL && binding->ended != 0) {
        (void)detach_pop(binding);
    }
}
