/* SPDX-License-Identifier: MIT */
/* Memory objects: their life and size. Their pages are in memory_pages.c. */
#include "memory_object.h"

#include <base/align.h>
#include <base/string.h>

#include <klib/kassert.h>
#include <klib/numbers.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <task/process.h>

#include "memory_pages.h"
#include "supervisor.h"

static struct memory_object *memory_objects[NUMBERS_MOST];
static struct numbers memory_numbers = NUMBERS_INIT(memory_numbers);
/* Objects without a reference, to be taken apart. Each is its maker's until then:
 * it still has charges, which move up like those of the living. */
static struct memory_object *memory_graveyard; /* by grave_next */

static uint64_t
memory_chunk_count(uint64_t pages)
{
    return (pages + CHUNK_PAGES - 1) / CHUNK_PAGES;
}

struct memory_object *
memory_object_of(uint64_t word)
{
    return memory_objects[frame_object(word)];
}

/* ---- life -------------------------------------------------------------- */

/* A number for @memory, or 0 if none is left for its @maker. */
static uint32_t
memory_take_id(struct memory_object *memory, const struct process *maker)
{
    uint32_t id;

    if (memory_numbers.left <= process_numbers_left(maker)) {
        return 0;
    }
    id = numbers_take(&memory_numbers, 0);
    memory_objects[id] = memory;
    return id;
}

static void
memory_put_id(uint32_t id)
{
    memory_objects[id] = NULL;
    numbers_put(&memory_numbers, id);
}

/* Frames that record and chunk array are counted as. */
static uint64_t
memory_own_frames(uint64_t pages)
{
    uint64_t bytes =
        sizeof(struct memory_object)
        + memory_chunk_count(pages) * sizeof(struct memory_chunk *);

    return align_up(bytes, PAGE_BYTES) / PAGE_BYTES;
}

/* @pages of 0: an object of views. */
static enum status
memory_init(struct memory_object *memory, struct process *maker, uint64_t pages)
{
    uint64_t chunks = memory_chunk_count(pages);
    uint64_t own = memory_own_frames(pages);
    enum status status = quota_charge(&maker->quota, own);

    if (status != ST_OK) {
        return status;
    }
    memset(memory, 0, sizeof(*memory));
    /* A chunk is counted as a frame: at most one per page. */
    quota_init(&memory->quota, &maker->quota,
               pages == 0 ? UINT64_MAX : pages + own + chunks);
    quota_pass_down(&memory->quota, own);
    if (chunks != 0) {
        status = ST_ENOMEM;
        memory->chunks = kmalloc(chunks * sizeof(struct memory_chunk *));
        if (memory->chunks == NULL) {
            goto undo_charge;
        }
        memset(memory->chunks, 0, chunks * sizeof(struct memory_chunk *));
    }
    memory->id = memory_take_id(memory, maker);
    if (memory->id == 0) {
        status = ST_EAGAIN;
        goto undo_chunks;
    }
    object_init(&memory->object, OBJECT_MEMORY);
    memory->pages = pages;
    memory->pages_most = pages;
    memory->maker = maker;
    list_add_tail(&maker->memory, &memory->maker_link);
    return ST_OK;

undo_chunks:
    kfree(memory->chunks);
undo_charge:
    quota_uncharge(&memory->quota, own);
    quota_destroy(&memory->quota);
    return status;
}

static enum status
memory_make(struct process *maker, uint64_t pages, struct memory_object **out)
{
    struct memory_object *memory = kmalloc(sizeof(*memory));
    enum status status;

    if (memory == NULL) {
        return ST_ENOMEM;
    }
    status = memory_init(memory, maker, pages);
    if (status != ST_OK) {
        kfree(memory);
        return status;
    }
    *out = memory;
    return ST_OK;
}

enum status
memory_object_create(uint64_t pages, struct memory_object **out)
{
    if (pages == 0 || pages > MEMORY_PAGES_MOST) {
        return ST_EINVAL;
    }
    return memory_make(process_current(), pages, out);
}

