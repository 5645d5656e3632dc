/* SPDX-License-Identifier: MIT */
/*
 * Calls: something was sent to an endpoint and an answer is owed.
 *
 * A call is made by a thread (ipc_call) or by the kernel on a thread's behalf (a
 * page fault). Both are the same structure and have the same kind of name, the
 * reply id, so a server's loop and a pager's loop are the same loop.
 *
 *      reply id   63            32 31         0
 *                +----------------+------------+
 *                |   generation   |    slot    |
 *                +----------------+------------+
 *
 *      IDLE --- queued ---> QUEUED --- taken ---> DELIVERED --- reply ---> IDLE
 *                             ^                       |
 *                             +--- its server died ---+   (faults only)
 *
 * One call is reserved at a thread's creation, so that a fault never allocates.
 * A fault has a list of waiters, and any of them may be killed: the call in use
 * passes to a waiter that stays (call_hand_over), in exchange for that one's
 * idle call.
 *
 * I1  A thread owns exactly one call; a call has exactly one owner.
 * I2  The generation of a slot grows whenever a delivery ends, so an id names
 *     one delivery. A slot whose generation would wrap is retired.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

struct thread;
struct process;
struct endpoint;
struct space;

/* How long a process has had, in ticks (ipc/pager_watch.h). */
struct watch_clock {
    uint32_t could_work; /* it ran, or waited for something else */
    uint32_t ran;        /* it had the processor                 */
};

enum call_state {
    CALL_IDLE,
    CALL_QUEUED,
    CALL_DELIVERED,
};

struct call {
    uint32_t slot;
    uint32_t generation;
    uint64_t badge; /* behind the reply id: upcalls.h shows both at once   */
    union {
        struct {
            uint16_t state;    /* enum call_state           */
            uint16_t is_fault; /* bool: made by the kernel  */
        };
        uint32_t phase; /* both at once: CALL_PHASE_.. */
    };
    uint8_t priority; /* QUEUED: which queue                              */
    uint32_t access;  /* fault: enum fault_access bits                    */
    uint32_t client;  /* id of the owner's process                        */
    struct thread *owner;
    struct process *server;  /* delivered: who owes the reply          */
    struct thread *receiver; /* delivered: who took it                 */
    struct watch_clock delivered_at; /* of its server, for pager_watch    */
    struct endpoint *endpoint;  /* queued or delivered                    */
    struct list endpoint_link;  /* QUEUED: in the endpoint's queue        */
    struct list delivered_link; /* DELIVERED: in a list of the server's   */

    /* Faults only (ipc/fault.h). */
    struct space *space;
    uint64_t page;  /* address >> 12 in the client                       */
    uint64_t *leaf; /* its page table entry, in transit; NULL = present  */
    struct list protection_link; /* leaf == NULL: in its process's list   */
    struct list waiters;   /* threads, by wait_link                          */
    struct list turn_link; /* QUEUED: leads its space's turn (endpoint.h)  */
    struct list lead_link; /* the same, in the endpoint's list; a message that is
                            * QUEUED: in a ring of those of its priority     */
    struct list followers; /* the others of that turn, by endpoint_link    */
    uint64_t pager_page;   /* what its pager knows the page by              */
    uint64_t run;          /* pages from it to the region's end, at most
                          * FAULT_RUN_MAX: the longest useful answer      */

    /* What the journal will tell of it (ipc/journal.h). */
    struct call_trap {
        uint32_t tsc_low;
        uint32_t tsc_high;
        uint64_t mmu_work;
        uint32_t entries;
        uint32_t delivered_tsc; /* lower halves; 0 = not yet */
        uint32_t replied_tsc;
    } trap;
};

_Static_assert(offsetof(struct call, slot) == 0
                   && offsetof(struct call, generation) == 4
                   && offsetof(struct call, badge) == 8,
               "reply id and badge, as syscall_ipc.asm loads them");

/* Its reply id, and its badge behind it. */
static inline const uint64_t *
call_name(const struct call *call)
{
    return (const uint64_t *)(const void *)call;
}

/* A message, or a fault, that is delivered and not answered. */
#define CALL_PHASE_MESSAGE ((uint32_t)CALL_DELIVERED)
#define CALL_PHASE_FAULT   (CALL_DELIVERED | 1u << 16)

_Static_assert(offsetof(struct call, state) == offsetof(struct call, phase)
                   && offsetof(struct call, is_fault)
                          == offsetof(struct call, phase) + 2,
               "the upper half of phase is is_fault");

/* Make the slot table. Context: boot. */
void call_init(void);

/* Reserve a call for @owner. Returns ST_ENOMEM or ST_EAGAIN (no slot left). */
MUST_CHECK enum status call_create(struct thread *owner,
                                   struct call **call_out);

/* Give back an idle call. */
void call_destroy(struct call *call);

/* The generation stays with the slot when its call is freed, so the next user
 * of the slot is never mistaken for the last. call.c's, here for the lookup. */
struct call_slot {
    struct call *call; /* &call_nobody: the slot is free */
    uint32_t generation;
    uint32_t free_next;
};

extern struct call_slot *call_slots;
extern struct call call_nobody; /* has a slot that there is not */
extern uint32_t call_fresh;     /* slots from here on were never used */

static inline uint64_t
call_reply_id(const struct call *call)
{
    return (uint64_t)call->generation << 32 | call->slot;
}

/* Whether @reply_id names a call now, *@out then. Cost: 8 instructions. */
static ALWAYS_INLINE bool
call_find(uint64_t reply_id, struct call **out)
{
    uint32_t slot = (uint32_t)reply_id;

    if (UNLIKELY(slot >= call_fresh)) {
        return false;
    }
    *out = call_slots[slot].call;
    return LIKELY(call_reply_id(*out) == reply_id);
}

/* The call in @slot, which a leaf in transit names. */
struct call *call_at(uint32_t slot);

/* End the present delivery: ids handed out so far no longer name this call. The
 * last generation stays: its ids are then valid for their server only. */
static inline void
call_renew(struct call *call)
{
    call->generation++;
    if (UNLIKELY(call->generation == 0)) {
        __asm__ volatile(""); /* a branch, not a choice between two values */
        call->generation = UINT32_MAX;
    }
}

/* Exchange the calls of two threads, so that @to owns the one in use. */
void call_hand_over(struct thread *from, struct thread *to);
