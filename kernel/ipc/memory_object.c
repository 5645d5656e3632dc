/* SPDX-License-Identifier: MIT */
/* Memory objects. */
#include "memory_object.h"

#include <base/align.h>
#include <base/string.h>

#include <klib/kassert.h>
#include <klib/panic.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <mm/vmm.h>
#include <task/process.h>

#include "supervisor.h"

#define CHUNK_PAGES  64u
#define OBJECTS_MOST 4096u

struct memory_page {
    void *frame; /* physmap; NULL = not there */
    struct list mappings;
};

struct memory_chunk {
    struct memory_page pages[CHUNK_PAGES];
};

struct memory_mapping {
    struct list link;
    struct space *space;
    vaddr_t page;
};

static struct memory_object *memory_objects[OBJECTS_MOST];
static uint32_t memory_next_id = 1;
/* Objects without a reference, to be taken apart. */
static struct list memory_graveyard = { &memory_graveyard, &memory_graveyard };

static uint64_t
memory_chunk_count(uint64_t pages)
{
    return (pages + CHUNK_PAGES - 1) / CHUNK_PAGES;
}

/* ---- life -------------------------------------------------------------- */

static uint32_t
memory_take_id(struct memory_object *memory)
{
    for (uint32_t tries = 1; tries < OBJECTS_MOST; tries++) {
        uint32_t id = memory_next_id;

        memory_next_id = id + 1 < OBJECTS_MOST ? id + 1 : 1;
        if (memory_objects[id] == NULL) {
            memory_objects[id] = memory;
            return id;
        }
    }
    return 0;
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

static enum status
memory_init(struct memory_object *memory, struct process *maker, uint64_t pages)
{
    uint64_t array_bytes =
        memory_chunk_count(pages) * sizeof(struct memory_chunk *);
    uint64_t own = memory_own_frames(pages);
    enum status status;

    memset(memory, 0, sizeof(*memory));
    /* A chunk is counted as a frame: at most one per page. */
    quota_init(&memory->quota, &maker->quota,
               pages + own + memory_chunk_count(pages));
    status = quota_charge(&memory->quota, own);
    if (status != ST_OK) {
        return status;
    }
    status = ST_ENOMEM;
    memory->chunks = kmalloc(array_bytes);
    if (memory->chunks == NULL) {
        goto undo_charge;
    }
    memset(memory->chunks, 0, array_bytes);
    memory->id = memory_take_id(memory);
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

enum status
memory_object_create(uint64_t pages, struct memory_object **out)
{
    struct memory_object *memory;
    enum status status;

    if (pages == 0 || pages > MEMORY_PAGES_MOST) {
        return ST_EINVAL;
    }
    memory = kmalloc(sizeof(*memory));
    if (memory == NULL) {
        return ST_ENOMEM;
    }
    status = memory_init(memory, process_current(), pages);
    if (status != ST_OK) {
        kfree(memory);
        return status;
    }
    *out = memory;
    return ST_OK;
}

bool
memory_object_inherit_step(struct process *process, unsigned most)
{
    for (; most > 0 && !list_is_empty(&process->memory); most--) {
        struct memory_object *memory = LIST_ENTRY(
            list_first(&process->memory), struct memory_object, maker_link);

        list_remove(&memory->maker_link);
        quota_move_up(&memory->quota);
        memory->maker = process->parent;
        if (memory->maker != NULL) {
            list_add_tail(&memory->maker->memory, &memory->maker_link);
        }
    }
    return list_is_empty(&process->memory);
}

/* ---- pages ------------------------------------------------------------- */

/* The entry of page @index, or NULL if it has no chunk. */
static struct memory_page *
memory_lookup(const struct memory_object *memory, uint64_t index)
{
    struct memory_chunk *chunk;

    if (index >= memory->pages) {
        return NULL;
    }
    chunk = memory->chunks[index / CHUNK_PAGES];
    return chunk == NULL ? NULL : &chunk->pages[index % CHUNK_PAGES];
}

bool
memory_object_has(const struct memory_object *memory, uint64_t index)
{
    const struct memory_page *page = memory_lookup(memory, index);

    return page != NULL && page->frame != NULL;
}

static enum status
memory_make_chunk(struct memory_object *memory, uint64_t number)
{
    struct memory_chunk *chunk;
    enum status status = quota_charge(&memory->quota, 1);

    if (status != ST_OK) {
        return status;
    }
    chunk = kmalloc(sizeof(*chunk));
    if (chunk == NULL) {
        quota_uncharge(&memory->quota, 1);
        return ST_ENOMEM;
    }
    memset(chunk, 0, sizeof(*chunk));
    for (unsigned i = 0; i < CHUNK_PAGES; i++) {
        list_init(&chunk->pages[i].mappings);
    }
    memory->chunks[number] = chunk;
    return ST_OK;
}

/* Find page @index with a frame, making a zeroed one if @fill. */
static enum status
memory_ensure(struct memory_object *memory, uint64_t index, bool fill,
              struct memory_page **out)
{
    struct memory_page *page;
    enum status status;

    if (index >= memory->pages) {
        return ST_ENOENT;
    }
    if (memory->chunks[index / CHUNK_PAGES] == NULL) {
        status = fill ? memory_make_chunk(memory, index / CHUNK_PAGES)
                      : ST_ENOENT;
        if (status != ST_OK) {
            return status;
        }
    }
    page = memory_lookup(memory, index);
    *out = page;
    if (page->frame != NULL) {
        return ST_OK;
    }
    if (!fill) {
        return ST_ENOENT;
    }
    status = quota_charge(&memory->quota, 1);
    if (status != ST_OK) {
        return status;
    }
    page->frame = pmm_alloc_zeroed(
        FRAME_SHARED, frame_shared(memory->id, (uint32_t)index, 0));
    if (page->frame == NULL) {
        quota_uncharge(&memory->quota, 1);
        return ST_ENOMEM;
    }
    memory->resident++;
    return ST_OK;
}

static struct process *
memory_process_of(struct space *space)
{
    return CONTAINER_OF(space, struct process, space);
}

enum status
/* NOLINTNEXTLINE(readability-function-size): seven words are what a mapping is */
memory_object_map(struct memory_object *memory, uint64_t index,
                  struct space *space, vaddr_t address, mmu_leaf_t *leaf,
                  uint32_t prot, bool fill)
{
    struct process *process = memory_process_of(space);
    struct memory_mapping *mapping;
    struct memory_page *page;
    enum status status = memory_ensure(memory, index, fill, &page);

    if (status != ST_OK) {
        return status;
    }
    status = process_charge_bytes(process, sizeof(*mapping));
    if (status != ST_OK) {
        return status;
    }
    status = ST_ENOMEM;
    mapping = kmalloc(sizeof(*mapping));
    if (mapping == NULL) {
        goto undo_charge;
    }
    status = vmm_install_frame(space, address, leaf, page->frame, prot);
    if (status != ST_OK) {
        goto undo_mapping;
    }
    mapping->space = space;
    mapping->page = address;
    list_add_tail(&page->mappings, &mapping->link);
    object_get(&memory->object);
    return ST_OK;

undo_mapping:
    kfree(mapping);
undo_charge:
    process_uncharge_bytes(process, sizeof(*mapping));
    return status;
}

/* Undo memory_object_map's record of @address in @space. */
static void
memory_drop_mapping(struct memory_page *page, struct space *space,
                    vaddr_t address)
{
    list_for_each_safe(node, &page->mappings) {
        struct memory_mapping *mapping =
            LIST_ENTRY(node, struct memory_mapping, link);

        if (mapping->space == space && mapping->page.raw == address.raw) {
            list_remove(&mapping->link);
            kfree(mapping);
            process_uncharge_bytes(memory_process_of(space), sizeof(*mapping));
            return;
        }
    }
    panic("memory_object: page 0x%lx was shown without a record", address.raw);
}

bool
vmm_hook_shared_unmapped(struct space *space, vaddr_t address, void *frame)
{
    uint64_t word = *frame_word(frame);
    struct memory_object *memory = memory_objects[frame_object(word)];
    uint64_t index = frame_object_page(word);
    struct memory_page *page =
        &memory->chunks[index / CHUNK_PAGES]->pages[index % CHUNK_PAGES];

    KASSERT(page->frame == frame);
    memory_drop_mapping(page, space, address);
    if (frame_count(word) == 0) {
        frame_remove_flags(frame, FRAME_MAPPED_W | FRAME_MAPPED_X);
    }
    object_put(&memory->object);
    return true;
}

/* Take @page from everybody who sees it. */
static void
memory_hide(struct memory_page *page)
{
    while (!list_is_empty(&page->mappings)) {
        struct memory_mapping *mapping = LIST_ENTRY(
            list_first(&page->mappings), struct memory_mapping, link);
        enum status status = vmm_unmap_in_space(mapping->space, mapping->page);

        KASSERT(status == ST_OK);
    }
}

struct memory_place
memory_object_place(uint64_t word, uint64_t index)
{
    const struct memory_object *memory = memory_objects[frame_object(word)];
    const struct memory_page *page =
        memory_lookup(memory, frame_object_page(word));
    struct memory_place place = { .maker = memory->maker };

    KASSERT(page != NULL);
    list_for_each(node, &page->mappings) {
        const struct memory_mapping *mapping =
            LIST_ENTRY(node, struct memory_mapping, link);

        if (index-- == 0) {
            place.space = mapping->space;
            place.page = mapping->page;
            break;
        }
    }
    return place;
}

/* The frame of @page, which nobody sees, leaves the object. */
static void *
memory_detach(struct memory_object *memory, struct memory_page *page)
{
    void *frame = page->frame;

    page->frame = NULL;
    memory->resident--;
    quota_uncharge(&memory->quota, 1);
    return frame;
}

enum status
memory_object_move(struct memory_object *memory, uint64_t index,
                   struct space *space, vaddr_t address, mmu_leaf_t *leaf,
                   uint32_t prot)
{
    struct memory_page *page;
    void *frame;
    enum status status = memory_ensure(memory, index, false, &page);

    if (status != ST_OK) {
        return status;
    }
    /* Ask the new owner before anybody loses anything. */
    status = quota_charge(space->quota, 1);
    if (status != ST_OK) {
        return status;
    }
    quota_uncharge(space->quota, 1);
    memory_hide(page);
    frame = memory_detach(memory, page);
    pmm_set_kind(frame, FRAME_USER, 0);
    status = vmm_install_frame(space, address, leaf, frame, prot);
    KASSERT(status == ST_OK);
    return ST_OK;
}

/* ---- size and end ------------------------------------------------------ */

/* Drop frames of pages [@pages, size) from the top, @most entries at a time. */
static bool
memory_drop_step(struct memory_object *memory, uint64_t pages, unsigned most)
{
    for (; most > 0 && memory->pages > pages; most--) {
        uint64_t index = memory->pages - 1;
        struct memory_chunk *chunk = memory->chunks[index / CHUNK_PAGES];

        if (chunk == NULL) {
            uint64_t start = align_down(index, CHUNK_PAGES);

            memory->pages = start > pages ? start : pages;
            continue;
        }
        if (chunk->pages[index % CHUNK_PAGES].frame != NULL) {
            struct memory_page *page = &chunk->pages[index % CHUNK_PAGES];

            memory_hide(page);
            pmm_free_frame(memory_detach(memory, page));
        }
        memory->pages = index;
        if (index % CHUNK_PAGES == 0) {
            memory->chunks[index / CHUNK_PAGES] = NULL;
            kfree(chunk);
            quota_uncharge(&memory->quota, 1);
        }
    }
    return memory->pages <= pages;
}

bool
memory_object_shrink_step(struct memory_object *memory, uint64_t pages,
                          unsigned most)
{
    return memory_drop_step(memory, pages, most);
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

    list_remove(&memory->maker_link);
    list_add_tail(&memory_graveyard, &memory->maker_link);
    supervisor_wake();
}

bool
memory_object_bury_step(unsigned most)
{
    struct memory_object *memory;
    uint64_t own;

    if (list_is_empty(&memory_graveyard)) {
        return true;
    }
    memory = LIST_ENTRY(list_first(&memory_graveyard), struct memory_object,
                        maker_link);
    if (!memory_drop_step(memory, 0, most)) {
        return false;
    }
    own = memory_own_frames(memory->pages_most);
    list_remove(&memory->maker_link);
    memory_objects[memory->id] = NULL;
    quota_uncharge(&memory->quota, own);
    quota_destroy(&memory->quota);
    kfree(memory->chunks);
    kfree(memory);
    return list_is_empty(&memory_graveyard);
}
