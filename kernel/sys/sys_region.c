/* SPDX-License-Identifier: MIT */
/* Regions of the caller's own space. */
#include <secos/bootinfo.h>
#include <secos/fault.h>
#include <secos/region.h>
#include <secos/status.h>

#include <base/align.h>
#include <base/checked.h>
#include <base/string.h>

#include <ipc/binding.h>
#include <ipc/detach.h>
#include <ipc/endpoint.h>
#include <ipc/fault.h>
#include <ipc/memory_object.h>
#include <ipc/page_fault.h>
#include <ipc/self_pager.h>
#include <mm/vmm.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/usercopy.h>

#include "handlers.h"
#include "region_range.h"

/* Zeroing a page is 520 instructions, and it may need tables. */
#define POPULATE_STEP_PAGES 8u

#define SYS_PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* What pages a new region, and how far: a binding, a memory object, or for no
 * handle the pager the process was born with. */
struct region_source {
    void *object;
    uint32_t max_prot;
    bool tells; /* a binding whose pager is told what goes */
    uint64_t pages;
};

static enum status
sys_find_source(struct process *process, uint64_t handle,
                struct region_source *out)
{
    struct handle_entry *entry = NULL;
    struct binding *binding = process->pager;

    if (handle != HANDLE_NONE) {
        entry = handle_lookup(&process->handles, handle);
        if (entry == NULL) {
            return ST_EBADF;
        }
    }
    if (entry != NULL && entry->kind == OBJECT_MEMORY) {
        struct memory_object *memory =
            CONTAINER_OF(entry->object, struct memory_object, object);

        if ((entry->rights & RIGHT_READ) == 0) {
            return ST_EPERM;
        }
        out->object = memory;
        out->max_prot = PROT_READ | PROT_EXEC
                        | ((entry->rights & RIGHT_WRITE) != 0 ? PROT_WRITE : 0);
        out->pages = memory->pages_most;
        return ST_OK;
    }
    if (entry != NULL) {
        if (entry->kind != OBJECT_BINDING) {
            return ST_EBADF;
        }
        if ((entry->rights & RIGHT_BIND) == 0) {
            return ST_EPERM;
        }
        binding = CONTAINER_OF(entry->object, struct binding, object);
    }
    if (binding == NULL) {
        return ST_EBADF;
    }
    /* A server's own pages come from servers of lower rank only. */
    if (process->served_rank != 0
        && binding->endpoint->rank >= process->served_rank) {
        return ST_EDEADLK;
    }
    out->object = binding;
    out->tells = binding->tells;
    out->max_prot = binding->max_prot;
    out->pages = binding->pages;
    return ST_OK;
}

/* The base asked for, or a hole. */
static enum status
sys_place_region(const struct process *process, uint64_t base,
                 struct region_spec *spec)
{
    const struct region_tree *tree = &process->space.regions;
    uint64_t from = process->map_base >> PAGE_SHIFT;
    uint64_t bytes;

    if (!checked_mul(spec->pages, PAGE_BYTES, &bytes) || bytes == 0) {
        return ST_EINVAL;
    }
    if (base == 0) {
        /* Above the place that was chosen for it; below only when that is full. */
        return region_find_hole(tree, from, USER_END >> PAGE_SHIFT, spec->pages,
                                &spec->base)
                       || region_find_hole(tree, USER_MAP_BASE >> PAGE_SHIFT,
                                           USER_END >> PAGE_SHIFT, spec->pages,
                                           &spec->base)
                   ? ST_OK
                   : ST_ENOMEM;
    }
    if (!is_aligned(base, PAGE_BYTES)
        || !checked_range_inside(base, bytes, USER_BASE, USER_END)) {
        return ST_EINVAL;
    }
    spec->base = base >> PAGE_SHIFT;
    return ST_OK;
}

static enum status
sys_check_spec(const struct region_spec *spec,
               const struct region_source *source)
{
    uint64_t end;

    if ((spec->prot & ~(uint32_t)SYS_PROT_ALL) != 0) {
        return ST_EINVAL;
    }
    if (spec->kind == REGION_GUARD) {
        return spec->prot == PROT_NONE ? ST_OK : ST_EINVAL;
    }
    if (spec->kind != REGION_ANONYMOUS && spec->kind != REGION_HEAP
        && spec->kind != REGION_FILE && spec->kind != REGION_STACK) {
        return ST_EINVAL;
    }
    if ((spec->prot & PROT_READ) == 0
        || (spec->prot & (PROT_WRITE | PROT_EXEC))
               == (PROT_WRITE | PROT_EXEC)) {
        return ST_EINVAL;
    }
    if ((spec->prot & ~source->max_prot) != 0) {
        return ST_EPERM;
    }
    if (!checked_add(spec->first_page, spec->pages, &end)
        || end > source->pages) {
        return ST_EINVAL;
    }
    return ST_OK;
}

