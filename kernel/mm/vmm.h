/* SPDX-License-Identifier: MIT */
/*
 * The virtual memory manager: what is mapped where, in the kernel's half and in
 * each space. mm/layout.h is the map; mm/region.h says which user pages may
 * exist at all, this module which do.
 *
 *      struct space ---> tables     (arch/mmu.h)  the processor's view
 *                   ---> regions    (mm/region.h) the promise to the program
 *                   ---> quota      (mm/quota.h)  who pays
 *      frame word <--- private {space, page} or shared {object, page, count}:
 *                      from a frame back to its mapping (mm/frame.h)
 *
 * The W^X rule, checked at every change and by vmm_audit:
 *   (a) no leaf is writable and executable;
 *   (b) no frame has a user leaf that is writable and one that is executable,
 *       in whatever spaces: FRAME_MAPPED_W and FRAME_MAPPED_X never meet;
 *   (c) frames of kernel text and read-only data have no writable leaf, the
 *       physmap included;
 *   (d) the physmap alias of user text (supervisor, NX, writable) is the one
 *       named exception: how programs get loaded. It is counted.
 *
 * Further invariants:
 * I1  a private frame has one leaf, and its word names it;
 * I2  resident = present leaves of the user half, a 2 MiB leaf counted as the 512
 *     pages that it shows; frames private to a space and its tables are charged
 *     to its quota, root and spare tables included;
 * I3  the kernel half of every space is the same three root entries;
 * I4  nothing is mapped below USER_BASE, nor in the last user page.
 *
 * Frames are void pointers into the physmap, as everywhere in mm/. "Page"
 * arguments are page-aligned addresses.
 *
 * Context of all: interrupts off, may be in a fault. Nothing here waits.
 * Files: vmm_boot.c (building the kernel half), vmm.c (using it), vmm_space.c
 * (the life of a space), vmm_user.c (its pages), vmm_range.c (many of them),
 * vmm_large.c (large ones), vmm_audit.c, tlb.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>
#include <secos/system.h>
#include <secos/types.h>

#include <base/compiler.h>

#include <arch/addr.h>
#include <arch/mmu.h>

#include "frame.h"
#include "layout.h"
#include "pmm.h"
#include "quota.h"
#include "region.h"
#include "tlb.h"

/* Spaces that can exist at once, the kernel's included. */
#define VMM_SPACES 4096u

/* An address space. The fault path reads its fields; only vmm changes
 * tables, resident and batch. */
struct space {
    struct mmu_tables tables;
    struct region_tree regions;
    struct quota *quota;
    struct tlb_batch *batch; /* open, or NULL */
    void *spare_tables;      /* one for each 2 MiB leaf: vmm_large.c */
    uint64_t resident;       /* present user pages of 4 KiB */
    uint64_t region_records; /* records of regions, charged by the frame */
    uint32_t id;             /* index of vmm_space_by_id; 0 is the kernel's */
    vaddr_t teardown_at;     /* where vmm_space_teardown_step goes on ... */
    bool teardown_sweep;     /* ... and that it no longer asks the regions */
};

/* ---- start-up ---------------------------------------------------------- */

/* Build the kernel half (physmap, image, windows), load it, and let the PMM
 * hand out all RAM. From here on nothing is mapped in the lower half.
 * Context: boot, once, after pmm_init, on boot/'s tables. Panics if there is no
 * memory for the tables. */
void vmm_init(void);

/* Give the frames of the start-up code and its tables ([_boot_start, _boot_end))
 * back to the PMM: nothing points there after vmm_init. */
void vmm_release_boot_identity(void);

/* Make .ro_after_init read-only, in the image and in the physmap: from now on a
 * write to the descriptor tables or the system call table is a fault.
 * Context: boot, once, after every init function. */
void vmm_seal(void);

/* ---- the kernel half --------------------------------------------------- */

/* The tables that idle time and exits run on. */
paddr_t vmm_kernel_root(void);

/* Map @frame at @page of a kernel window with @prot (READ, or READ | WRITE).
 * The caller owns the frame and gives it a kind.
 * Returns ST_ENOMEM, ST_EEXIST if something is mapped there, ST_EINVAL for a
 * page outside the windows of layout.h or a protection with EXEC. */
MUST_CHECK enum status vmm_map(vaddr_t page, void *frame, uint32_t prot);

/* Unmap @page of a kernel window and flush it.
 * Returns the frame, now the caller's, or NULL if nothing was mapped. */
void *vmm_unmap(vaddr_t page);

/* The physical address behind any address of the kernel half. Returns false,
 * @out untouched, if nothing is mapped there. */
bool vmm_translate(vaddr_t address, paddr_t *out);

/* Allocate a zeroed frame of @kind and vmm_map it. @frame may be NULL.
 * Returns as vmm_map. vmm_free_page undoes it. */
MUST_CHECK enum status vmm_alloc_page(vaddr_t page, enum frame_kind kind,
                                      uint32_t prot, void **frame);

