/* SPDX-License-Identifier: MIT */
/*
 * A process's handles: slots with a generation, so that a handle kept too long
 * is an error and never somebody else's object.
 *
 *      handle_t   31            12 11         0
 *                +----------------+------------+
 *                |   generation   |    slot    |
 *                +----------------+------------+
 *
 * I1  A slot's entry is free (kind OBJECT_NONE) or holds one reference.
 * I2  An entry's `name` is the handle that names it now, or will when it is
 *     filled: its generation only grows. A slot whose generation would wrap is
 *     retired: its name is 0 and it never becomes free again.
 * I3  Free slots form a list through `free`; retired ones are in none.
 *
 *   first -> 16, 32, 64 or 128 entries     the direct path of IPC looks only here
 *   more[1] -> 128 entries
 *   ...
 *   more[31] -> 128 entries                4,096 in all
 *
 * The first chunk doubles and moves as it does; the others never move. All are
 * charged to the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <secos/status.h>
#include <secos/types.h>

#include <base/compiler.h>

#include <task/object.h>

struct process;

#define HANDLE_MOST_SLOTS (1u << HANDLE_SLOT_BITS)
/* With its entries a chunk is a block of the heap, not yet a run of pages. */
#define HANDLE_CHUNK_SLOTS 128u
#define HANDLE_CHUNK_BYTES (HANDLE_CHUNK_SLOTS * sizeof(struct handle_entry))
#define HANDLE_CHUNKS      (HANDLE_MOST_SLOTS / HANDLE_CHUNK_SLOTS)
#define HANDLE_LIST_BYTES  (HANDLE_CHUNKS * sizeof(void *))

struct handle_free {
    uint16_t next; /* 0 = none, for both: slot 0 is never used */
    uint16_t previous;
};

struct handle_entry {
    struct object *object;
    union {
        uint64_t badge; /* of an endpoint handle; without BADGE_KERNEL */
        struct handle_free free;
    };
    handle_t name; /* 0 = retired        */
    union {
        struct {
            uint8_t kind; /* OBJECT_NONE = free */
            uint8_t rights;
        };
        uint16_t power; /* both at once: HANDLE_POWER */
    };
};

/* What handle_entry.power is for an object of @kind with @rights. */
#define HANDLE_POWER(kind, rights) ((uint16_t)((kind) | (rights) << 8))
/* In it: the kind, and those rights that are asked for. */
#define HANDLE_POWER_MASK(rights) HANDLE_POWER(0xFF, rights)

_Static_assert(sizeof(struct handle_entry) == 24,
               "the lookup multiplies by it");
_Static_assert(offsetof(struct handle_entry, rights)
                   == offsetof(struct handle_entry, power) + 1,
               "the upper half of power is the rights");

struct handle_table {
    struct handle_entry *first;
    struct handle_entry **more; /* from [1] on; NULL = the first will do  */
    uint32_t mask;              /* of the slots of the first chunk        */
    uint32_t slots;
    uint32_t used;
    uint32_t swept;      /* teardown has dropped the slots below this */
    uint16_t free_first; /* 0 = none: slot 0 is never used */
};

/* Empty, with room for the well-known slots. Returns ST_ENOMEM. */
MUST_CHECK enum status handle_table_create(struct handle_table *table,
                                           struct process *owner);

/* Look at up to @most slots and drop their references; true when none is left and the memory is freed.
 * Teardown calls it until then. */
bool handle_table_teardown_step(struct handle_table *table,
                                struct process *owner, unsigned most);

/* Whether @handle names the entry *@out and is not stale; the entry may be free
 * all the same. Does not find the slots above the mask: then ask handle_lookup.
 * Cost: 7 instructions. */
static ALWAYS_INLINE bool
handle_find(const struct handle_table *table, uint64_t handle,
            struct handle_entry **out)
{
    *out = &table->first[handle & table->mask];
    /* All of @handle is compared: no name has more than 32 bits. */
    return (*out)->name == handle;
}

/* The entry of @handle in a slot above the mask, or NULL. */
struct handle_entry *handle_lookup_above(const struct handle_table *table,
                                         uint64_t handle);

/* The entry of @handle, or NULL if it is stale or out of range. */
static inline struct handle_entry *
handle_lookup(const struct handle_table *table, uint64_t handle)
{
    struct handle_entry *entry;

    return LIKELY(handle_find(table, handle, &entry))
               ? entry
               : handle_lookup_above(table, handle);
}

/* The object of @handle if it is of @kind and carries all @rights.
 * Returns ST_EBADF or ST_EPERM. */
MUST_CHECK enum status handle_resolve(const struct handle_table *table,
                                      uint64_t handle, enum object_kind kind,
                                      uint32_t rights,
                                      struct handle_entry **entry_out);

/* Make sure that one handle_add cannot fail. Returns ST_EMFILE or ST_ENOMEM. */
MUST_CHECK enum status handle_reserve(struct handle_table *table,
                                      struct process *owner);

/* Put @object into a free slot; it gains a reference. handle_reserve came first.
 * Returns the handle. */
handle_t handle_add(struct handle_table *table, struct object *object,
                    uint32_t rights, uint64_t badge);

/* Put @object into @slot, which must be free, as start-up and IPC transfer do.
 * Returns ST_EBUSY or ST_EINVAL. */
MUST_CHECK enum status handle_add_at(struct handle_table *table, uint32_t slot,
                                     struct object *object, uint32_t rights,
                                     uint64_t badge);

/* Whether a handle in @table names @object and carries one of @rights.
 * Context: interrupts come in if the table is large. Cost: O(slots). */
bool handle_is_held(const struct handle_table *table,
                    const struct object *object, uint32_t rights);

/* Whether @slot could take a handle now. */
bool handle_slot_is_free(const struct handle_table *table, uint32_t slot);

/* The handle that now names @slot. */
handle_t handle_of_slot(const struct handle_table *table, uint32_t slot);

/* Drop the handle. Returns ST_EBADF. */
MUST_CHECK enum status handle_remove(struct handle_table *table,
                                     uint64_t handle);
