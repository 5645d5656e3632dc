/* SPDX-License-Identifier: MIT */
/*
 * The tree of four-level page tables: the part of <arch/mmu.h> that is pure.
 *
 *      tables->root -> [ ... e4 ... ]
 *                            |  count of used entries rides in bits 52-61
 *                            v
 *                      [ ... e3 ... ]      512 entries of 8 bytes each
 *                            v
 *                      [ ... e2 ... ]  <- cursor.parent
 *                            v
 *                      [ . leaf ... ]  <- cursor.leaf
 *
 * Every change from zero to non-zero in a table adds one to the entry above it,
 * every change back takes one away: that is all the bookkeeping there is. Since
 * only empty tables are retired, a retired table is all zero.
 *
 * Source: Intel SDM vol. 3A, "4-Level Paging and 5-Level Paging" (§4.5).
 */
#include <base/align.h>

#include <arch/mmu.h>
#include <klib/kassert.h>

/* Entries are 8 to a cache line: an empty stretch is passed line by line. */
#define SCAN_STRIDE 8u

static unsigned
paging_shift(unsigned level)
{
    return PAGE_SHIFT + PTE_INDEX_BITS * (level - 1);
}

static unsigned
paging_index(uint64_t address, unsigned level)
{
    return address >> paging_shift(level) & (PTE_TABLE_ENTRIES - 1);
}

/* What an entry that points at @table holds besides the count. Rights are
 * decided by leaves alone; only the kernel half withholds U on the way too. */
static uint64_t
paging_table_entry(const void *table, vaddr_t address)
{
    uint64_t user = address.raw >> 63 != 0 ? 0 : PTE_USER;

    return physmap_paddr(table).raw | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED
           | user;
}

/* Hang the @count tables below @entry, which is empty and of level
 * @level + @count, so that the last of them is the one of @level. */
static mmu_leaf_t *
paging_link_tables(mmu_leaf_t *entry, void **new_tables, unsigned count,
                   vaddr_t address, unsigned level)
{
    for (unsigned i = 0; i < count; i++) {
        mmu_leaf_t *table = new_tables[i];
        bool last = i == count - 1;

        *entry = paging_table_entry(table, address)
                 | (last ? 0 : PTE_COUNT_ONE);
        if (!last) {
            entry = mmu_entry_in(table, address, level + count - 1 - i);
        }
    }
    return entry;
}

enum status
mmu_ensure_level(struct mmu_tables *tables, vaddr_t address, unsigned level,
                 struct mmu_cursor *out)
{
    mmu_leaf_t *entry =
        mmu_entry_in(physmap_at(tables->root), address, MMU_LEVELS);
    mmu_leaf_t *above = NULL;
    void *new_tables[MMU_TABLES_PER_MAP];
    unsigned at = MMU_LEVELS;

    KASSERT(level >= MMU_LEVEL_PAGE && level < MMU_LEVELS);
    while (at > level && mmu_entry_is_table(*entry)) {
        at--;
        above = entry;
        entry = mmu_entry_in(mmu_table_at(*entry), address, at);
    }
    if (at > level && *entry != 0) {
        return ST_EEXIST;
    }
    if (at > level) {
        unsigned missing = at - level;
        enum status status =
            tables->ops->alloc(tables->context, missing, new_tables);

        if (status != ST_OK) {
            return status;
        }
        tables->table_frames += missing;
        if (above != NULL) {
            *above += PTE_COUNT_ONE;
        }
        above = paging_link_tables(entry, new_tables, missing, address, level);
        entry = mmu_entry_in(mmu_table_at(*above), address, level);
    }
    out->leaf = entry;
    out->parent = above;
    return ST_OK;
}

enum status
mmu_pin_slot(struct mmu_tables *tables, vaddr_t address)
{
    mmu_leaf_t *entry =
        mmu_entry_in(physmap_at(tables->root), address, MMU_LEVELS);
    struct mmu_cursor cursor;
    enum status status =
        mmu_ensure_level(tables, address, MMU_LEVEL_HUGE, &cursor);

    if (status == ST_OK) {
        *entry |= PTE_PINNED;
    }
    return status;
}

void
mmu_share_slot(const struct mmu_tables *to, const struct mmu_tables *from,
               vaddr_t address)
{
    mmu_leaf_t entry =
        *mmu_entry_in(physmap_at(from->root), address, MMU_LEVELS);

    *mmu_entry_in(physmap_at(to->root), address, MMU_LEVELS) =
        entry & ~PTE_COUNT_MASK;
}

uint64_t
mmu_slot(const struct mmu_tables *tables, vaddr_t address)
{
    mmu_leaf_t entry =
        *mmu_entry_in(physmap_at(tables->root), address, MMU_LEVELS);

    return entry & ~(PTE_COUNT_MASK | PTE_ACCESSED);
}