/* Its pager is told of this region's end: make it with the space's own bond. */
static NOINLINE enum status
sys_make_bound_region(struct process *process, struct region_spec *spec)
{
    struct binding *bound;
    struct region *region;
    enum status status = detach_bind(process, spec->binding, &bound);

    if (status == ST_OK) {
        spec->binding = bound;
        status = region_create(&process->space.regions, spec, &region);
        object_put(&bound->object);
    }
    return status;
}

/* region_create(source, base, pages, prot | kind << 8, first page, 0): the base.
 * The source is a binding, a memory object, or 0: the pager given at birth. With
 * that one, first page 0 stands for the page number of the base. */
int64_t
sys_region_create(SYS_ARGS)
{
    struct process *process = process_current();
    struct region_spec spec = {
        .pages = c,
        .first_page = e,
        .prot = (uint32_t)(d & 0xFF),
        .max_prot = (uint32_t)(d & 0xFF),
        .kind = (uint32_t)(d >> 8 & 0xFF),
    };
    struct region_source source = { .object = NULL };
    struct region *region;
    enum status status = permission_check(SYS_GROUP_MEMORY, "region_create");

    if (status == ST_OK && (d >> 16 != 0 || f != 0)) {
        status = ST_EINVAL;
    }
    if (status == ST_OK && spec.kind != REGION_GUARD) {
        status = sys_find_source(process, a, &source);
    }
    if (status == ST_OK) {
        status = sys_place_region(process, b, &spec);
    }
    if (status != ST_OK) {
        return status;
    }
    if (spec.first_page == 0
        && (source.object == NULL || process->pager == source.object)) {
        spec.first_page = spec.base;
    }
    spec.binding = source.object;
    status = sys_check_spec(&spec, &source);
    if (status == ST_OK) {
        status = source.tells
                     ? sys_make_bound_region(process, &spec)
                     : region_create(&process->space.regions, &spec, &region);
    }
    return status == ST_OK ? (int64_t)(spec.base << PAGE_SHIFT) : status;
}

/* Check a range of whole user pages given as address and count. */
static enum status
sys_check_range(uint64_t base, uint64_t pages)
{
    uint64_t bytes;

    if (!is_aligned(base, PAGE_BYTES) || pages == 0
        || !checked_mul(pages, PAGE_BYTES, &bytes)
        || !checked_range_inside(base, bytes, USER_BASE, USER_END)) {
        return ST_EINVAL;
    }
    return ST_OK;
}

/* region_destroy(base, pages) */
int64_t
sys_region_destroy(SYS_ARGS)
{
    enum status status = permission_check(SYS_GROUP_MEMORY, "region_destroy");

    if (status == ST_OK) {
        status = sys_check_range(a, b);
    }
    return status == ST_OK ? region_range_destroy(a, b) : status;
}

/* region_protect(base, pages, prot): rights only shrink. */
int64_t
sys_region_protect(SYS_ARGS)
{
    enum status status = permission_check(SYS_GROUP_MEMORY, "region_protect");

    if (status == ST_OK) {
        status = sys_check_range(a, b);
    }
    if (status == ST_OK && (c & ~(uint64_t)SYS_PROT_ALL) != 0) {
        status = ST_EINVAL;
    }
    return status == ST_OK ? region_range_protect(a, b, (uint32_t)c) : status;
}

/* @page begins 2 MiB of an anonymous region that are all wanted and all empty:
 * have their frames come in order from a 2 MiB frame, if there is one. Their
 * table is made first, for it would take the first of them. If the thread answers
 * for them itself, both wait until it has: it may end before, or take the region
 * away, and nobody would find an empty table. */
static void
sys_populate_open_large(struct space *space, uint64_t page)
{
    const struct region *region = region_lookup(&space->regions, page);
    struct thread *thread = thread_current();
    vaddr_t address = vaddr(page << PAGE_SHIFT);
    struct mmu_cursor at;

    if (region == NULL || region->spec.kind != REGION_ANONYMOUS
        || region_end(region) - page < MMU_TABLE_LEAVES
        || mmu_find(&space->tables, address, &at)) {
        return;
    }
    if (fault_placement == FAULT_BY_SELF && self_pager_serves(thread, region)) {
        thread->upcall.large_page = page;
    } else if (mmu_ensure(&space->tables, address, &at) == ST_OK) {
        /* Without one, the pages stay small. */
        (void)pmm_open_large();
    }
}

