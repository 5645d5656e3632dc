/* SPDX-License-Identifier: MIT */
/*
 * The one way by which a frame leaves a space: first no processor can reach it
 * any more, then it is free.
 *
 *      tlb_begin(&batch, space)
 *        unmap ...                pages to flush and frames to free collect
 *      tlb_commit(&batch)         flush, then free
 *
 * The order matters. A translation, or a table on the way to one, may still be
 * cached after its entry is gone; a frame freed too early is somebody else's
 * while the old owner can still write to it. A batch that is full commits what
 * it has and goes on. With more processors, the flush will be where their
 * interrupts are sent: nothing else has to move.
 *
 * Between begin and commit the space has an open batch; table frames that its
 * tree retires find it there.
 *
 * Context: interrupts off. Cost: a full flush replaces more than
 * TLB_FLUSH_PAGES single ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <arch/addr.h>

struct space;

#define TLB_BATCH_FRAMES 32u /* room for a step of 16 pages and their tables */
#define TLB_FLUSH_PAGES  8u

struct tlb_batch {
    struct space *space;
    uint32_t pages;    /* to flush; those beyond the array: flush all   */
    uint32_t frames;   /* to free                                       */
    uint64_t uncharge; /* frames that the space's quota gets back       */
    vaddr_t page[TLB_FLUSH_PAGES];
    void *frame[TLB_BATCH_FRAMES];
};

/* Open @batch for @space, which has none open. */
void tlb_begin(struct tlb_batch *batch, struct space *space);

/* The translation of @page has lost a right, or is gone. */
void tlb_add_page(struct tlb_batch *batch, vaddr_t page);

/* Free @frame after the flush, and take it off the space's quota if @charged. */
void tlb_add_frame(struct tlb_batch *batch, void *frame, bool charged);

/* Flush, free, uncharge, and close @batch. */
void tlb_commit(struct tlb_batch *batch);
