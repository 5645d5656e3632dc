/* SPDX-License-Identifier: MIT */
/* Segments to pages, arguments to the stack. */
#include "loader.h"

#include <secos/bootinfo.h>
#include <secos/region.h>

#include <base/align.h>
#include <base/string.h>

#include <klib/random.h>
#include <mm/frame.h>
#include <mm/pmm.h>
#include <mm/vmm.h>

#include "elf_image.h"
#include "place.h"
#include "process.h"

#define ARGS_MOST            64u
#define RESIDENT_STACK_PAGES 4u

static enum status
loader_add_region(const struct loader *loader, uint64_t start, uint64_t end,
                  uint32_t prot, enum region_kind kind)
{
    bool on_demand = kind != REGION_IMAGE && kind != REGION_GUARD;
    struct region_spec spec = {
        .base = start >> PAGE_SHIFT,
        .pages = (end - start) >> PAGE_SHIFT,
        .first_page = start >> PAGE_SHIFT,
        .prot = prot,
        .max_prot = prot,
        .kind = kind,
        .binding = on_demand && !loader->resident ? loader->pager : NULL,
    };
    struct region *region;

    if (start == end) {
        return ST_OK;
    }
    return region_create(&loader->process->space.regions, &spec, &region);
}

/* Whether all of page @address is bytes of the file. */
static bool
loader_is_filled(const struct elf_segment *segment, uint64_t address)
{
    return address >= segment->vaddr
           && address + PAGE_BYTES <= segment->vaddr + segment->file_bytes;
}

/* Fill @frame, which is zero unless all of it is filled, with the bytes of
 * @segment that belong at page @address. */
static void
loader_fill(const struct loader *loader, const struct elf_segment *segment,
            uint64_t address, uint8_t *frame)
{
    uint64_t start = address > segment->vaddr ? address : segment->vaddr;
    uint64_t file_end = segment->vaddr + segment->file_bytes;
    uint64_t end = address + PAGE_BYTES;

    end = end < file_end ? end : file_end;
    if (start < end) {
        elf_image_read(loader->image,
                       segment->offset + (start - segment->vaddr),
                       frame + (start - address), end - start);
    }
}

static bool
loader_is_zero(const uint8_t *at, const uint8_t *end)
{
    uint64_t word = 0;

    for (; end - at >= (long)sizeof(word); at += sizeof(word)) {
        __builtin_memcpy(&word, at, sizeof(word));
        if (word != 0) {
            return false;
        }
    }
    while (at < end && *at == 0) {
        at++;
    }
    return at == end;
}

/* Whether [@at, @end) lies in frames that are a module's and nothing else. */
static bool
loader_is_module(const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at += PAGE_BYTES) {
        if (!frame_is_known(at)
            || frame_kind_of(*frame_word(at)) != FRAME_MODULE) {
            return false;
        }
    }
    return true;
}

static bool
loader_fits_in_place(const uint8_t *image, uint64_t bytes,
                     const struct elf_segment *segment)
{
    uint64_t first = elf_segment_first_page(segment);
    uint64_t start = segment->offset - (segment->vaddr - first);
    uint64_t end = start + elf_segment_file_end_page(segment) - first;

    return (segment->prot & PROT_WRITE) == 0 && end <= bytes
           && loader_is_module(image + start, image + end)
           && loader_is_zero(image + start, image + segment->offset)
           && loader_is_zero(image + segment->offset + segment->file_bytes,
                             image + end);
}

uint32_t
loader_find_in_place(const uint8_t *image, uint64_t bytes,
                     const struct elf_plan *plan)
{
    uint32_t found = 0;

    if (!is_aligned(physmap_paddr(image).raw, PAGE_BYTES)) {
        return 0;
    }
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        if (loader_fits_in_place(image, bytes, &plan->segments[i])) {
            found |= 1u << i;
        }
    }
    return found;
}

/* Page @address of @segment is the module's own: show it. */
static enum status
loader_show_page(const struct loader *loader, const struct elf_segment *segment)
{
    uint64_t offset = segment->offset + (loader->address - segment->vaddr);

    return vmm_map_in_space(
        &loader->process->space, vaddr(loader->address),
        physmap_at(physmap_paddr(loader->image->flat + offset)), segment->prot);
}

static enum status
loader_map_page(struct loader *loader, const struct elf_segment *segment)
{
    struct space *space = &loader->process->space;
    enum status status;
    void *frame;

    if ((loader->in_place >> loader->segment & 1) != 0) {
        return loader_show_page(loader, segment);
    }
    /* What the file fills need not be zero before. */
    frame = loader_is_filled(segment, loader->address)
                ? pmm_alloc_kind(FRAME_USER, 0)
                : pmm_alloc_zeroed(FRAME_USER, 0);
    if (frame == NULL) {
        return ST_ENOMEM;
    }
    loader_fill(loader, segment, loader->address, frame);
    status =
        vmm_map_in_space(space, vaddr(loader->address), frame, segment->prot);
    if (status != ST_OK) {
        pmm_free_frame(frame);
    }
    return status;
}

