/* SPDX-License-Identifier: MIT */
/*
 * The fault journal: what the last few thousand page faults were, and when.
 *
 *      trap           journal_trap      time and counters, into the call
 *      delivery       journal_stamp     time, into the call
 *      reply          journal_stamp     time, into the call
 *      the page       journal_record    one entry of 64 bytes, into the ring
 *        is there
 *
 * It is always on, so it may cost next to nothing: a fault leaves its times in
 * its own struct call, which is at hand anyway, and is copied into the ring once,
 * when it is over. Nothing is allocated, locked or looked up. The ring is part of
 * the kernel's image; the oldest entry makes room for the newest.
 *
 * I1  the ring tells only of faults that are over, and of none that has begun.
 * I2  no entry holds an address of the kernel.
 *
 * Counters. struct cpu.mmu_work counts loads of CR3 in its lower 48 bits and TLB
 * flushes in the upper 16: one read takes both, and the difference of two reads
 * is right as long as each count of it fits its half.
 *
 * Boot option journal=off leaves the ring empty, to measure what it costs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <secos/journal.h>

#include <base/compiler.h>

#include <arch/cpu.h>
#include <mm/region.h>
#include <task/call.h>
#include <task/process.h>
#include <task/thread.h>

/* Entries that are kept; one slot more is there for what has begun. */
#define JOURNAL_ENTRIES 2048u
#define JOURNAL_SLOTS   (JOURNAL_ENTRIES + 1)

struct journal_entry {
    uint64_t id;
    uint64_t page;
    uint32_t trap_low; /* TSC */
    uint32_t trap_high;
    uint64_t mmu_work; /* since the trap                       */
    uint32_t entries;  /* since the trap, which is not in it   */
    uint32_t pager;
    uint8_t access; /* these four bytes, then client: call->access, client */
    uint8_t kind;
    uint8_t verdict;
    uint8_t run;
    uint32_t client;
    uint32_t delivered; /* TSC, lower half; 0 = never           */
    uint32_t replied;
    uint32_t resumed;
    uint8_t region[3];    /* id, lower 24 bits: see journal_record */
    uint8_t resumed_high; /* bits 32-39 of the TSC: a fault may take long */
};

_Static_assert(sizeof(struct journal_entry) == 64, "a line of the cache");
_Static_assert(offsetof(struct call, client) - offsetof(struct call, access)
                   == offsetof(struct journal_entry, client)
                          - offsetof(struct journal_entry, access),
               "copied together");

/* journal.c's, here for the inline functions. Where the next entry goes; NULL =
 * the journal is off. */
extern struct journal_entry *journal_next;
extern struct journal_entry journal_ring[JOURNAL_SLOTS];
extern uint64_t journal_laps; /* how often the ring has been filled */

/* No region, and no pager. */
extern const struct region journal_nowhere;
extern const uint32_t journal_nobody;

/* Begin with an empty journal, or keep none. Context: boot. */
void journal_init(bool on);

/* How many faults were recorded since the start. */
uint64_t journal_count(void);

/* The fault with number @sequence. Returns false, @out untouched, if it is not
 * (or no longer) there. */
bool journal_read(uint64_t sequence, struct fault_record *out);

/* The lower half of the time stamp counter: enough for a difference. */
static ALWAYS_INLINE uint32_t
journal_stamp(void)
{
    return (uint32_t)cpu_tsc();
}

/* A thread trapped; @call is its own. Cost: 8 instructions. */
static ALWAYS_INLINE void
journal_trap(struct call *call)
{
    struct call_trap *trap = &call->trap;

    cpu_tsc_halves(&trap->tsc_low, &trap->tsc_high);
    trap->entries = (uint32_t)cpu_kernel_entries();
    trap->mmu_work = cpu_mmu_work();
    trap->delivered_tsc = 0;
    trap->replied_tsc = 0;
}

