/* SPDX-License-Identifier: MIT */
/* Bindings. */
#include "binding.h"

#include <base/string.h>

#include <mm/heap.h>

#include "endpoint.h"

enum status
binding_create(const struct binding_spec *spec, struct binding **out)
{
    struct binding *binding = kmalloc(sizeof(*binding));
    enum status status;

    if (binding == NULL) {
        return ST_ENOMEM;
    }
    memset(binding, 0, sizeof(*binding));
    status = charge_make(&binding->charge, spec->maker, sizeof(*binding));
    if (status != ST_OK) {
        kfree(binding);
        return status;
    }
    object_init(&binding->object, OBJECT_BINDING);
    object_get(&spec->endpoint->object);
    binding->endpoint = spec->endpoint;
    binding->badge = spec->badge;
    binding->max_prot = spec->max_prot;
    binding->pages = spec->pages;
    *out = binding;
    return ST_OK;
}

void
binding_destroy(struct object *object)
{
    struct binding *binding = CONTAINER_OF(object, struct binding, object);

    object_put(&binding->endpoint->object);
    charge_drop(&binding->charge);
    kfree(binding);
}
