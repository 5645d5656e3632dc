/* SPDX-License-Identifier: MIT */
/* Handle tables: lookup is in the header, everything rarer is here. */
#include "handle.h"

#include <base/string.h>

#include <klib/kassert.h>
#include <mm/heap.h>

#include "process.h"

#define HANDLE_FIRST_SLOTS 16u
/* More would take too long at once. */
#define HANDLE_GROWTH_MOST 128u
#define HANDLE_MOST_SLOTS  (1u << HANDLE_SLOT_BITS)
/* From one generation of a slot to the next. */
#define HANDLE_GENERATION (1u << HANDLE_SLOT_BITS)

void
object_put(struct object *object)
{
    KASSERT(object->references > 0);
    object->references--;
    if (object->references == 0) {
        object_classes[object->kind].destroy(object);
    }
}

/* Chain slots [first, last) in front of the free list, lowest first. */
static void
handle_chain_slots(struct handle_table *table, uint32_t first, uint32_t last)
{
    for (uint32_t slot = last; slot > first; slot--) {
        table->entries[slot - 1].name = slot - 1;
        table->entries[slot - 1].free_next = table->free_first;
        table->free_first = (uint16_t)(slot - 1);
    }
}

static enum status
handle_resize(struct handle_table *table, struct process *owner, uint32_t slots)
{
    uint64_t bytes = slots * sizeof(struct handle_entry);
    uint64_t old_bytes = table->slots * sizeof(struct handle_entry);
    struct handle_entry *entries;
    enum status status = process_charge_bytes(owner, bytes);

    if (status != ST_OK) {
        return status;
    }
    entries = kmalloc(bytes);
    if (entries == NULL) {
        process_uncharge_bytes(owner, bytes);
        return ST_ENOMEM;
    }
    memset((uint8_t *)entries + old_bytes, 0, bytes - old_bytes);
    if (table->entries != NULL) {
        memcpy(entries, table->entries, old_bytes);
        kfree(table->entries);
        process_uncharge_bytes(owner, old_bytes);
    }
    table->entries = entries;
    /* Slot 0 is never handed out: HANDLE_NONE must not name anything. */
    handle_chain_slots(table, table->slots == 0 ? 1 : table->slots, slots);
    table->slots = slots;
    table->mask = (1u << (31 - __builtin_clz(slots))) - 1;
    return ST_OK;
}

enum status
handle_table_create(struct handle_table *table, struct process *owner)
{
    memset(table, 0, sizeof(*table));
    return handle_resize(table, owner, HANDLE_FIRST_SLOTS);
}

static void
handle_clear(struct handle_table *table, uint32_t slot)
{
    struct handle_entry *entry = &table->entries[slot];
    struct object *object = entry->object;
    uint32_t rights = entry->rights;

    entry->object = NULL;
    entry->kind = OBJECT_NONE;
    entry->rights = 0;
    entry->badge = 0;
    table->used--;
    if (__builtin_add_overflow(entry->name, HANDLE_GENERATION, &entry->name)) {
        entry->name = HANDLE_NONE;
    } else {
        entry->free_next = table->free_first;
        table->free_first = (uint16_t)slot;
    }
    if (object_classes[object->kind].handle_removed != NULL) {
        object_classes[object->kind].handle_removed(object, rights);
    }
    object_put(object);
}

bool
handle_table_teardown_step(struct handle_table *table, struct process *owner,
                           unsigned most)
{
    if (table->entries == NULL) {
        return true;
    }
    for (; table->used > 0 && most > 0; most--) {
        KASSERT(table->swept < table->slots);
        if (table->entries[table->swept].kind != OBJECT_NONE) {
            handle_clear(table, table->swept);
        }
        table->swept++;
    }
    if (table->used > 0) {
        return false;
    }
    kfree(table->entries);
    process_uncharge_bytes(owner, table->slots * sizeof(struct handle_entry));
    memset(table, 0, sizeof(*table));
    return true;
}

struct handle_entry *
handle_lookup_above(const struct handle_table *table, uint64_t handle)
{
    uint64_t slot = handle & HANDLE_SLOT_MASK;

    if (slot <= table->mask || slot >= table->slots
        || table->entries[slot].name != handle) {
        return NULL;
    }
    return &table->entries[slot];
}

enum status
handle_resolve(const struct handle_table *table, uint64_t handle,
               enum object_kind kind, uint32_t rights,
               struct handle_entry **entry_out)
{
    struct handle_entry *entry = handle_lookup(table, handle);

    if (entry == NULL || entry->kind != kind) {
        return ST_EBADF;
    }
    if ((entry->rights & rights) != rights) {
        return ST_EPERM;
    }
    *entry_out = entry;
    return ST_OK;
}

enum status
handle_reserve(struct handle_table *table, struct process *owner)
{
    if (table->free_first != 0) {
        return ST_OK;
    }
    if (table->slots >= HANDLE_MOST_SLOTS) {
        return ST_EMFILE;
    }
    return handle_resize(table, owner,
                         table->slots < HANDLE_GROWTH_MOST
                             ? table->slots * 2
                             : table->slots + HANDLE_GROWTH_MOST);
}

static void
handle_fill(struct handle_table *table, uint32_t slot, struct object *object,
            uint32_t rights, uint64_t badge)
{
    struct handle_entry *entry = &table->entries[slot];

    object_get(object);
    entry->object = object;
    entry->kind = object->kind;
    entry->rights = (uint8_t)rights;
    entry->badge = badge;
    table->used++;
    if (object_classes[object->kind].handle_added != NULL) {
        object_classes[object->kind].handle_added(object, rights);
    }
}

handle_t
handle_add(struct handle_table *table, struct object *object, uint32_t rights,
           uint64_t badge)
{
    uint32_t slot = table->free_first;

    KASSERT(slot != 0);
    table->free_first = table->entries[slot].free_next;
    handle_fill(table, slot, object, rights, badge);
    return handle_of_slot(table, slot);
}

bool
handle_slot_is_free(const struct handle_table *table, uint32_t slot)
{
    const struct handle_entry *entry = &table->entries[slot];

    return slot != 0 && slot < table->slots && entry->kind == OBJECT_NONE
           && entry->name != HANDLE_NONE;
}

enum status
handle_add_at(struct handle_table *table, uint32_t slot, struct object *object,
              uint32_t rights, uint64_t badge)
{
    uint16_t *link = &table->free_first;

    if (slot == 0 || slot >= table->slots) {
        return ST_EINVAL;
    }
    while (*link != 0 && *link != slot) {
        link = &table->entries[*link].free_next;
    }
    if (*link == 0) {
        return ST_EBUSY;
    }
    *link = table->entries[slot].free_next;
    handle_fill(table, slot, object, rights, badge);
    return ST_OK;
}

handle_t
handle_of_slot(const struct handle_table *table, uint32_t slot)
{
    return table->entries[slot].name;
}

enum status
handle_remove(struct handle_table *table, uint64_t handle)
{
    struct handle_entry *entry = handle_lookup(table, handle);

    if (entry == NULL || entry->kind == OBJECT_NONE) {
        return ST_EBADF;
    }
    handle_clear(table, (uint32_t)(handle & HANDLE_SLOT_MASK));
    return ST_OK;
}
