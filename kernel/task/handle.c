/* SPDX-License-Identifier: MIT */
/* Handle tables: lookup is in the header, everything rarer is here. */
#include "handle.h"

#include <base/string.h>

#include <arch/cpu.h>
#include <klib/kassert.h>
#include <mm/heap.h>

#include "process.h"

#define HANDLE_FIRST_SLOTS 16u
/* Slots looked at between two moments for interrupts. */
#define HANDLE_PAUSE_SLOTS 512u
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

static struct handle_entry *
handle_entry_at(const struct handle_table *table, uint64_t slot)
{
    return slot < HANDLE_CHUNK_SLOTS ? &table->first[slot]
                                     : &table->more[slot / HANDLE_CHUNK_SLOTS]
                                                   [slot % HANDLE_CHUNK_SLOTS];
}

static void
handle_free_slot(struct handle_table *table, uint32_t slot)
{
    struct handle_entry *entry = handle_entry_at(table, slot);

    entry->free.next = table->free_first;
    entry->free.previous = 0;
    if (table->free_first != 0) {
        handle_entry_at(table, table->free_first)->free.previous =
            (uint16_t)slot;
    }
    table->free_first = (uint16_t)slot;
}

static void
handle_take_slot(struct handle_table *table, uint32_t slot)
{
    struct handle_free free = handle_entry_at(table, slot)->free;

    if (free.previous == 0) {
        table->free_first = free.next;
    } else {
        handle_entry_at(table, free.previous)->free.next = free.next;
    }
    if (free.next != 0) {
        handle_entry_at(table, free.next)->free.previous = free.previous;
    }
}

/* The table has @slots now: name the new ones, which are all that are free. */
static void
handle_name_slots(struct handle_table *table, uint32_t slots)
{
    /* Slot 0 is never handed out: HANDLE_NONE must not name anything. */
    uint32_t first = table->slots == 0 ? 1 : table->slots;

    KASSERT(table->free_first == 0);
    for (uint32_t slot = first; slot < slots; slot++) {
        struct handle_entry *entry = handle_entry_at(table, slot);

        entry->name = slot;
        entry->free.next = slot + 1 < slots ? (uint16_t)(slot + 1) : 0;
        entry->free.previous = slot > first ? (uint16_t)(slot - 1) : 0;
    }
    table->free_first = (uint16_t)first;
    table->slots = slots;
}

/* Let the first chunk have @slots; it moves. */
static enum status
handle_enlarge_first(struct handle_table *table, struct process *owner,
                     uint32_t slots)
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
    if (table->first != NULL) {
        memcpy(entries, table->first, old_bytes);
        kfree(table->first);
        process_uncharge_bytes(owner, old_bytes);
    }
    table->first = entries;
    table->mask = slots - 1;
    handle_name_slots(table, slots);
    return ST_OK;
}

/* One chunk more: no slot moves, so it takes as long whatever there is. */
static enum status
handle_add_chunk(struct handle_table *table, struct process *owner)
{
    struct handle_entry **more = table->more;
    uint64_t list_bytes = more == NULL ? HANDLE_LIST_BYTES : 0;
    struct handle_entry *chunk;
    enum status status =
        process_charge_bytes(owner, HANDLE_CHUNK_BYTES + list_bytes);

    if (status != ST_OK) {
        return status;
    }
    chunk = kmalloc(HANDLE_CHUNK_BYTES);
    if (more == NULL) {
        more = kmalloc(list_bytes);
    }
    if (chunk == NULL || more == NULL) {
        kfree(chunk);
        if (table->more == NULL) {
            kfree(more);
        }
        process_uncharge_bytes(owner, HANDLE_CHUNK_BYTES + list_bytes);
        return ST_ENOMEM;
    }
    memset(chunk, 0, HANDLE_CHUNK_BYTES);
    table->more = more;
    more[table->slots / HANDLE_CHUNK_SLOTS] = chunk;
    handle_name_slots(table, table->slots + HANDLE_CHUNK_SLOTS);
    return ST_OK;
}

enum status
handle_table_create(struct handle_table *table, struct process *owner)
{
    memset(table, 0, sizeof(*table));
    return handle_enlarge_first(table, owner, HANDLE_FIRST_SLOTS);
}

static void
handle_clear(struct handle_table *table, uint32_t slot)
{
    struct handle_entry *entry = handle_entry_at(table, slot);
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
        handle_free_slot(table, slot);
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
    if (table->slots == 0) {
        return true;
    }
    for (; table->used > 0 && most > 0; most--) {
        KASSERT(table->swept < table->slots);
        if (handle_entry_at(table, table->swept)->kind != OBJECT_NONE) {
            handle_clear(table, table->swept);
        }
        table->swept++;
    }
    if (table->used > 0) {
        return false;
    }
    kfree(table->first);
    process_uncharge_bytes(owner, table->slots * sizeof(struct handle_entry));
    if (table->more != NULL) {
        for (uint32_t i = 1; i < table->slots / HANDLE_CHUNK_SLOTS; i++) {
            kfree(table->more[i]);
        }
        kfree(table->more);
        process_uncharge_bytes(owner, HANDLE_LIST_BYTES);
    }
    memset(table, 0, sizeof(*table));
    return true;
}

struct handle_entry *
handle_lookup_above(const struct handle_table *table, uint64_t handle)
{
    uint64_t slot = handle & HANDLE_SLOT_MASK;
    struct handle_entry *entry;

    if (slot <= table->mask || slot >= table->slots) {
        return NULL;
    }
    entry = handle_entry_at(table, slot);
    return entry->name == handle ? entry : NULL;
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
    return table->slots < HANDLE_CHUNK_SLOTS
               ? handle_enlarge_first(table, owner, table->slots * 2)
               : handle_add_chunk(table, owner);
}

static void
handle_fill(struct handle_table *table, uint32_t slot, struct object *object,
            uint32_t rights, uint64_t badge)
{
    struct handle_entry *entry = handle_entry_at(table, slot);

    handle_take_slot(table, slot);
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
    handle_fill(table, slot, object, rights, badge);
    return handle_of_slot(table, slot);
}

bool
handle_slot_is_free(const struct handle_table *table, uint32_t slot)
{
    const struct handle_entry *entry;

    if (slot == 0 || slot >= table->slots) {
        return false;
    }
    entry = handle_entry_at(table, slot);
    return entry->kind == OBJECT_NONE && entry->name != HANDLE_NONE;
}

enum status
handle_add_at(struct handle_table *table, uint32_t slot, struct object *object,
              uint32_t rights, uint64_t badge)
{
    if (slot == 0 || slot >= table->slots) {
        return ST_EINVAL;
    }
    if (!handle_slot_is_free(table, slot)) {
        return ST_EBUSY;
    }
    handle_fill(table, slot, object, rights, badge);
    return ST_OK;
}

bool
handle_is_held(const struct handle_table *table, const struct object *object,
               uint32_t rights)
{
    for (uint32_t slot = 1; slot < table->slots; slot++) {
        const struct handle_entry *entry = handle_entry_at(table, slot);

        if (entry->object == object && (entry->rights & rights) != 0) {
            return true;
        }
        if (slot % HANDLE_PAUSE_SLOTS == 0) {
            cpu_interrupt_window();
        }
    }
    return false;
}

handle_t
handle_of_slot(const struct handle_table *table, uint32_t slot)
{
    return handle_entry_at(table, slot)->name;
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