enum status
memory_object_open_views(struct process *maker, struct memory_object **out)
{
    if (maker->views != NULL) {
        object_get(&maker->views->object);
        *out = maker->views;
        return ST_OK;
    }
    if (memory_make(maker, 0, out) != ST_OK) {
        return ST_ENOMEM;
    }
    maker->views = *out;
    return ST_OK;
}

/* The maker of @memory is not to put more into it: it ends, or the object. */
static void
memory_forget_views(struct memory_object *memory)
{
    if (memory->maker != NULL && memory->maker->views == memory) {
        memory->maker->views = NULL;
    }
}

bool
memory_object_inherit_step(struct process *process, unsigned most)
{
    for (; most > 0 && !list_is_empty(&process->memory); most--) {
        struct memory_object *memory = LIST_ENTRY(
            list_first(&process->memory), struct memory_object, maker_link);

        list_remove(&memory->maker_link);
        memory_forget_views(memory);
        quota_move_up(&memory->quota);
        memory->maker = process->parent;
        if (memory->maker != NULL) {
            list_add_tail(&memory->maker->memory, &memory->maker_link);
        }
    }
    return list_is_empty(&process->memory);
}

/* ---- size and end ------------------------------------------------------ */

/* Drop frames of pages [@pages, size) from the top; @most counts entries, and the
 * leaves that show a page. */
bool
memory_object_shrink_step(struct memory_object *memory, uint64_t pages,
                          unsigned most)
{
    for (; most > 0 && memory->pages > pages; most -= most > 0) {
        uint64_t index = memory->pages - 1;
        struct memory_chunk *chunk = memory->chunks[index / CHUNK_PAGES];

        if (chunk == NULL) {
            uint64_t start = align_down(index, CHUNK_PAGES);

            memory->pages = start > pages ? start : pages;
            continue;
        }
        if (chunk->pages[index % CHUNK_PAGES].frame != NULL) {
            struct memory_page *page = &chunk->pages[index % CHUNK_PAGES];

            if (!memory_pages_hide(page, &most)) {
                break;
            }
            pmm_free_frame(memory_pages_detach(memory, page));
        }
        memory->pages = index;
        if (index % CHUNK_PAGES == 0) {
            memory->chunks[index / CHUNK_PAGES] = NULL;
            kfree(chunk);
            quota_return(&memory->quota, 1);
        }
    }
    return memory->pages <= pages;
}

enum status
memory_object_grow(struct memory_object *memory, uint64_t pages)
{
    if (pages > memory->pages_most) {
        return ST_EINVAL;
    }
    if (pages > memory->pages) {
        memory->pages = pages;
    }
    return ST_OK;
}

/* The last reference may go in the middle of unmapping, before the flush: the
 * object is only laid aside here, and taken apart by the supervisor. */
void
memory_object_destroy(struct object *object)
{
    struct memory_object *memory =
        CONTAINER_OF(object, struct memory_object, object);

    memory_forget_views(memory);
    memory->grave_next = memory_graveyard;
    memory_graveyard = memory;
    supervisor_wake();
}

bool
memory_object_bury_step(unsigned most)
{
    struct memory_object *memory = memory_graveyard;
    uint64_t own;

    if (memory == NULL) {
        return true;
    }
    if (!memory_object_shrink_step(memory, 0, most)) {
        return false;
    }
    own = memory_own_frames(memory->pages_most);
    KASSERT(memory_graveyard == memory); /* nothing dies of this */
    memory_graveyard = memory->grave_next;
    list_remove(&memory->maker_link);
    memory_put_id(memory->id);
    quota_uncharge(&memory->quota, own);
    quota_destroy(&memory->quota);
    kfree(memory->chunks); /* NULL for views */
    kfree(memory);
    return memory_graveyard == NULL;
}
