/* SPDX-License-Identifier: MIT */
/* Bindings. */
#include "binding.h"

#include <base/string.h>

#include <mm/heap.h>

#include "endpoint.h"

enum status
binding_create(struct endpoint *endpoint, uint64_t badge, uint32_t max_prot,
               uint64_t pages, struct binding **out)
{
    struct binding *binding = kmalloc(sizeof(*binding));

    if (binding == NULL) {
        return ST_ENOMEM;
    }
    memset(binding, 0, sizeof(*binding));
    object_init(&binding->object, OBJECT_BINDING);
    object_get(&endpoint->object);
    binding->endpoint = endpoint;
    binding->badge = badge;
    binding->max_prot = max_prot;
    binding->pages = pages;
    *out = binding;
    return ST_OK;
}

void
binding_destroy(struct object *object)
{
    struct binding *binding = CONTAINER_OF(object, struct binding, object);

    object_put(&binding->endpoint->object);
    kfree(binding);
}
