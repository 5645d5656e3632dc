/* SPDX-License-Identifier: MIT */
/*
 * Bindings: who pages a region, with which badge and how far. A pager or its
 * supervisor mints them; clients only use them, so no client chooses a badge.
 */
#pragma once

#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

#include <mm/region.h>
#include <task/object.h>

struct endpoint;

struct binding {
    struct object object;
    struct endpoint *endpoint; /* one reference */
    uint64_t badge;
    uint64_t pages;    /* page numbers of its regions stay below this */
    uint32_t max_prot; /* regions get no more                         */
};

/* Create a binding to @endpoint. Returns ST_ENOMEM. */
MUST_CHECK enum status binding_create(struct endpoint *endpoint, uint64_t badge,
                                      uint32_t max_prot, uint64_t pages,
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

/* The object class calls this. */
void binding_destroy(struct object *object);