static enum status
loader_add_segment_regions(const struct loader *loader,
                           const struct elf_segment *segment)
{
    uint64_t start = elf_segment_first_page(segment);
    uint64_t file_end = elf_segment_file_end_page(segment);
    uint64_t end = elf_segment_end_page(segment);
    enum status status =
        loader_add_region(loader, start, file_end, segment->prot, REGION_IMAGE);

    if (status != ST_OK) {
        return status;
    }
    return loader_add_region(loader, file_end, end, segment->prot,
                             REGION_ANONYMOUS);
}

enum status
loader_step(struct loader *loader, unsigned most, bool *done)
{
    *done = false;
    while (loader->segment < loader->plan->segment_count) {
        const struct elf_segment *segment =
            &loader->plan->segments[loader->segment];
        uint64_t end = loader->resident ? elf_segment_end_page(segment)
                                        : elf_segment_file_end_page(segment);
        enum status status;

        if (loader->address == 0) {
            status = loader_add_segment_regions(loader, segment);
            if (status != ST_OK) {
                return status;
            }
            loader->address = elf_segment_first_page(segment);
        }
        for (; loader->address < end; loader->address += PAGE_BYTES) {
            if (most == 0) {
                return ST_OK;
            }
            most--;
            status = loader_map_page(loader, segment);
            if (status != ST_OK) {
                return status;
            }
        }
        loader->segment++;
        loader->address = 0;
    }
    *done = true;
    return ST_OK;
}

/* Write argument strings, argv and struct process_start to the top page, which
 * the kernel sees at @page and the program below the top of its stack. */
static enum status
loader_write_start(const struct loader *loader, uint8_t *page, const char *args,
                   uint32_t args_bytes, uint64_t *stack_out)
{
    uint64_t user_page = loader->place->stack_top - PAGE_BYTES;
    uint64_t strings_at = PAGE_BYTES - align_up(args_bytes, 16);
    uint64_t argv[ARGS_MOST + 1];
    struct process_start start = { .process_id = loader->process->id,
                                   .flags = loader->start_flags,
                                   .heap_base = loader->place->heap_base };
    uint64_t argv_at;
    uint64_t start_at;

    for (uint32_t at = 0; at < args_bytes;
         at += (uint32_t)strlen(args + at) + 1) {
        if (start.argc == ARGS_MOST) {
            return ST_E2BIG;
        }
        argv[start.argc++] = user_page + strings_at + at;
    }
    argv[start.argc] = 0;
    argv_at = strings_at - (start.argc + 1) * sizeof(argv[0]);
    start_at = align_down(argv_at - sizeof(start), 16);
    start.argv = user_page + argv_at;
    start.random[0] = random_u64();
    start.random[1] = random_u64();
    memcpy(page + strings_at, args, args_bytes);
    memcpy(page + argv_at, argv, (start.argc + 1) * sizeof(argv[0]));
    memcpy(page + start_at, &start, sizeof(start));
    *stack_out = user_page + start_at;
    return ST_OK;
}

enum status
loader_make_stack(struct loader *loader, const char *args, uint32_t args_bytes,
                  uint64_t *stack_out)
{
    struct space *space = &loader->process->space;
    uint64_t bytes = loader->plan->manifest.stack_bytes;
    uint64_t stack_top = loader->place->stack_top;
    uint64_t bottom = stack_top - bytes;
    uint64_t pages = loader->resident ? RESIDENT_STACK_PAGES : 1;
    enum status status;
    void *top = NULL;

    if (loader->resident) {
        bottom = stack_top - RESIDENT_STACK_PAGES * PAGE_BYTES;
    }
    status = loader_add_region(loader, bottom, stack_top,
                               PROT_READ | PROT_WRITE, REGION_STACK);
    if (status != ST_OK) {
        return status;
    }
    status = loader_add_region(loader, bottom - PAGE_BYTES, bottom, PROT_NONE,
                               REGION_GUARD);
    for (uint64_t i = pages; i > 0 && status == ST_OK; i--) {
        status = vmm_alloc_page_in_space(space,
                                         vaddr(stack_top - i * PAGE_BYTES),
                                         PROT_READ | PROT_WRITE, &top);
    }
    if (status != ST_OK) {
        return status;
    }
    return loader_write_start(loader, top, args, args_bytes, stack_out);
}

void
elf_unload_process(struct process *process)
{
    process_kill(process);
}
