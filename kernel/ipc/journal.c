/* SPDX-License-Identifier: MIT */
/* The ring of faults, and how it is told. */
#include "journal.h"

struct journal_entry *journal_next;
struct journal_entry journal_ring[JOURNAL_SLOTS] __attribute__((aligned(64)));
const struct region journal_nowhere;
const uint32_t journal_nobody;
uint64_t journal_laps;

void
journal_init(bool on)
{
    journal_next = on ? journal_ring : NULL;
}

void
journal_end(const struct call *call, uint32_t ending)
{
    const struct region *region =
        region_lookup(&call->space->regions, call->page);
    bool taken = call->state == CALL_DELIVERED;

    journal_record(call, region == NULL ? &journal_nowhere : region, ending, 0,
                   taken ? &call->server->id : &journal_nobody);
}

uint64_t
journal_count(void)
{
    return journal_next == NULL ? 0
                                : journal_laps * JOURNAL_SLOTS
                                      + (uint64_t)(journal_next - journal_ring);
}

/* Ticks from the trap to a moment of which the lower half is @low; 0 = it never
 * came. */
static uint64_t
journal_since(const struct journal_entry *entry, uint32_t low)
{
    return low == 0 ? 0 : (uint32_t)(low - entry->trap_low);
}

static uint64_t
journal_trap_tsc(const struct journal_entry *entry)
{
    return (uint64_t)entry->trap_high << 32 | entry->trap_low;
}

/* The same for the last moment, of which 40 bits are known. */
static uint64_t
journal_duration(const struct journal_entry *entry)
{
    uint64_t resumed = (uint64_t)entry->resumed_high << 32 | entry->resumed;

    return (resumed - journal_trap_tsc(entry)) & ((1ull << 40) - 1);
}

static void
journal_describe(const struct journal_entry *entry, struct fault_record *out)
{
    out->id =
        entry->delivered == 0 || entry->pager == entry->client ? 0 : entry->id;
    out->page = entry->page;
    out->trap_tsc = journal_trap_tsc(entry);
    out->delivered = journal_since(entry, entry->delivered);
    out->replied = journal_since(entry, entry->replied);
    out->resumed = journal_duration(entry);
    out->client = entry->client;
    out->pager = entry->pager;
    out->region = (uint32_t)entry->region[0] | (uint32_t)entry->region[1] << 8
                  | (uint32_t)entry->region[2] << 16;
    out->kernel_entries = entry->entries + 1; /* the trap itself */
    out->cr3_loads = (uint32_t)entry->mmu_work;
    out->tlb_flushes = (uint32_t)(entry->mmu_work / CPU_WORK_FLUSH);
    out->kind = entry->kind;
    out->access = entry->access;
    out->verdict = entry->verdict;
    out->run = entry->run;
}

bool
journal_read(uint64_t sequence, struct fault_record *out)
{
    uint64_t count = journal_count();

    if (sequence >= count || count - sequence > JOURNAL_ENTRIES) {
        return false;
    }
    out->sequence = sequence;
    journal_describe(&journal_ring[sequence % JOURNAL_SLOTS], out);
    return true;
}
