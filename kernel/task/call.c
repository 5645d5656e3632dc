/* SPDX-License-Identifier: MIT */
/* The table of reply slots. */
#include "call.h"

#include <base/align.h>
#include <base/string.h>

#include <klib/kassert.h>
#include <klib/panic.h>
#include <mm/heap.h>
#include <mm/pmm.h>

#include "process.h"
#include "thread.h"

/* As many threads as the machine may have at once. */
#define CALL_SLOTS           8192u
#define CALL_LAST_GENERATION UINT32_MAX

struct call_slot *call_slots;
struct call call_nobody = { .slot = UINT32_MAX };
static uint32_t call_free_first; /* 0 = none: slot 0 is never used */
uint32_t call_fresh;

void
call_init(void)
{
    uint64_t bytes = CALL_SLOTS * sizeof(struct call_slot);

    call_slots = pmm_alloc_run(bytes / PAGE_BYTES);
    if (call_slots == NULL) {
        panic("call: no memory for the reply slots");
    }
    call_slots[0].call = &call_nobody;
    call_fresh = 1;
}

static uint32_t
call_take_slot(void)
{
    uint32_t slot = call_free_first;

    if (slot != 0) {
        call_free_first = call_slots[slot].free_next;
        return slot;
    }
    if (call_fresh == CALL_SLOTS) {
        return 0;
    }
    slot = call_fresh++;
    call_slots[slot] =
        (struct call_slot){ .call = &call_nobody, .generation = 1 };
    return slot;
}

enum status
call_create(struct thread *owner, struct call **call_out)
{
    struct call *call = kmalloc(sizeof(*call));
    uint32_t slot;

    if (call == NULL) {
        return ST_ENOMEM;
    }
    slot = call_take_slot();
    if (slot == 0) {
        kfree(call);
        return ST_EAGAIN;
    }
    memset(call, 0, sizeof(*call));
    call->slot = slot;
    call->generation = call_slots[slot].generation;
    call->owner = owner;
    call->client = owner->process->id;
    list_init(&call->endpoint_link);
    list_init(&call->delivered_link);
    list_init(&call->waiters);
    list_init(&call->protection_link);
    list_init(&call->turn_link);
    list_init(&call->lead_link);
    list_init(&call->followers);
    call_slots[slot].call = call;
    *call_out = call;
    return ST_OK;
}

void
call_destroy(struct call *call)
{
    struct call_slot *slot = &call_slots[call->slot];

    KASSERT(call->state == CALL_IDLE);
    slot->call = &call_nobody;
    slot->generation = call->generation;
    if (call->generation < CALL_LAST_GENERATION) {
        slot->generation++;
        slot->free_next = call_free_first;
        call_free_first = call->slot;
    }
    kfree(call);
}

struct call *
call_at(uint32_t slot)
{
    KASSERT(slot < call_fresh && call_slots[slot].call != &call_nobody);
    return call_slots[slot].call;
}

void
call_hand_over(struct thread *from, struct thread *to)
{
    struct call *used = from->call;

    from->call = to->call;
    from->call->owner = from;
    to->call = used;
    used->owner = to;
}
