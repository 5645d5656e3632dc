/* SPDX-License-Identifier: MIT */
/* The part of <arch/mmu.h> that a page fault runs through: its contract is
 * there, include that. */
#pragma once

#include <base/align.h>

#include <arch/mmu.h>
#include <arch/x86_64/pte.h>

/* @prot as leaf bits. PROT_WRITE is PTE_WRITE, and PTE_NO_EXECUTE is PROT_EXEC
 * turned round and moved to bit 63, so there is nothing to branch on. */
_Static_assert((uint64_t)PROT_WRITE == PTE_WRITE, "used as it is");
_Static_assert((uint64_t)PROT_EXEC << 61 == PTE_NO_EXECUTE, "used shifted");

static inline bool
mmu_leaf_is_empty(mmu_leaf_t leaf)
{
    return leaf == 0;
}

static inline bool
mmu_leaf_is_present(mmu_leaf_t leaf)
{
    return (leaf & PTE_PRESENT) != 0;
}

static inline bool
mmu_leaf_is_transit(mmu_leaf_t leaf)
{
    return (leaf & PTE_STATE_MASK) == PTE_STATE_TRANSIT;
}

static inline bool
mmu_leaf_is_user(mmu_leaf_t leaf)
{
    return (leaf & PTE_USER) != 0;
}

static inline bool
mmu_leaf_allows(mmu_leaf_t leaf, uint32_t prot)
{
    uint64_t need = PTE_PRESENT | PTE_USER | (prot & PROT_WRITE)
                    | (uint64_t)(prot & PROT_EXEC) << 61;

    return ((leaf ^ PTE_NO_EXECUTE) & need) == need;
}

static inline uint32_t
mmu_leaf_slot(mmu_leaf_t leaf)
{
    return (uint32_t)(leaf >> PTE_SLOT_SHIFT);
}

static inline paddr_t
mmu_leaf_frame(mmu_leaf_t leaf)
{
    return paddr(leaf & PTE_ADDRESS_MASK);
}

static inline uint32_t
mmu_leaf_prot(mmu_leaf_t leaf)
{
    if (!mmu_leaf_is_present(leaf)) {
        return PROT_NONE;
    }
    return PROT_READ | (uint32_t)(leaf & PTE_WRITE)
           | ((leaf & PTE_NO_EXECUTE) != 0 ? 0u : (uint32_t)PROT_EXEC);
}

static inline mmu_leaf_t
mmu_leaf_make(paddr_t frame, uint32_t prot)
{
    return frame.raw | PTE_PRESENT | PTE_USER | (prot & PROT_WRITE)
           | (uint64_t)(~prot & PROT_EXEC) << 61;
}

/* The table that @entry points at. */
static inline mmu_leaf_t *
mmu_table_at(uint64_t entry)
{
    return physmap_at(paddr(entry & PTE_ADDRESS_MASK));
}

/* The entry for @address in @table of @level. */
static inline mmu_leaf_t *
mmu_entry_in(mmu_leaf_t *table, vaddr_t address, unsigned level)
{
    unsigned shift = 12 + PTE_INDEX_BITS * (level - 1);

    return &table[address.raw >> shift & (PTE_TABLE_ENTRIES - 1)];
}

static inline bool
mmu_entry_is_table(uint64_t entry)
{
    return (entry & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT;
}

static ALWAYS_INLINE bool
mmu_find(const struct mmu_tables *tables, vaddr_t address,
         struct mmu_cursor *out)
{
    mmu_leaf_t *entry;

    entry = mmu_entry_in(physmap_at(tables->root), address, 4);
    if (UNLIKELY(!mmu_leaf_is_present(*entry))) {
        return false;
    }
    entry = mmu_entry_in(mmu_table_at(*entry), address, 3);
    if (UNLIKELY(!mmu_entry_is_table(*entry))) {
        return false;
    }
    entry = mmu_entry_in(mmu_table_at(*entry), address, 2);
    if (UNLIKELY(!mmu_entry_is_table(*entry))) {
        return false;
    }
    out->parent = entry;
    out->leaf = mmu_entry_in(mmu_table_at(*entry), address, 1);
    return true;
}

static ALWAYS_INLINE bool
mmu_find_again(struct mmu_tables *tables, uint64_t page, struct mmu_cursor *out)
{
    uint64_t number = page / PTE_TABLE_ENTRIES;

    if (UNLIKELY(tables->last != number)) {
        if (!mmu_find(tables, vaddr(page * PAGE_BYTES), out)) {
            return false;
        }
        tables->last = number;
        tables->last_parent = out->parent;
        tables->last_leaves = mmu_table_at(*out->parent);
        return true;
    }
    out->parent = tables->last_parent;
    out->leaf = &tables->last_leaves[page % PTE_TABLE_ENTRIES];
    return true;
}

static inline vaddr_t
mmu_found_end(const struct mmu_found *found)
{
    return vaddr(found->address.raw
                 + (PAGE_BYTES << PTE_INDEX_BITS * (found->level - 1)));
}

static inline enum status
mmu_ensure(struct mmu_tables *tables, vaddr_t address, struct mmu_cursor *out)
{
    if (LIKELY(mmu_find(tables, address, out))) {
        return ST_OK;
    }
    return mmu_ensure_level(tables, address, MMU_LEVEL_PAGE, out);
}

static inline void
mmu_set_transit(struct mmu_cursor at, uint32_t slot)
{
    *at.leaf = (uint64_t)slot << PTE_SLOT_SHIFT | PTE_STATE_TRANSIT;
    *at.parent += PTE_COUNT_ONE;
}

static inline void
mmu_transit_to_frame(mmu_leaf_t *leaf, paddr_t frame, uint32_t prot)
{
    *leaf = mmu_leaf_make(frame, prot);
}

static inline void
mmu_count_leaf(struct mmu_cursor at)
{
    *at.parent += PTE_COUNT_ONE;
}

static inline void
mmu_set_frame(struct mmu_cursor at, paddr_t frame, uint32_t prot)
{
    *at.leaf = mmu_leaf_make(frame, prot);
    *at.parent += PTE_COUNT_ONE;
}

static ALWAYS_INLINE void *
mmu_clear_frame(void *frame)
{
    void *at = frame;
    uint64_t words = PAGE_BYTES / sizeof(uint64_t);

    __asm__ volatile("rep stosq"
                     : "+D"(at), "+c"(words)
                     : "a"(0ull)
                     : "memory");
    return (char *)at - PAGE_BYTES;
}
