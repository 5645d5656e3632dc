/* SPDX-License-Identifier: MIT */
/*
 * The physical memory manager: which frames are free, and who owns the others.
 *
 * A frame is named by its address in the physmap and is usable at once. Every
 * frame has one kind (enum frame_kind); the PMM keeps the number of frames of
 * each kind, and the conservation law holds between any two calls:
 *
 *     bitmap free + pooled + Σ owned + reserved = pmm_count_total()
 *
 * The data structure stands in mm/blocks.h, the words per frame in mm/frame.h,
 * the decision where its own tables go in mm/memmap.h.
 *
 * Context: everywhere, interrupts off. Nothing here blocks. No call but the
 * alloc functions fails: a wrong free is a bug in the kernel and ends in a
 * panic that names the caller.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/system.h>

#include <base/compiler.h>

#include <arch/addr.h>

struct memmap;

#define PMM_LARGE_FRAMES 512u /* frames in a 2 MiB frame */
#define PMM_POOL_FRAMES  64u  /* room for pre-zeroed frames */

/* ---- start-up ---------------------------------------------------------- */

/* Take over the machine's RAM.
 * @mboot_info  the struct boot_info that boot_info_parse filled; kernel image,
 *              modules and boot information in it are not handed out
 * Context: boot, once, on the boot page tables: the tables of the PMM lie below
 * 4 GiB. Frames above 4 GiB may be touched only after vmm_init.
 * Cost: two instructions per frame, plus little. Panics if there is no room at
 * all. */
void pmm_init(void *mboot_info);

/* Let pmm_alloc_frame hand out frames at or above 4 GiB too. Call when the
 * physmap covers them, at the end of vmm_init; until then they wait. */
void pmm_release_high(void);

/* All RAM that may be in the physmap: sorted, merged, page-aligned ranges,
 * with kernel, modules and boot information still in them. */
const struct memmap *pmm_ram(void);

/* Make the frames of [start, end) free: boot information, a module, start-up
 * code. They must be RAM and not in use otherwise. Part frames stay as they
 * are. Cost: O(frames). */
void pmm_release_reserved(paddr_t start, paddr_t end);

/* ---- single frames ----------------------------------------------------- */

/* Allocate a frame of kind FRAME_HEAP; its content is undefined.
 * Returns NULL if none is left. Cost: O(1), about 20 instructions. */
void *pmm_alloc_frame(void);

/* Give back a frame that any of the single-frame functions returned. Unaligned,
 * foreign, reserved or already free: panic. Cost: O(1). */
void pmm_free_frame(void *frame);

/* As pmm_alloc_frame with a kind (not RESERVED, not FREE) and an owner as the
 * functions of mm/frame.h build it. */
void *pmm_alloc_kind(enum frame_kind kind, uint64_t owner);

/* As pmm_alloc_kind, filled with zero bytes.
 * Cost: about 20 instructions from the pool, else 530 more. */
void *pmm_alloc_zeroed(enum frame_kind kind, uint64_t owner);

/* Hand an allocated frame over to another kind and owner; its flags go. */
void pmm_set_kind(void *frame, enum frame_kind kind, uint64_t owner);

/* ---- many frames ------------------------------------------------------- */

/* Allocate 2 MiB of RAM aligned to 2 MiB, kind FRAME_DMA; NULL if there is no
 * such block. Cost: O(1). */
void *pmm_alloc_large(void);
void pmm_free_large(void *frame);

/* Have the next 512 frames come one by one from a 2 MiB frame, in order, as long
 * as nobody else allocates. The pool is given back, for it would come first.
 * Returns false if there is no such block. Cost: about 2,000 instructions. */
bool pmm_open_large(void);

/* Allocate @frames > 0 frames in a row, kind FRAME_DMA; NULL if there is no
 * such run. Cost: O(RAM / 64 + @frames), for start-up and rare requests. */
void *pmm_alloc_run(uint64_t frames);

/* Give back a run, or any part of one. */
void pmm_free_run(void *first, uint64_t frames);

/* ---- pre-zeroed pool --------------------------------------------------- */

/* Zero one free frame into the pool: work for an idle moment.
 * Returns false when there is nothing to do: pool full or memory short. */
bool pmm_pool_refill_one(void);

/* Keep at most @frames <= PMM_POOL_FRAMES frames in the pool from now on. */
void pmm_pool_set_limit(uint32_t frames);

/* ---- figures ----------------------------------------------------------- */

/* RAM the machine was given, in bytes, rounded up to 1 MiB. */
uint64_t pmm_get_total_memory(void);

/* Total less free. */
uint64_t pmm_get_used_memory(void);

/* Bytes in free frames, pooled ones too. */
uint64_t pmm_get_free_memory(void);

/* Frames of @kind now; FRAME_FREE counts pooled frames. */
uint64_t pmm_count(enum frame_kind kind);

/* Frames in the table: Σ pmm_count(kind) over all kinds. */
uint64_t pmm_count_total(void);

/* FREE frames that stand zeroed in the pool. */
uint64_t pmm_count_pooled(void);

/* Write frames by kind to the log. */
void pmm_print_stats(void);

/* Check bitmap, block sets, frame table, pool and counts against each other.
 * Returns the number of contradictions, each of the first few logged.
 * Cost: O(frames): for tests and the audit. */
uint64_t pmm_check(void);

/* A point in a long walk of mm/ at which interrupts may come: every address that
 * the walk holds is looked up again behind it. What an interrupt does ends waits
 * and processes, but frees no page, no region and no space. The kernel above
 * implements it. */
void pmm_hook_pause(void);