/* @entry is complete. */
static ALWAYS_INLINE void
journal_advance(struct journal_entry *entry)
{
    if (UNLIKELY(++entry == journal_ring + JOURNAL_SLOTS)) {
        entry = journal_ring;
        journal_laps++;
    }
    journal_next = entry;
}

/*
 * The fault @call is over. Before fault_close, which renews its id.
 * @region  that the page lies in now
 * @ending  enum verdict or enum fault_ending, for @run pages
 * @pager   process that answered; 0 = the kernel
 * Cost: about 35 instructions.
 */
static ALWAYS_INLINE void
journal_record(const struct call *call, const struct region *region,
               uint32_t ending, uint64_t run, const uint32_t *pager)
{
    struct journal_entry *entry = journal_next;
    const struct call_trap *trap = &call->trap;
    uint32_t high;

    if (UNLIKELY(entry == NULL)) {
        return;
    }
    /* Two halves at a time where they lie side by side in both. */
    entry->id = call_reply_id(call);
    entry->page = call->page;
    __builtin_memcpy(&entry->trap_low, &trap->tsc_low, sizeof(uint64_t));
    entry->mmu_work = cpu_mmu_work() - trap->mmu_work;
    entry->entries = (uint32_t)cpu_kernel_entries() - trap->entries;
    entry->pager = *pager;
    __builtin_memcpy(&entry->access, &call->access, sizeof(uint64_t));
    entry->kind = (uint8_t)region->spec.kind;
    entry->verdict = (uint8_t)ending;
    entry->run = (uint8_t)run;
    __builtin_memcpy(&entry->delivered, &trap->delivered_tsc, sizeof(uint64_t));
    __builtin_memcpy(entry->region, &region->id, sizeof(uint32_t));
    cpu_tsc_halves(&entry->resumed, &high);
    entry->resumed_high = (uint8_t)high;
    journal_advance(entry);
}

/* A thread trapped, and perhaps the kernel will answer on the spot: what stands in
 * the next entry until then is not yet in the journal. Cost: 8 instructions. */
static ALWAYS_INLINE void
journal_trap_here(uint64_t page, uint32_t access)
{
    struct journal_entry *entry = journal_next;
    uint32_t head;

    if (LIKELY(entry != NULL)) {
        cpu_tsc_halves(&entry->trap_low, &entry->trap_high);
        entry->page = page;
        /* access, verdict and run; the kind follows. */
        head = access | (uint32_t)VERDICT_ZERO << 16 | 1u << 24;
        __builtin_memcpy(&entry->access, &head, sizeof(head));
    }
}

/* It did, with one zeroed page of @region. What journal_own would write, without
 * the call in between; since journal_trap_here the kernel was not entered and no
 * CR3 loaded. Cost: 22 instructions. */
static ALWAYS_INLINE void
journal_answered_here(const struct call *call, const struct region *region)
{
    struct journal_entry *entry = journal_next;
    uint32_t high;

    if (UNLIKELY(entry == NULL)) {
        return;
    }
    entry->id = call_reply_id(call);
    entry->mmu_work = 0;
    entry->entries = 0;
    entry->pager = 0;
    entry->kind = (uint8_t)region->spec.kind;
    entry->client = call->client;
    entry->delivered = 0;
    entry->replied = 0;
    __builtin_memcpy(entry->region, &region->id, sizeof(uint32_t));
    cpu_tsc_halves(&entry->resumed, &high);
    entry->resumed_high = (uint8_t)high;
    journal_advance(entry);
}

/* A fault that was no call: the kernel answered it, or refused it, at once.
 * @call    the thread's own, idle, with what journal_trap left there
 * @region  may be journal_nowhere */
static ALWAYS_INLINE void
journal_own(struct call *call, uint64_t page, uint32_t access,
            const struct region *region, uint32_t ending)
{
    call->page = page;
    call->access = access;
    journal_record(call, region, ending, 1, &journal_nobody);
}

/* The fault @call, open until now, ends without a page: @ending says why. */
void journal_end(const struct call *call, uint32_t ending);