/* ---- taking away ------------------------------------------------------- */

void
mmu_prune(struct mmu_tables *tables, vaddr_t address)
{
    mmu_leaf_t *path[MMU_LEVELS + 1];
    unsigned level = MMU_LEVELS;

    path[level] = mmu_entry_in(physmap_at(tables->root), address, level);
    while (level > MMU_LEVEL_LARGE && mmu_entry_is_table(*path[level])) {
        level--;
        path[level] =
            mmu_entry_in(mmu_table_at(*path[level + 1]), address, level);
    }
    for (; level <= MMU_LEVELS; level++) {
        mmu_leaf_t entry = *path[level];

        if (entry == 0) {
            continue;
        }
        if (!mmu_entry_is_table(entry)
            || (entry & (PTE_COUNT_MASK | PTE_PINNED)) != 0) {
            return;
        }
        *path[level] = 0;
        if (level < MMU_LEVELS) {
            *path[level + 1] -= PTE_COUNT_ONE;
        }
        tables->table_frames--;
        tables->last = MMU_LAST_NONE;
        tables->ops->retire(tables->context, mmu_table_at(entry));
    }
}

mmu_leaf_t
mmu_clear_at(struct mmu_tables *tables, vaddr_t address, struct mmu_cursor at)
{
    mmu_leaf_t old = *at.leaf;

    if (UNLIKELY(old == 0)) {
        return 0;
    }
    *at.leaf = 0;
    *at.parent -= PTE_COUNT_ONE;
    if (UNLIKELY((*at.parent & PTE_COUNT_MASK) == 0)) {
        mmu_prune(tables, address);
    }
    return old;
}

mmu_leaf_t
mmu_clear(struct mmu_tables *tables, vaddr_t address)
{
    struct mmu_cursor at;

    if (!mmu_find(tables, address, &at)) {
        return 0;
    }
    return mmu_clear_at(tables, address, at);
}

/* ---- 2 MiB pages of ring 3 --------------------------------------------- */

/* What the processor notes in a leaf. */
#define PTE_USED (PTE_ACCESSED | PTE_DIRTY)

void *
mmu_enlarge(struct mmu_tables *tables, vaddr_t address)
{
    struct mmu_cursor at;
    mmu_leaf_t first;
    mmu_leaf_t used = 0;

    if (!mmu_find(tables, address, &at)
        || mmu_entry_count(*at.parent) != PTE_TABLE_ENTRIES) {
        return NULL;
    }
    first = *at.leaf & ~PTE_USED;
    if (!mmu_leaf_is_present(first)
        || mmu_leaf_frame(first).raw % LARGE_PAGE_BYTES != 0) {
        return NULL;
    }
    for (uint64_t i = 0; i < PTE_TABLE_ENTRIES; i++) {
        if ((at.leaf[i] & ~PTE_USED) != first + i * PAGE_BYTES) {
            return NULL;
        }
        used |= at.leaf[i] & PTE_USED;
    }
    *at.parent = first | used | PTE_LARGE;
    tables->table_frames--;
    tables->last = MMU_LAST_NONE;
    return at.leaf;
}

bool
mmu_split(struct mmu_tables *tables, vaddr_t address, void *table)
{
    mmu_leaf_t *leaves = table;
    mmu_leaf_t *entry =
        mmu_entry_in(physmap_at(tables->root), address, MMU_LEVELS);
    unsigned level = MMU_LEVELS;
    mmu_leaf_t leaf;

    while (level > MMU_LEVEL_LARGE && mmu_entry_is_table(*entry)) {
        level--;
        entry = mmu_entry_in(mmu_table_at(*entry), address, level);
    }
    leaf = *entry;
    if (level != MMU_LEVEL_LARGE || !mmu_leaf_is_present(leaf)
        || mmu_entry_is_table(leaf)) {
        return false;
    }
    for (uint64_t i = 0; i < PTE_TABLE_ENTRIES; i++) {
        leaves[i] = (leaf & ~PTE_LARGE) + i * PAGE_BYTES;
    }
    *entry = paging_table_entry(table, address)
             | PTE_TABLE_ENTRIES * PTE_COUNT_ONE;
    tables->table_frames++;
    return true;
}

/* ---- leaves that are no user pages ------------------------------------- */

void
mmu_set_kernel_frame(struct mmu_cursor at, unsigned level, paddr_t frame,
                     uint32_t prot)
{
    KASSERT(*at.leaf == 0);
    *at.leaf = (mmu_leaf_make(frame, prot) & ~PTE_USER) | PTE_GLOBAL
               | (level > MMU_LEVEL_PAGE ? PTE_LARGE : 0);
    *at.parent += PTE_COUNT_ONE;
}

