/* SPDX-License-Identifier: MIT */
/*
 * brk, mmap and their like on regions.
 *
 * A region's protection can only shrink; mprotect may widen. Where it does, the
 * region is made anew: at once if no page of it exists yet, as with the room
 * that a C library reserves for a stack; else by way of a copy. A page that was
 * taken away with PROT_NONE comes back empty. Another thread that touches the
 * range meanwhile is ended: it raced with mprotect.
 *
 * W^X is the kernel's rule and stays: PROT_WRITE|PROT_EXEC is refused.
 */
#include <stddef.h>

#include <base/align.h>
#include <base/string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "linux.h"

/* Where the break begins: above malloc's chunks, as far into its area as the heap
 * is into its own. */
#define MEMORY_BREAK_BASE USER_HEAP_END
#define MEMORY_BREAK_MOST 0x0000010000000000ull

/* Linux: asm-generic/mman-common.h. */
#define MAP_FIXED           0x10u
#define MAP_ANONYMOUS       0x20u
#define MAP_POPULATE        0x8000u
#define MAP_FIXED_NOREPLACE 0x100000u
#define MREMAP_MAYMOVE      1u
#define MADV_DONTNEED       4u

static uint64_t memory_break; /* 0 = nobody asked so far */

/* Linux's PROT bits have SecOS's values; to write is to read here. */
static uint32_t
memory_prot(uint64_t prot)
{
    uint32_t bits = (uint32_t)prot & (PROT_READ | PROT_WRITE | PROT_EXEC);

    return bits == PROT_NONE ? PROT_NONE : bits | PROT_READ;
}

/* Make [@base, @base + @pages) a region; @base 0 = anywhere. */
static int64_t
memory_create(uint64_t base, uint64_t pages, uint32_t prot)
{
    struct region_request request = {
        .base = base,
        .pages = pages,
        .prot = prot,
        .kind = prot == PROT_NONE ? REGION_GUARD : REGION_ANONYMOUS,
    };
    int64_t result = region_create(&request);

    return result == ST_EPERM
                   || (result == ST_EINVAL && (prot & PROT_EXEC) != 0)
               ? -LINUX_EACCES
               : result;
}

static void
memory_destroy(uint64_t base, uint64_t pages)
{
    (void)region_destroy(base, pages); /* ENOENT: there was nothing */
}

/* Bytes to whole pages; 0 if @bytes is 0 or too many. */
static uint64_t
memory_pages(uint64_t bytes)
{
    return bytes > USER_END ? 0 : align_up(bytes, PAGE_BYTES) / PAGE_BYTES;
}

/* Describe the region that covers @address; false if none does. */
static bool
memory_region_at(uint64_t address, struct region_info *region)
{
    *region = (struct region_info){ .id = 0 };
    return region_query(address, region) == ST_OK && region->base <= address;
}

/* ---- brk ------------------------------------------------------------------ */

int64_t
linux_brk(struct linux_call *call)
{
    uint64_t first =
        MEMORY_BREAK_BASE + (process_started->heap_base - USER_HEAP_BASE);
    uint64_t new_end = align_up(call->a, PAGE_BYTES);
    uint64_t old_end;
    int64_t status = ST_OK;

    if (memory_break == 0) {
        memory_break = first;
    }
    old_end = align_up(memory_break, PAGE_BYTES);
    if (call->a < first || call->a > first + MEMORY_BREAK_MOST) {
        return (int64_t)memory_break; /* Linux, too, answers with the old one */
    }
    if (new_end > old_end) {
        status = memory_create(old_end, (new_end - old_end) / PAGE_BYTES,
                               PROT_READ | PROT_WRITE);
    } else if (new_end < old_end) {
        memory_destroy(new_end, (old_end - new_end) / PAGE_BYTES);
    }
    if (status >= 0) {
        memory_break = call->a;
    }
    return (int64_t)memory_break;
}

/* ---- mmap, munmap --------------------------------------------------------- */

/* Map at the address in @call if it must, or may, be there. */
static int64_t
memory_place(const struct linux_call *call, uint64_t pages, uint32_t prot)
{
    uint64_t base = call->a;
    int64_t result;

    if ((call->d & MAP_FIXED_NOREPLACE) != 0) {
        return memory_create(base, pages, prot);
    }
    if ((call->d & MAP_FIXED) != 0) {
        if (base == 0 || !is_aligned(base, PAGE_BYTES)) {
            return ST_EINVAL;
        }
        memory_destroy(base, pages);
        return memory_create(base, pages, prot);
    }
    base = align_down(base, PAGE_BYTES);
    result = base != 0 ? memory_create(base, pages, prot) : ST_EEXIST;
    return result >= 0 ? result : memory_create(0, pages, prot);
}

int64_t
linux_mmap(struct linux_call *call)
{
    uint64_t pages = memory_pages(call->b);
    int64_t base;

    if (pages == 0) {
        return call->b == 0 ? ST_EINVAL : ST_ENOMEM;
    }
    if ((call->d & MAP_ANONYMOUS) == 0) {
        return -LINUX_ENODEV;
    }
    base = memory_place(call, pages, memory_prot(call->c));
    if (base > 0 && (call->d & MAP_POPULATE) != 0) {
        (void)region_populate((uint64_t)base, pages, PROT_WRITE);
    }
    return linux_result(base);
}

