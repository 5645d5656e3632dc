/* SPDX-License-Identifier: MIT */
/* Bindings. */
#include "binding.h"

#include <base/string.h>

#include <mm/heap.h>

#include "detach.h"
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
    binding->tells = spec->tells;
    binding->charge.on_orphan = detach_orphan;
    list_init(&binding->bonds);
    list_init(&binding->process_link);
    list_init(&binding->tell_link);
    list_init(&binding->gone);
    *out = binding;
    return ST_OK;
}

void
binding_destroy(struct object *object)
{
    struct binding *binding = CONTAINER_OF(object, struct binding, object);

    list_remove(&binding->bonds);
    list_remove(&binding->process_link);
    if (binding->minted != NULL) {
        object_put(&binding->minted->object);
    }
    object_put(&binding->endpoint->object);
    charge_drop(&binding->charge);
    kfree(binding);
}
