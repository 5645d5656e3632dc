/* SPDX-License-Identifier: MIT */
/*
 * What portable code may ask of page tables.
 *
 * Tables are a tree of four levels; a *leaf* is an entry that maps a page or
 * says why it does not:
 *
 *      level 4   table of 512 x 512 GiB        the root, one per space
 *      level 3   table of 512 x 1 GiB          an entry may be a 1 GiB leaf
 *      level 2   table of 512 x 2 MiB          an entry may be a 2 MiB leaf
 *      level 1   table of 512 x 4 KiB          every entry is a leaf:
 *
 *           empty       0
 *           present     a frame and its protection
 *           in transit  a fault is being served; holds its slot number
 *
 * I1  the entry that points at a table says how many entries of that table are
 *     not zero; a table with none is taken out and retired;
 * I2  no entry of the kernel half has user access, every table entry of the
 *     user half has;
 * I3  a leaf is never writable and executable.
 *
 * The tree is pure (arch/x86_64/paging.c, tested on the host): frames for
 * tables come and go through callbacks. The few functions at the end touch the
 * processor (mmu.c).
 *
 * Context of all: interrupts off; the caller has the tables to itself.
 * Source: Intel SDM vol. 3A, "Paging" (ch. 4).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>
#include <secos/types.h>

#include <base/compiler.h>

#include <arch/addr.h>

typedef uint64_t mmu_leaf_t;

#define MMU_TABLE_LEAVES 512u
#define MMU_LEVELS       4u
#define MMU_LEVEL_PAGE   1u /* 4 KiB leaves */
#define MMU_LEVEL_LARGE  2u /* 2 MiB leaves */
#define MMU_LEVEL_HUGE   3u /* 1 GiB leaves */

/* Most tables that one mapping may need besides the root. */
#define MMU_TABLES_PER_MAP (MMU_LEVELS - 1)

/* Where the tables of a tree come from. */
struct mmu_table_ops {
    /* Fill @tables with @count zeroed tables (pointers into the physmap), all
     * of them or none. Returns ST_ENOMEM for none. */
    enum status (*alloc)(void *context, unsigned count, void **tables);
    /* Take back an empty, all-zero table that the tree no longer points at. The
     * processor may still do so: it must not be reused before a flush. */
    void (*retire)(void *context, void *table);
};

struct mmu_tables {
    paddr_t root;
    uint64_t table_frames; /* tables besides the root */
    const struct mmu_table_ops *ops;
    void *context;

    /* What mmu_find_again found last: which 2 MiB, the entry of their table, and
     * the table. Forgotten whenever a table goes. */
    uint64_t last; /* address / 2 MiB, or MMU_LAST_NONE */
    mmu_leaf_t *last_parent;
    mmu_leaf_t *last_leaves;
};

#define MMU_LAST_NONE UINT64_MAX

/* A leaf and the entry that points at its table. It stays good while the leaf
 * is not empty, and until the next mmu_clear in the same 2 MiB. */
struct mmu_cursor {
    mmu_leaf_t *leaf;
    mmu_leaf_t *parent;
};

/* ---- one leaf ---------------------------------------------------------- */

static inline bool mmu_leaf_is_empty(mmu_leaf_t leaf);
static inline bool mmu_leaf_is_present(mmu_leaf_t leaf);
static inline bool mmu_leaf_is_transit(mmu_leaf_t leaf);

/* Whether ring 3 may do all of @prot here. Cost: 8 instructions. */
static inline bool mmu_leaf_allows(mmu_leaf_t leaf, uint32_t prot);

/* The fault slot in a leaf in transit. */
static inline uint32_t mmu_leaf_slot(mmu_leaf_t leaf);

/* The frame a present leaf maps, and its protection (enum prot). */
static inline paddr_t mmu_leaf_frame(mmu_leaf_t leaf);
static inline uint32_t mmu_leaf_prot(mmu_leaf_t leaf);
static inline bool mmu_leaf_is_user(mmu_leaf_t leaf);