int64_t
linux_munmap(struct linux_call *call)
{
    uint64_t pages = memory_pages(call->b);

    if (pages == 0 || !is_aligned(call->a, PAGE_BYTES)) {
        return ST_EINVAL;
    }
    if (!linux_thread_unmap_later(call->a, pages)) {
        memory_destroy(call->a, pages);
    }
    return 0;
}

/* ---- mprotect ------------------------------------------------------------- */

/* Make [@base, @base + @pages) anew with @prot and without content. */
static int64_t
memory_renew(uint64_t base, uint64_t pages, uint32_t prot)
{
    memory_destroy(base, pages);
    return memory_create(base, pages, prot);
}

/* The same, with the content of what is readable now. */
static int64_t
memory_widen(uint64_t base, uint64_t pages, uint32_t prot)
{
    void *at = (void *)(uintptr_t)base;
    int64_t copy = memory_create(0, pages, PROT_READ | PROT_WRITE);
    int64_t status;

    if (copy < 0) {
        return copy;
    }
    memcpy((void *)(uintptr_t)copy, at, pages * PAGE_BYTES);
    status = memory_renew(base, pages, prot | PROT_WRITE);
    if (status >= 0) {
        memcpy(at, (void *)(uintptr_t)copy, pages * PAGE_BYTES);
        if ((prot & PROT_WRITE) == 0) {
            status = region_protect(base, pages, prot);
        }
    }
    memory_destroy((uint64_t)copy, pages);
    return status;
}

/* The part of [@base, ...) that lies in the region there. */
static int64_t
memory_protect_piece(const struct region_info *region, uint64_t base,
                     uint64_t pages, uint32_t prot)
{
    if ((prot & ~region->prot) == 0) {
        return region_protect(base, pages, prot);
    }
    if ((prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC)
        || region->kind == REGION_IMAGE || region->kind == REGION_STACK) {
        return -LINUX_EACCES;
    }
    if (region->resident == 0 || region->prot == PROT_NONE) {
        return memory_renew(base, pages, prot);
    }
    return memory_widen(base, pages, prot);
}

int64_t
linux_mprotect(struct linux_call *call)
{
    uint64_t end = call->a + memory_pages(call->b) * PAGE_BYTES;
    uint32_t prot = memory_prot(call->c);

    if (!is_aligned(call->a, PAGE_BYTES) || end < call->a || end > USER_END) {
        return ST_EINVAL;
    }
    for (uint64_t at = call->a; at < end;) {
        struct region_info region;
        uint64_t stop;
        int64_t status;

        if (!memory_region_at(at, &region)) {
            return ST_ENOMEM;
        }
        stop = region.base + region.pages * PAGE_BYTES;
        stop = stop < end ? stop : end;
        status =
            memory_protect_piece(&region, at, (stop - at) / PAGE_BYTES, prot);
        if (status < 0) {
            return linux_result(status);
        }
        at = stop;
    }
    return 0;
}

/* ---- mremap, madvise ------------------------------------------------------ */

static int64_t
memory_move(uint64_t base, uint64_t old_pages, uint64_t new_pages,
            uint32_t prot)
{
    int64_t copy = memory_create(0, new_pages, prot | PROT_WRITE);

    if (copy < 0) {
        return ST_ENOMEM;
    }
    memcpy((void *)(uintptr_t)copy, (void *)(uintptr_t)base,
           old_pages * PAGE_BYTES);
    if ((prot & PROT_WRITE) == 0) {
        (void)region_protect((uint64_t)copy, new_pages, prot);
    }
    memory_destroy(base, old_pages);
    return copy;
}

int64_t
linux_mremap(struct linux_call *call)
{
    uint64_t base = call->a;
    uint64_t old_pages = memory_pages(call->b);
    uint64_t new_pages = memory_pages(call->c);
    struct region_info region;

    if (!is_aligned(base, PAGE_BYTES) || old_pages == 0 || new_pages == 0
        || (call->d & ~(uint64_t)MREMAP_MAYMOVE) != 0) {
        return ST_EINVAL;
    }
    if (!memory_region_at(base, &region)) {
        return ST_EFAULT;
    }
    if (new_pages <= old_pages) {
        memory_destroy(base + new_pages * PAGE_BYTES, old_pages - new_pages);
        return (int64_t)base;
    }
    if (memory_create(base + old_pages * PAGE_BYTES, new_pages - old_pages,
                      region.prot)
        > 0) {
        return (int64_t)base;
    }
    if ((call->d & MREMAP_MAYMOVE) == 0 || region.prot == PROT_NONE) {
        return ST_ENOMEM;
    }
    return memory_move(base, old_pages, new_pages, region.prot);
}

int64_t
linux_madvise(struct linux_call *call)
{
    uint64_t pages = memory_pages(call->b);
    struct region_info region;

    if (!is_aligned(call->a, PAGE_BYTES)) {
        return ST_EINVAL;
    }
    if (call->c != MADV_DONTNEED || pages == 0) {
        return 0; /* advice may be ignored; this one may not */
    }
    if (!memory_region_at(call->a, &region) || region.kind == REGION_IMAGE
        || region.kind == REGION_STACK
        || call->a + pages * PAGE_BYTES
               > region.base + region.pages * PAGE_BYTES) {
        return ST_EINVAL;
    }
    return linux_result(memory_renew(call->a, pages, region.prot)) < 0
               ? ST_ENOMEM
               : 0;
}
