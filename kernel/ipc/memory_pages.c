/* SPDX-License-Identifier: MIT */
/* The pages of memory objects: they are made, shown, counted and taken away. */
#include "memory_pages.h"

#include <base/string.h>

#include <klib/kassert.h>
#include <klib/panic.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <mm/vmm.h>
#include <task/process.h>

/* Who sees a page that is moved, at most: with more, the pager tries again. */
#define MAPPINGS_HIDDEN_MOST 16u

/* The entry of page @index, or NULL if it has no chunk. */
static struct memory_page *
memory_pages_lookup(const struct memory_object *memory, uint64_t index)
{
    struct memory_chunk *chunk;

    if (index >= memory->pages) {
        return NULL;
    }
    chunk = memory->chunks[index / CHUNK_PAGES];
    return chunk == NULL ? NULL : &chunk->pages[index % CHUNK_PAGES];
}

static enum status
memory_pages_make_chunk(struct memory_object *memory, uint64_t number)
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
memory_pages_ensure(struct memory_object *memory, uint64_t index, bool fill,
                    struct memory_page **out)
{
    struct memory_page *page;
    enum status status;

    if (index >= memory->pages) {
        return ST_ENOENT;
    }
    if (memory->chunks[index / CHUNK_PAGES] == NULL) {
        status = fill ? memory_pages_make_chunk(memory, index / CHUNK_PAGES)
                      : ST_ENOENT;
        if (status != ST_OK) {
            return status;
        }
    }
    page = memory_pages_lookup(memory, index);
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

enum status
memory_object_fill(struct memory_object *memory, uint64_t index, void **frame)
{
    struct memory_page *page;
    enum status status = memory_pages_ensure(memory, index, true, &page);

    if (status == ST_OK) {
        *frame = page->frame;
    }
    return status;
}

void *
memory_object_frame(const struct memory_object *memory, uint64_t index)
{
    const struct memory_page *page = memory_pages_lookup(memory, index);

    KASSERT(page != NULL && page->frame != NULL);
    return page->frame;
}

static struct process *
memory_pages_process_of(struct space *space)
{
    return CONTAINER_OF(space, struct process, space);
}

enum status
/* NOLINTNEXTLINE(readability-function-size): seven words are what a mapping is */
memory_object_map(struct memory_object *memory, uint64_t index,
                  struct space *space, vaddr_t address, mmu_leaf_t *leaf,
                  uint32_t prot, bool fill)
{
    struct process *process = memory_pages_process_of(space);
    struct memory_mapping *mapping;
    struct memory_page *page;
    enum status status = memory_pages_ensure(memory, index, fill, &page);

    if (status != ST_OK) {
        return status;
    }
    if (frame_count(*frame_word(page->frame)) >= MEMORY_MAPPINGS_MOST) {
        return ST_EAGAIN;
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
    memory->mapped++;
    object_get(&memory->object);
    return ST_OK;

undo_mapping:
    kfree(mapping);
undo_charge:
    process_uncharge_bytes(process, sizeof(*mapping));
    return status;
}

/* The entry of the page that a frame with @word is of @memory. */
static struct memory_page *
memory_pages_page_of(const struct memory_object *memory, uint64_t word)
{
    uint64_t index = frame_object_page(word);

    return &memory->chunks[index / CHUNK_PAGES]->pages[index % CHUNK_PAGES];
}

/* The record that @address in @space shows @page. Cost: five instructions for each
 * that was made before it; steps count that (vmm_range_limit). */
static struct memory_mapping *
memory_pages_find_mapping(const struct memory_page *page,
                          const struct space *space, vaddr_t address)
{
    list_for_each(node, &page->mappings) {
        struct memory_mapping *mapping =
            LIST_ENTRY(node, struct memory_mapping, link);

        if (mapping->page.raw == address.raw && mapping->space == space) {
            return mapping;
        }
    }
    panic("memory_object: page 0x%lx was shown without a record", address.raw);
}

/* Undo memory_object_map's record of @address in @space. */
static void
memory_pages_drop_mapping(struct memory_object *memory,
                          const struct memory_page *page, struct space *space,
                          vaddr_t address)
{
    struct memory_mapping *mapping =
        memory_pages_find_mapping(page, space, address);

    list_remove(&mapping->link);
    kfree(mapping);
    memory->mapped--;
    process_uncharge_bytes(memory_pages_process_of(space), sizeof(*mapping));
}

bool
vmm_hook_shared_unmapped(struct space *space, vaddr_t address, void *frame)
{
    uint64_t word = *frame_word(frame);
    struct memory_object *memory = memory_object_of(word);
    struct memory_page *page;

    if (memory->chunks == NULL) {
        if (frame_count(word) == 0) {
            memory->resident--;
            quota_return(&memory->quota, 1);
            object_put(&memory->object);
        }
        return false;
    }
    page = memory_pages_page_of(memory, word);
    KASSERT(page->frame == frame);
    memory_pages_drop_mapping(memory, page, space, address);
    if (frame_count(word) == 0) {
        frame_remove_flags(frame, FRAME_MAPPED_W | FRAME_MAPPED_X);
    }
    object_put(&memory->object);
    return true;
}

/* The charge of a frame of @memory passes to @space. */
static enum status
memory_pages_pass_charge(struct memory_object *memory,
                         const struct space *space)
{
    enum status status;

    quota_return(&memory->quota, 1);
    if (quota_charge(space->quota, 1) == ST_OK) {
        return ST_OK;
    }
    status = quota_charge(memory->quota.parent, 1);
    KASSERT(status == ST_OK); /* it has just got it back */
    quota_pass_down(&memory->quota, 1);
    return ST_ENOMEM;
}

enum status
vmm_hook_shared_claim(struct space *space, vaddr_t address, void *frame)
{
    uint64_t word = *frame_word(frame);
    struct memory_object *memory = memory_object_of(word);
    bool is_view = memory->chunks == NULL;

    /* Who has a handle or a region can still have the page shown. */
    if (!is_view && memory->object.references != memory->mapped) {
        return ST_EBUSY;
    }
    if (memory_pages_pass_charge(memory, space) != ST_OK) {
        return ST_ENOMEM;
    }
    memory->resident--;
    if (!is_view) {
        struct memory_page *page = memory_pages_page_of(memory, word);

        page->frame = NULL;
        memory_pages_drop_mapping(memory, page, space, address);
    }
    object_put(&memory->object);
    return ST_OK;
}

/* ---- views ----------------------------------------------------------------- */

bool
memory_object_is_view(uint64_t word)
{
    return memory_object_of(word)->chunks == NULL;
}

void
memory_object_adopt(struct memory_object *views, struct space *space,
                    vaddr_t page, mmu_leaf_t *leaf)
{
    KASSERT(views->chunks == NULL && views->quota.parent == space->quota);
    vmm_lend_frame(space, page, leaf, frame_shared(views->id, 0, 1));
    quota_pass_down(&views->quota, 1);
    views->resident++;
    object_get(&views->object);
}

enum status
memory_object_show(struct space *space, vaddr_t page, void *frame,
                   uint32_t prot)
{
    uint64_t word = *frame_word(frame);
    struct memory_object *memory = memory_object_of(word);
    struct mmu_cursor at;
    enum status status;

    if (memory->chunks == NULL) {
        return vmm_map_in_space(space, page, frame, prot);
    }
    status = mmu_ensure(&space->tables, page, &at);
    if (status != ST_OK) {
        return status;
    }
    if (!mmu_leaf_is_empty(*at.leaf)) {
        return ST_EEXIST;
    }
    mmu_set_transit(at, 0); /* no call: within this function */
    status = memory_object_map(memory, frame_object_page(word), space, page,
                               at.leaf, prot, false);
    if (status != ST_OK) {
        vmm_cancel_transit(space, page);
    }
    return status;
}

/* ---- taking pages away ----------------------------------------------------- */

bool
memory_pages_hide(struct memory_page *page, unsigned *most)
{
    for (; *most > 0 && !list_is_empty(&page->mappings); (*most)--) {
        struct memory_mapping *mapping = LIST_ENTRY(
            list_first(&page->mappings), struct memory_mapping, link);
        enum status status = vmm_unmap_in_space(mapping->space, mapping->page);

        KASSERT(status == ST_OK);
    }
    return list_is_empty(&page->mappings);
}

struct memory_place
memory_object_place(uint64_t word, uint64_t index)
{
    const struct memory_object *memory = memory_object_of(word);
    struct memory_place place = { .maker = memory->maker };

    if (memory->chunks == NULL) {
        return place; /* a view: nobody remembers where */
    }
    list_for_each(node, &memory_pages_page_of(memory, word)->mappings) {
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

void *
memory_pages_detach(struct memory_object *memory, struct memory_page *page)
{
    void *frame = page->frame;

    page->frame = NULL;
    memory->resident--;
    quota_return(&memory->quota, 1);
    return frame;
}

enum status
memory_object_move(struct memory_object *memory, uint64_t index,
                   struct space *space, vaddr_t address, mmu_leaf_t *leaf,
                   uint32_t prot)
{
    struct memory_page *page;
    unsigned most = MAPPINGS_HIDDEN_MOST;
    void *frame;
    enum status status = memory_pages_ensure(memory, index, false, &page);

    if (status != ST_OK) {
        return status;
    }
    /* Ask the new owner before anybody loses anything. */
    status = quota_charge(space->quota, 1);
    if (status != ST_OK) {
        return status;
    }
    quota_uncharge(space->quota, 1);
    if (!memory_pages_hide(page, &most)) {
        return ST_EAGAIN;
    }
    frame = memory_pages_detach(memory, page);
    pmm_set_kind(frame, FRAME_USER, 0);
    status = vmm_install_frame(space, address, leaf, frame, prot);
    KASSERT(status == ST_OK);
    return ST_OK;
}
