/* SPDX-License-Identifier: MIT */
/*
 * Bindings: who pages a region, with which badge and how far. A pager or its
 * supervisor mints them; clients only use them, so no client chooses a badge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

#include <mm/region.h>
#include <task/charge.h>
#include <task/object.h>

struct endpoint;
struct process;

struct binding {
    struct object object;
    struct charge charge;
    struct endpoint *endpoint; /* one reference */
    uint64_t badge;
    uint64_t pages;    /* page numbers of its regions stay below this */
    uint32_t max_prot; /* regions get no more                         */
    bool tells;        /* its pager is told what goes away: detach.h  */

    /* Only if it tells. A bond is the copy that belongs to one space. */
    struct binding *minted; /* bond: of which it is; one reference; else NULL */
    struct process *process;  /* bond: whose                               */
    struct list bonds;        /* minted: its bonds; bond: in that list     */
    struct list process_link; /* bond: in process->bonds                   */
    struct list tell_link;    /* in endpoint->telling                      */
    struct list gone;         /* bond: records of regions that went        */
    uint64_t ended; /* minted: spaces that did, untold; bond: 1 = counted   */
};

/* What binding_create makes: see struct binding. */
struct binding_spec {
    struct endpoint *endpoint;
    struct process *maker; /* who pays; NULL = the kernel */
    uint64_t badge;
    uint64_t pages;
    uint32_t max_prot;
    bool tells;
};

/* Create a binding; it holds a reference to its endpoint. Returns ST_ENOMEM. */
MUST_CHECK enum status binding_create(const struct binding_spec *spec,
                                      struct binding **out);

/* The binding of @region, or NULL if nobody pages it or a memory object does. */
static inline struct binding *
binding_of_region(const struct region *region)
{
    struct object *source = region->spec.binding;

    return source == NULL || source->kind != OBJECT_BINDING
               ? NULL
               : CONTAINER_OF(source, struct binding, object);
}

/* The binding that was minted: @binding, or what it is a bond of. */
static inline struct binding *
binding_minted(struct binding *binding)
{
    return binding->minted != NULL ? binding->minted : binding;
}

/* The object class calls this. */
void binding_destroy(struct object *object);