/* The leaf that maps @frame for ring 3 with @prot, which has PROT_READ. */
static inline mmu_leaf_t mmu_leaf_make(paddr_t frame, uint32_t prot);

/* ---- finding leaves ---------------------------------------------------- */

/* Find the 4 KiB leaf of @address. Returns false, @out undefined, if there is no
 * table for it (then every page of that 2 MiB is empty) or a larger leaf covers
 * it. Cost: about 25 instructions. */
static ALWAYS_INLINE bool mmu_find(const struct mmu_tables *tables,
                                   vaddr_t address, struct mmu_cursor *out);

/* mmu_find for faults, which come one near the other: does not walk if the last
 * one was in the same 2 MiB. @page is the address in pages. Cost: 8 instructions then, else 45. */
static ALWAYS_INLINE bool mmu_find_again(struct mmu_tables *tables,
                                         uint64_t page, struct mmu_cursor *out);

/* As mmu_find, but make the tables that are missing. If they are used for
 * nothing (the leaf stays empty), mmu_prune takes them back.
 * Returns ST_ENOMEM, with nothing changed, or ST_EEXIST where a larger leaf is.
 * Cost: as mmu_find; else that of at most MMU_TABLES_PER_MAP allocations. */
MUST_CHECK static inline enum status
mmu_ensure(struct mmu_tables *tables, vaddr_t address, struct mmu_cursor *out);

/* mmu_ensure for a leaf of any @level (MMU_LEVEL_...). */
MUST_CHECK enum status mmu_ensure_level(struct mmu_tables *tables,
                                        vaddr_t address, unsigned level,
                                        struct mmu_cursor *out);

/* A leaf that is not empty, as a walk reports it. */
struct mmu_found {
    vaddr_t address;
    unsigned level;
    struct mmu_cursor at;
};

/* Find the first leaf of @tables that is not empty and reaches into
 * [@from, @end). Both must lie in the same half; an @end of 0 is 2^64.
 * Cost: about 30 instructions plus 1.25 for each empty entry passed; a missing
 * table is passed in one step. */
bool mmu_next(const struct mmu_tables *tables, vaddr_t from, vaddr_t end,
              struct mmu_found *out);

/* Where the page of @found ends. */
static inline vaddr_t mmu_found_end(const struct mmu_found *found);

/* The leaf of any size that covers @address, present or not.
 * Returns 0, @level untouched, if there is none. */
mmu_leaf_t mmu_lookup(const struct mmu_tables *tables, vaddr_t address,
                      unsigned *level);

/* The physical address that a leaf of @level maps @address to. */
paddr_t mmu_leaf_physical(mmu_leaf_t leaf, unsigned level, vaddr_t address);

/* ---- changing leaves --------------------------------------------------- */

/* Empty -> in transit for fault @slot. */
static inline void mmu_set_transit(struct mmu_cursor at, uint32_t slot);

/* In transit -> present: the page the fault was for has arrived. */
static inline void mmu_transit_to_frame(mmu_leaf_t *leaf, paddr_t frame,
                                        uint32_t prot);

/* An empty leaf @at was filled in place: its table has one more. */
static inline void mmu_count_leaf(struct mmu_cursor at);

/* Empty -> present, for ring 3. @prot as in mmu_leaf_make. */
static inline void mmu_set_frame(struct mmu_cursor at, paddr_t frame,
                                 uint32_t prot);

/* Empty -> present, for the kernel alone, in every space. */
void mmu_set_kernel_frame(struct mmu_cursor at, unsigned level, paddr_t frame,
                          uint32_t prot);

/* Change the protection of the present leaf; the caller flushes if it lost a
 * right. */
void mmu_set_prot(mmu_leaf_t *leaf, uint32_t prot);

/* Make the 4 KiB leaf of @address empty, and retire the tables that have become
 * empty by it. The caller flushes. Returns the leaf it was, 0 if it was empty
 * or had no table. Cost: about 45 instructions. */
