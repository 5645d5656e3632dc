/* SPDX-License-Identifier: MIT */
/*
 * What every kernel object begins with, and what the kernel can do to any of
 * them without knowing its kind.
 *
 * An object lives as long as somebody refers to it: a handle, or a pointer that
 * the kernel keeps. Ending (a process that exits, an endpoint whose server died)
 * is something else: an ended object stays addressable and answers with an
 * error until its last reference goes.
 */
#pragma once

#include <stdint.h>

#include <secos/types.h>

struct object {
    uint32_t references;
    uint8_t kind; /* enum object_kind */
};

/* One row per enum object_kind, in ipc/objects.c: the only place that knows all
 * the kinds. A NULL member means "nothing to do". */
struct object_class {
    const char *name;
    void (*destroy)(struct object *object);
    /* A handle with these rights came into being, or went. */
    void (*handle_added)(struct object *object, uint32_t rights);
    void (*handle_removed)(struct object *object, uint32_t rights);
};

extern const struct object_class object_classes[OBJECT_KINDS];

static inline void
object_init(struct object *object, enum object_kind kind)
{
    object->references = 1;
    object->kind = (uint8_t)kind;
}

static inline void
object_get(struct object *object)
{
    object->references++;
}

/* Give up a reference; the last one destroys the object.
 * Context: any; never waits. */
void object_put(struct object *object);