/* vmm_unmap and pmm_free_frame. Something must be mapped at @page. */
void vmm_free_page(vaddr_t page);

/* ---- spaces ------------------------------------------------------------ */

/* Make @space empty: a root table, the shared kernel half, no region. @quota
 * pays for the root and everything after, and must outlive the space.
 * Records of regions come from vmm_region_ops; a caller with its own ops gives
 * them to space->regions.ops before the first region.
 * Returns ST_ENOMEM, or ST_EAGAIN if VMM_SPACES exist.
 * Cost: about 150 instructions with a pre-zeroed frame. */
MUST_CHECK enum status vmm_space_create_user(struct space *space,
                                             struct quota *quota);

/* Unmap and free at most @max_pages pages of @space, in which nothing runs any
 * more. Returns true when none is left. Faults in transit must have been
 * cancelled; their leaves are dropped. Switches to the kernel's tables if
 * @space is loaded. */
MUST_CHECK bool vmm_space_teardown_step(struct space *space,
                                        unsigned max_pages);

/* Give back what vmm_space_create_user took. No page and no region is left. */
void vmm_space_destroy(struct space *space);

/* The living space with number @id, or NULL. */
struct space *vmm_space_by_id(uint32_t id);

/* Assert that no entry of the kernel half in @space's root allows ring 3, and
 * that it is the shared one. */
void vmm_harden_user_space(const struct space *space);

/* Whether @space is what the processor runs on. */
static inline bool
vmm_space_is_loaded(const struct space *space)
{
    return mmu_is_loaded(space->tables.root);
}

/* Records of regions from a pool, charged to the space; no binding is counted.
 * Ops of one's own that do count bindings call these for the rest. */
extern const struct region_ops vmm_region_ops;

/* ---- user pages -------------------------------------------------------- */

/*
 * Map @frame at @page with @prot. The frame is
 *   FRAME_USER    not mapped yet; on success it is the space's, which is charged;
 *   FRAME_SHARED  mapped once more: its count goes up, nobody is charged;
 *   FRAME_MODULE  the same, never with WRITE: modules stay as they were loaded.
 * Returns ST_EINVAL for a page outside the user half, a protection without READ
 *                   or with WRITE and EXEC,
 *         ST_EPERM  if rule (b) forbids it,
 *         ST_EEXIST if the page is mapped or in transit,
 *         ST_EAGAIN if the count of a shared frame is full,
 *         ST_ENOMEM for want of a table, or over the quota.
 * On failure nothing has changed and the frame is still the caller's.
 */
MUST_CHECK enum status vmm_map_in_space(struct space *space, vaddr_t page,
                                        void *frame, uint32_t prot);

/* Unmap @page, present or in transit. The frame is freed, after the flush, when
 * nothing maps it any more. CR3 is not loaded for it.
 * Returns ST_ENOENT if the page was empty. */
MUST_CHECK enum status vmm_unmap_in_space(struct space *space, vaddr_t page);

/* Map a zeroed frame at @page, charged. @frame (may be NULL) gets the frame, to
 * be filled through the physmap. Returns as vmm_map_in_space. */
MUST_CHECK enum status vmm_alloc_page_in_space(struct space *space,
                                               vaddr_t page, uint32_t prot,
                                               void **frame);

/* The three cases of the loader: text (R-X) from a frame already filled; data
 * (RW-); @pages of stack (RW-) below @top, over a page that must be empty and
 * stays so. If a stack cannot be had whole, none of it is. */
MUST_CHECK enum status vmm_map_user_code_in_space(struct space *space,
                                                  vaddr_t page, void *frame);
MUST_CHECK enum status vmm_alloc_user_page_in_space(struct space *space,
                                                    vaddr_t page, void **frame);
MUST_CHECK enum status
vmm_alloc_user_stack_in_space(struct space *space, vaddr_t top, uint64_t pages);

/* The physical address behind @address as ring 3 would see it. Returns false,
 * @out untouched, if nothing is mapped there for it. */
bool vmm_translate_in_space(const struct space *space, vaddr_t address,
                            paddr_t *out);

/* ---- the fault path ---------------------------------------------------- */

/*
 * Answer a fault with a zeroed frame: @leaf, in transit for @page, becomes its
 * mapping with @prot. @prot has READ and not both WRITE and EXEC (the region
 * tree's I3).
 * Returns ST_ENOMEM, the leaf still in transit: over the quota or no frame.
 * Cost: about 50 instructions with a pre-zeroed frame. No flush: the processor
 * never caches a missing page.
 */
MUST_CHECK enum status vmm_install_zero(struct space *space, vaddr_t page,
                                        mmu_leaf_t *leaf, uint32_t prot);

/*
 * Show zeroed frames at @pages pages from @page on, whose leaves, empty, begin at
 * @at and lie in one table. @prot as above.
 * Returns how many were shown: fewer at the first shortage.
 * Cost: about 40 instructions a page besides zeroing.
 */
uint64_t vmm_fill_zero(struct space *space, vaddr_t page, struct mmu_cursor at,
                       uint64_t pages, uint32_t prot);

