/* SPDX-License-Identifier: MIT */
/*
 * Memory objects: sparse sets of frames that outlive whoever fills them, so that
 * content a pager answers with is never only in the pager's own memory.
 *
 *      struct memory_object
 *        chunk[0] --> | page 0: frame, mappings -> {space, page} -> ... |
 *                     | page 1: -                                       |
 *        chunk[1] --> (none)
 *
 * A page's frame is made when it is first asked for, zeroed, and charged to the
 * object's payer. Every leaf that shows it has a mapping record, so a page can be
 * taken away from everybody (MOVE) and an object can shrink.
 *
 * I1  A page with a frame: the frame is FRAME_SHARED with this object's number,
 *     and its count is the number of mapping records.
 * I2  Every mapping record is one present leaf, and holds a reference to the
 *     object: it lives as long as anybody sees a page of it.
 * I3  The object has a quota of its own, drawn from its maker's, that pays for its
 *     frames and records; when the maker ends, it moves up to the parent's. That
 *     holds until the object has been taken apart, dead or alive.
 * I4  An object of views (ipc/memory_view.h) has no chunks and no records: no
 *     handle or region names it, and a frame of it lasts as long as its leaves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

#include <arch/mmu.h>
#include <mm/quota.h>
#include <task/object.h>

struct process;
struct space;

#define MEMORY_PAGES_MOST    (1u << 18) /* 1 GiB */
#define MEMORY_MAPPINGS_MOST 1024u /* of a page: what one step takes away */

struct memory_object {
    struct object object;
    uint32_t id;     /* what the frame table calls it */
    uint32_t mapped; /* mapping records */
    uint64_t pages;  /* its size now; the chunk array has room for more */
    uint64_t pages_most;
    uint64_t resident; /* pages with a frame */
    struct quota quota;
    struct process *maker; /* NULL = the kernel inherited it */
    struct list maker_link;
    struct memory_object *grave_next; /* dead, to be taken apart */
    struct memory_chunk **chunks;     /* NULL = an object of views */
};

/* Create an object of @pages pages, none there yet, paid by the current process.
 * It can shrink, and grow again up to this size.
 * Returns ST_EINVAL, ST_ENOMEM or ST_EAGAIN (no object number). */
MUST_CHECK enum status memory_object_create(uint64_t pages,
                                            struct memory_object **out);

/* The object of @maker's views, made if there is none, with one reference more.
 * Returns ST_ENOMEM or ST_EAGAIN. */
MUST_CHECK enum status memory_object_open_views(struct process *maker,
                                                struct memory_object **out);

/* Whether the shared frame with this word is in an object of views. */
bool memory_object_is_view(uint64_t word);

/* @views, of the process that @space is of, takes the private frame at the
 * present @leaf of @page: frame, charge and all; the leaf goes on showing it,
 * read-only. @space has an open batch. */
void memory_object_adopt(struct memory_object *views, struct space *space,
                         vaddr_t page, mmu_leaf_t *leaf);

/* Show the shared @frame, which a leaf of another space shows with @prot, at the
 * empty @page of @space too. Returns ST_ENOMEM, ST_EAGAIN or ST_EEXIST. */
MUST_CHECK enum status memory_object_show(struct space *space, vaddr_t page,
                                          void *frame, uint32_t prot);

/* Show page @index at @page of @space: @leaf, in transit, becomes its mapping
 * with @prot. A page that is missing is made, if @fill.
 * Returns ST_ENOENT (missing), ST_ENOMEM, ST_EPERM (rule (b)), ST_EAGAIN (shown
 * MEMORY_MAPPINGS_MOST times): the leaf is still in transit. */
MUST_CHECK enum status memory_object_map(struct memory_object *memory,
                                         uint64_t index, struct space *space,
                                         vaddr_t page, mmu_leaf_t *leaf,
                                         uint32_t prot, bool fill);

/* The frame of page @index, made if it is missing, for the kernel to write to.
 * Returns ST_ENOENT (beyond the end) or ST_ENOMEM. */
MUST_CHECK enum status memory_object_fill(struct memory_object *memory,
                                          uint64_t index, void **frame);

/* The frame of page @index, which has one. */
void *memory_object_frame(const struct memory_object *memory, uint64_t index);

/* Give page @index to @space: everybody else's view of it goes, the frame and
 * the charge become the space's, and @leaf, in transit, its mapping. Returns
 * ST_ENOENT, or ST_ENOMEM if the space cannot pay: then nothing has changed. */
MUST_CHECK enum status memory_object_move(struct memory_object *memory,
                                          uint64_t index, struct space *space,
                                          vaddr_t page, mmu_leaf_t *leaf,
                                          uint32_t prot);

/* Drop up to @most frames at or above page @pages, fewer where many see them,
 * taking them from everybody, and make @pages the size. True when that is done. */
bool memory_object_shrink_step(struct memory_object *memory, uint64_t pages,
                               unsigned most);

/* Let the object have up to @pages pages. Returns ST_EINVAL. */
MUST_CHECK enum status memory_object_grow(struct memory_object *memory,
                                          uint64_t pages);

/* @process ends: up to @most of its objects pass to its parent; true when none
 * is left. */
bool memory_object_inherit_step(struct process *process, unsigned most);

/* Take apart objects that lost their last reference: up to @most pages; true when
 * none is left. The supervisor's work. */
bool memory_object_bury_step(unsigned most);

/* What the frame table's shared @word says of its frame, for reports. */
struct memory_place {
    const struct process *maker; /* of the object; NULL = the kernel    */
    struct space *space;         /* of mapping @index; NULL = no such   */
    vaddr_t page;
};

/* Describe mapping @index of the frame with @word. Cost: O(@index). */
struct memory_place memory_object_place(uint64_t word, uint64_t index);

/* The object class calls this. */
void memory_object_destroy(struct object *object);