void
mmu_set_prot(mmu_leaf_t *leaf, uint32_t prot)
{
    mmu_leaf_t rights = mmu_leaf_make(paddr(0), prot);
    mmu_leaf_t mask = PTE_WRITE | PTE_NO_EXECUTE;

    *leaf = (*leaf & ~mask) | (rights & mask);
}

/* ---- looking ----------------------------------------------------------- */

mmu_leaf_t
mmu_lookup(const struct mmu_tables *tables, vaddr_t address, unsigned *level)
{
    unsigned at = MMU_LEVELS;
    mmu_leaf_t entry = *mmu_entry_in(physmap_at(tables->root), address, at);

    while (at > MMU_LEVEL_PAGE && mmu_entry_is_table(entry)) {
        at--;
        entry = *mmu_entry_in(mmu_table_at(entry), address, at);
    }
    if (entry != 0) {
        *level = at;
    }
    return entry;
}

paddr_t
mmu_leaf_physical(mmu_leaf_t leaf, unsigned level, vaddr_t address)
{
    uint64_t offset_mask = (1ull << paging_shift(level)) - 1;

    return paddr((leaf & PTE_ADDRESS_MASK & ~offset_mask)
                 | (address.raw & offset_mask));
}

/* The first entry of @table in [@index, @end) that is not zero, or @end. */
static unsigned
paging_scan(const mmu_leaf_t *table, unsigned index, unsigned end)
{
    while (index < end) {
        const mmu_leaf_t *e = &table[index];

        if (*e != 0) {
            return index;
        }
        if (index % SCAN_STRIDE == 0 && index + SCAN_STRIDE <= end
            && (e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) == 0) {
            index += SCAN_STRIDE;
        } else {
            index++;
        }
    }
    return end;
}

/* Go down from the root towards @at, as far as there are tables, without looking
 * at entries above @last.
 * Returns true with @out filled when it ends in a leaf; else @at has moved up,
 * past what is known to be empty: above @last, or to 0 past the last address of
 * all. */
static bool
paging_descend(const struct mmu_tables *tables, uint64_t *at, uint64_t last,
               struct mmu_found *out)
{
    mmu_leaf_t *table = physmap_at(tables->root);
    mmu_leaf_t *parent = NULL;
    unsigned level = MMU_LEVELS;

    for (;;) {
        unsigned shift = paging_shift(level);
        uint64_t first = align_down(*at, 1ull << (shift + PTE_INDEX_BITS));
        uint64_t ahead = (last - first) >> shift;
        unsigned end = ahead < PTE_TABLE_ENTRIES ? (unsigned)ahead + 1
                                                 : PTE_TABLE_ENTRIES;
        unsigned wanted = paging_index(*at, level);
        unsigned index = paging_scan(table, wanted, end);

        if (index != wanted) {
            *at = first + ((uint64_t)index << shift);
        }
        if (index == end) {
            return false;
        }
        if (level == MMU_LEVEL_PAGE || !mmu_entry_is_table(table[index])) {
            out->address = vaddr(align_down(*at, 1ull << shift));
            out->level = level;
            out->at = (struct mmu_cursor){ &table[index], parent };
            return true;
        }
        parent = &table[index];
        table = mmu_table_at(*parent);
        level--;
    }
}

bool
mmu_next(const struct mmu_tables *tables, vaddr_t from, vaddr_t end,
         struct mmu_found *out)
{
    uint64_t at = from.raw;
    uint64_t last = end.raw - 1;

    while (at <= last) {
        if (paging_descend(tables, &at, last, out)) {
            return true;
        }
        if (at == 0) {
            break;
        }
    }
    return false;
}

/* ---- whole trees ------------------------------------------------------- */

struct paging_walk {
    mmu_leaf_t *table[MMU_LEVELS + 1];
    unsigned index[MMU_LEVELS + 1];
    unsigned level;
};

/* The address that the walk's current entry stands for. */
static uint64_t
paging_walk_address(const struct paging_walk *walk)
{
    uint64_t address = 0;

    for (unsigned l = MMU_LEVELS; l >= walk->level; l--) {
        address |= (uint64_t)walk->index[l] << paging_shift(l);
    }
    return (uint64_t)((int64_t)(address << 16) >> 16);
}

/* Show the table the walk has just entered and place the walk at its first
 * entry that is not before @from. */