/* As vmm_map_in_space, with @leaf in transit for @page instead of an empty
 * one. Returns ST_EPERM, ST_EAGAIN or ST_ENOMEM: the leaf is still in transit. */
MUST_CHECK enum status vmm_install_frame(struct space *space, vaddr_t page,
                                         mmu_leaf_t *leaf, void *frame,
                                         uint32_t prot);

/* The fault that had @leaf in transit for @page is over without a frame: make
 * it empty again. */
void vmm_cancel_transit(struct space *space, vaddr_t page);

/* Replace the frame shown read-only at the present @leaf of @page by a private
 * copy with @prot, or make it writable in place when nobody else sees it or can
 * ask for it; then flush. (VERDICT_COPY.) Returns ST_ENOMEM: nothing has
 * changed. Cost: about 900 instructions, half of them copy; 250 in place. */
MUST_CHECK enum status vmm_install_copy(struct space *space, vaddr_t page,
                                        mmu_leaf_t *leaf, uint32_t prot);

/* The private frame of the present @leaf of @page becomes a shared one of @owner
 * (frame_shared, a count of 1), and the leaf loses the right to write. The
 * space's batch, which is open, will flush it; charges are the caller's. */
void vmm_lend_frame(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
                    uint64_t owner);

/* Take the private frame out of the present leaf of @page, flush, and hand it
 * over: it is the caller's, FRAME_USER, unmapped, no longer charged.
 * Returns NULL if there is no private frame at @page. */
void *vmm_take_frame(struct space *space, vaddr_t page);

/* ---- 2 MiB pages ------------------------------------------------------- */

/* Make one 2 MiB leaf of the 512 pages from @page on, a multiple of 2 MiB, if
 * they show a 2 MiB frame in order, private and with equal rights, and flush.
 * Returns whether that was done. Cost: about 5,000 instructions. */
bool vmm_enlarge(struct space *space, vaddr_t page);

/* mmu_find and mmu_next in @space for who changes leaves: 2 MiB leaves in the way
 * are split first, so every leaf found is one page's. Cost of a split: about
 * 2,000 instructions. */
bool vmm_find(struct space *space, vaddr_t page, struct mmu_cursor *out);
static inline bool vmm_next(struct space *space, vaddr_t from, vaddr_t end,
                            struct mmu_found *out);

/* What vmm_next does when it meets a 2 MiB leaf. */
bool vmm_next_split(struct space *space, vaddr_t from, vaddr_t end,
                    struct mmu_found *out);

static inline bool
vmm_next(struct space *space, vaddr_t from, vaddr_t end, struct mmu_found *out)
{
    return mmu_next(&space->tables, from, end, out)
           && (LIKELY(out->level == MMU_LEVEL_PAGE)
               || vmm_next_split(space, from, end, out));
}

/* ---- ranges ------------------------------------------------------------ */

/* The end of the table of leaves that shows @at, or @end if that comes first. */
vaddr_t vmm_table_end(vaddr_t at, vaddr_t end);

/* The end of the part of [@start, @end) that begins at @start, holds at most
 * @max_pages leaves that are not empty, fewer where many leaves show the same
 * page, but one, and stays within a table of leaves: a step of a long operation.
 * Cost: about 40 instructions per leaf. */
vaddr_t vmm_range_limit(struct space *space, vaddr_t start, vaddr_t end,
                        unsigned max_pages);

/* Unmap all of [@start, @end), leaves in transit too. Returns the pages that
 * were present. The caller bounds it by vmm_range_limit. */
uint64_t vmm_unmap_range(struct space *space, vaddr_t start, vaddr_t end);

/* Reduce the protection of every present page in [@start, @end) to @prot (each
 * must have had all of it), and flush. PROT_NONE is not a protection a present
 * page can have: use vmm_unmap_range. */
void vmm_protect_range(struct space *space, vaddr_t start, vaddr_t end,
                       uint32_t prot);

/* Present pages in [@start, @end). */
uint64_t vmm_count_resident(const struct space *space, vaddr_t start,
                            vaddr_t end);

/* Told of every leaf of a shared frame that goes, after the count went down and
 * before the flush. Returns whether the frame is still somebody's; else it is
 * freed when the last leaf has gone. (ipc/memory_object.c) */
bool vmm_hook_shared_unmapped(struct space *space, vaddr_t page, void *frame);

/* @page of @space, the only leaf that shows @frame, is to be written to: the
 * frame leaves its object, with the charge, for @space.
 * Returns ST_EBUSY if somebody can still ask for the object's page, ST_ENOMEM if
 * @space cannot pay: nothing has changed. (ipc/memory_object.c) */
MUST_CHECK enum status vmm_hook_shared_claim(struct space *space, vaddr_t page,
                                             void *frame);

/* ---- audit ------------------------------------------------------------- */

/* Walk every table of every space and the whole frame table, and count
 * violations by rule into @info, all of it. The first few are logged.
 * Cost: O(frames + tables * 512). */
void vmm_audit(struct audit_info *info);