mmu_leaf_t mmu_clear(struct mmu_tables *tables, vaddr_t address);

/* mmu_clear where the caller has the cursor of @address already. */
mmu_leaf_t mmu_clear_at(struct mmu_tables *tables, vaddr_t address,
                        struct mmu_cursor at);

/* Retire every empty table on the way to @address. */
void mmu_prune(struct mmu_tables *tables, vaddr_t address);

/* ---- 2 MiB pages of ring 3 --------------------------------------------- */

/* Make one 2 MiB leaf of the 512 leaves from @address on, a multiple of 2 MiB, if
 * they show 2 MiB of RAM in order with equal rights. The caller flushes.
 * Returns their table, which is the caller's now and still full, or NULL.
 * Cost: about 2,500 instructions. */
void *mmu_enlarge(struct mmu_tables *tables, vaddr_t address);

/* The contrary: if a 2 MiB leaf of the user half covers @address, its rights and
 * frames become 512 leaves in @table, a frame of the caller's, which then
 * belongs to the tree. Returns whether that was done. */
bool mmu_split(struct mmu_tables *tables, vaddr_t address, void *table);

/* ---- whole trees ------------------------------------------------------- */

/* Give the empty root slot of @address a table that is never retired, so that
 * spaces can share it for good. Returns ST_ENOMEM. */
MUST_CHECK enum status mmu_pin_slot(struct mmu_tables *tables, vaddr_t address);

/* Make the root slot of @address in @to, empty until now, the same as @from's,
 * which is pinned. Only @from's copy goes on counting. */
void mmu_share_slot(const struct mmu_tables *to, const struct mmu_tables *from,
                    vaddr_t address);

/* The root entry of @address without what may differ between copies of it (count,
 * accessed): to compare, and for mmu_entry_is_user. 0 if it is empty. */
uint64_t mmu_slot(const struct mmu_tables *tables, vaddr_t address);

/* What mmu_visit shows. A member may be NULL. */
struct mmu_visitor {
    /* A table of @level that @entry points at (the root has no entry: 0);
     * @used entries are not zero. */
    void (*table)(void *context, paddr_t table, unsigned level, uint64_t entry,
                  unsigned used);
    /* A leaf that is not empty. */
    void (*leaf)(void *context, const struct mmu_found *found);
    void *context;
};

/* Show every table and every leaf of [@from, @end), which must lie in one half
 * as for mmu_next, in order of address; the root too. The visitor must not change the tree.
 * Cost: about 512 entries per table. */
void mmu_visit(const struct mmu_tables *tables, vaddr_t from, vaddr_t end,
               const struct mmu_visitor *visitor);

/* Whether the table entry or leaf @entry allows ring 3, and how many entries of
 * its table a table entry claims are used. */
bool mmu_entry_is_user(uint64_t entry);
unsigned mmu_entry_count(uint64_t entry);

/* Count violations of I1-I3 in the user half (@kernel_half: in the kernel
 * half). Cost: that of mmu_visit. */
MUST_CHECK uint64_t mmu_check(const struct mmu_tables *tables,
                              bool kernel_half);

/* ---- the processor ----------------------------------------------------- */

/* Fill the frame at @frame (in the physmap) with zeroes; returns @frame.
 * Cost: 516 instructions, 512 of them the words. */
static inline void *mmu_clear_frame(void *frame);

/* Forget what this processor has cached of the page at @address and of all
 * tables. */
void mmu_flush_page(vaddr_t address);

/* Forget everything cached of the user half. */
void mmu_flush_user(void);

/* Forget everything, global pages too. */
void mmu_flush_all(void);

/* Make @root the tables of this processor, unless they are. */
void mmu_load_root(paddr_t root);

/* Whether @root are the tables of this processor now. */
bool mmu_is_loaded(paddr_t root);

/* Whether this processor maps 1 GiB pages. */
bool mmu_has_huge_pages(void);

#include <arch/x86_64/mmu_inline.h> /* the static inlines above */