static void
paging_walk_enter(struct paging_walk *walk, mmu_leaf_t *table, uint64_t entry,
                  uint64_t from, const struct mmu_visitor *visitor)
{
    unsigned used = 0;

    walk->table[walk->level] = table;
    walk->index[walk->level] = 0;
    if (from > paging_walk_address(walk)) {
        walk->index[walk->level] = paging_index(from, walk->level);
    }
    if (visitor->table == NULL) {
        return;
    }
    for (unsigned i = 0; i < PTE_TABLE_ENTRIES; i++) {
        used += table[i] != 0;
    }
    visitor->table(visitor->context, physmap_paddr(table), walk->level, entry,
                   used);
}

static void
paging_walk_leaf(const struct paging_walk *walk,
                 const struct mmu_visitor *visitor)
{
    struct mmu_found found = {
        .address = vaddr(paging_walk_address(walk)),
        .level = walk->level,
        .at.leaf = &walk->table[walk->level][walk->index[walk->level]],
    };

    if (walk->level < MMU_LEVELS) {
        found.at.parent =
            &walk->table[walk->level + 1][walk->index[walk->level + 1]];
    }
    if (visitor->leaf != NULL) {
        visitor->leaf(visitor->context, &found);
    }
}

void
mmu_visit(const struct mmu_tables *tables, vaddr_t from, vaddr_t end,
          const struct mmu_visitor *visitor)
{
    struct paging_walk walk = { .level = MMU_LEVELS };
    uint64_t last = end.raw - 1;

    paging_walk_enter(&walk, physmap_at(tables->root), 0, from.raw, visitor);
    walk.index[MMU_LEVELS] = paging_index(from.raw, MMU_LEVELS);
    while (walk.level <= MMU_LEVELS) {
        const mmu_leaf_t *entry;

        walk.index[walk.level] = paging_scan(
            walk.table[walk.level], walk.index[walk.level], PTE_TABLE_ENTRIES);
        entry = &walk.table[walk.level][walk.index[walk.level]];
        if (walk.index[walk.level] == PTE_TABLE_ENTRIES
            || paging_walk_address(&walk) > last) {
            walk.level++;
            if (walk.level > MMU_LEVELS) {
                return;
            }
        } else if (*entry != 0 && walk.level > MMU_LEVEL_PAGE
                   && mmu_entry_is_table(*entry)) {
            walk.level--;
            paging_walk_enter(&walk, mmu_table_at(*entry), *entry, from.raw,
                              visitor);
            continue;
        } else if (*entry != 0) {
            paging_walk_leaf(&walk, visitor);
        }
        walk.index[walk.level]++;
    }
}

bool
mmu_entry_is_user(uint64_t entry)
{
    return (entry & PTE_USER) != 0;
}

unsigned
mmu_entry_count(uint64_t entry)
{
    return (unsigned)((entry & PTE_COUNT_MASK) >> PTE_COUNT_SHIFT);
}

struct paging_check {
    uint64_t errors;
    uint64_t tables;
    bool kernel_half;
};

static void
paging_check_table(void *context, paddr_t table, unsigned level, uint64_t entry,
                   unsigned used)
{
    struct paging_check *check = context;

    (void)table;
    if (level == MMU_LEVELS) {
        return;
    }
    check->tables++;
    check->errors += mmu_entry_count(entry) != used;
    check->errors += used == 0 && (entry & PTE_PINNED) == 0;
    check->errors += mmu_entry_is_user(entry) == check->kernel_half;
}

static void
paging_check_leaf(void *context, const struct mmu_found *found)
{
    struct paging_check *check = context;
    mmu_leaf_t leaf = *found->at.leaf;

    if (!mmu_leaf_is_present(leaf)) {
        check->errors += !mmu_leaf_is_transit(leaf) || check->kernel_half
                         || found->level != MMU_LEVEL_PAGE;
        return;
    }
    check->errors += (leaf & PTE_WRITE) != 0 && (leaf & PTE_NO_EXECUTE) == 0;
    check->errors += mmu_leaf_is_user(leaf) == check->kernel_half;
    check->errors += found->level > MMU_LEVEL_LARGE && !check->kernel_half;
}

uint64_t
mmu_check(const struct mmu_tables *tables, bool kernel_half)
{
    struct paging_check check = { .kernel_half = kernel_half };
    struct mmu_visitor visitor = {
        .table = paging_check_table,
        .leaf = paging_check_leaf,
        .context = &check,
    };

    if (kernel_half) {
        mmu_visit(tables, vaddr(0xFFFF800000000000ull), vaddr(0), &visitor);
    } else {
        mmu_visit(tables, vaddr(0), vaddr(0x0000800000000000ull), &visitor);
    }
    check.errors += check.tables != tables->table_frames;
    check.errors +=
        tables->last != MMU_LAST_NONE
        && (!mmu_entry_is_table(*tables->last_parent)
            || mmu_table_at(*tables->last_parent) != tables->last_leaves);
    return check.errors;
}