/* Whether @page of @space allows @access, on a page of any size. */
static bool
sys_populate_has(const struct space *space, uint64_t page, uint32_t access)
{
    struct mmu_cursor at;
    unsigned level;

    if (mmu_find(&space->tables, vaddr(page << PAGE_SHIFT), &at)) {
        return mmu_leaf_allows(*at.leaf, access);
    }
    return mmu_leaf_allows(
        mmu_lookup(&space->tables, vaddr(page << PAGE_SHIFT), &level), access);
}

/* Make @page present for @access, which may end the call to be tried again.
 * @left pages are still wanted, this one included. Returns false if it cannot
 * be. */
static bool
sys_populate_one(struct space *space, uint64_t page, uint64_t left,
                 uint32_t access)
{
    if (!sys_populate_has(space, page, access)) {
        if (page % MMU_TABLE_LEAVES == 0 && left >= MMU_TABLE_LEAVES) {
            sys_populate_open_large(space, page);
        }
        if (page_fault_for_call(page, access) != ST_OK) {
            mmu_prune(&space->tables, vaddr(page << PAGE_SHIFT));
            return false;
        }
    }
    if ((page + 1) % MMU_TABLE_LEAVES == 0) {
        (void)vmm_enlarge(space,
                          vaddr((page + 1 - MMU_TABLE_LEAVES) << PAGE_SHIFT));
    }
    return true;
}

/* region_populate(base, pages, prot): make pages present, as reading them (or,
 * with PROT_WRITE, writing them) would; the number now present, fewer than asked where one cannot be had, or
 * ST_EPAGER when the first cannot. */
int64_t
sys_region_populate(SYS_ARGS)
{
    struct thread *thread = thread_current();
    struct process *process = thread->process;
    enum status status = permission_check(SYS_GROUP_MEMORY, "region_populate");
    uint32_t access;
    uint64_t done;

    if (status == ST_OK) {
        status = sys_check_range(a, b);
    }
    if (status == ST_OK
        && (c == 0 || (c & ~(uint64_t)(PROT_READ | PROT_WRITE)) != 0)) {
        status = ST_EINVAL;
    }
    if (status != ST_OK) {
        return status;
    }
    access = (c & PROT_WRITE) != 0 ? FAULT_WRITE : FAULT_READ;
    while (thread->progress < b) {
        if (!sys_populate_one(&process->space,
                              (a >> PAGE_SHIFT) + thread->progress,
                              b - thread->progress, access)) {
            break;
        }
        thread->progress++;
        if (thread->progress % POPULATE_STEP_PAGES == 0) {
            sched_checkpoint();
        }
    }
    done = thread->progress;
    thread->progress = 0;
    return done == 0 ? ST_EPAGER : (int64_t)done;
}

/* region_query(address, &info): the region at or above the address. */
int64_t
sys_region_query(SYS_ARGS)
{
    struct process *process = process_current();
    const struct region *region;
    struct region_info info;

    if (a >= USER_END) {
        return ST_EINVAL;
    }
    region = region_at_or_after(&process->space.regions, a >> PAGE_SHIFT);
    if (region == NULL) {
        return ST_ENOENT;
    }
    region_range_describe(&process->space, region, &info);
    return usercopy_out(b, &info, sizeof(info));
}

/* ---- memory objects ---------------------------------------------------- */

/* memory_create(pages): a handle with every right. */
int64_t
sys_memory_create(SYS_ARGS)
{
    struct process *process = process_current();
    struct memory_object *memory;
    handle_t handle;
    enum status status = permission_check(SYS_GROUP_MEMORY, "memory_create");

    if (status == ST_OK) {
        status = handle_reserve(&process->handles, process);
    }
    if (status == ST_OK) {
        status = memory_object_create(a, &memory);
    }
    if (status != ST_OK) {
        return status;
    }
    handle = handle_add(&process->handles, &memory->object,
                        RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT | RIGHT_MANAGE,
                        0);
    object_put(&memory->object);
    return handle;
}

/* memory_resize(object, pages): shrink, or grow again up to the first size. */
int64_t
sys_memory_resize(SYS_ARGS)
{
    struct handle_entry *entry;
    struct memory_object *memory;
    enum status status = permission_check(SYS_GROUP_MEMORY, "memory_resize");

    if (status == ST_OK) {
        status = handle_resolve(&process_current()->handles, a, OBJECT_MEMORY,
                                RIGHT_MANAGE, &entry);
    }
    if (status != ST_OK) {
        return status;
    }
    memory = CONTAINER_OF(entry->object, struct memory_object, object);
    if (b >= memory->pages) {
        return memory_object_grow(memory, b);
    }
    while (!memory_object_shrink_step(memory, b, 16)) {
        sched_checkpoint();
    }
    return sched_return(ST_OK);
}
