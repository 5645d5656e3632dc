/* SPDX-License-Identifier: MIT */
/* The steps of a spawn that make a view, and those that take it back. */
#include "spawn_view.h"

#include <mm/region.h>
#include <mm/vmm.h>
#include <task/process.h>

#include "memory_object.h"
#include "memory_view.h"
#include "spawn.h"

static uint64_t
spawn_view_end(const struct spawn *spawn)
{
    return spawn->request.view_base + spawn->request.view_pages * PAGE_BYTES;
}

enum status
spawn_view_step(struct spawn *spawn)
{
    uint64_t end = spawn_view_end(spawn);
    const struct region *region = region_at_or_after(
        &spawn->creator->space.regions, spawn->view_at >> PAGE_SHIFT);
    enum status status = ST_OK;
    vaddr_t start;
    vaddr_t stop;

    /* The last region may go on behind the view's end. */
    if (spawn->view_at >= end || region == NULL
        || region->spec.base << PAGE_SHIFT >= end) {
        spawn->phase = SPAWN_FINISH;
        return spawn->view_at == spawn->request.view_base ? ST_ENOENT : ST_OK;
    }
    if (spawn->views == NULL) {
        status = memory_object_open_views(spawn->creator, &spawn->views);
    }
    if (status != ST_OK) {
        return status;
    }
    start = vaddr(region->spec.base << PAGE_SHIFT);
    start = start.raw < spawn->view_at ? vaddr(spawn->view_at) : start;
    stop = vaddr(region_end(region) << PAGE_SHIFT);
    stop = stop.raw < end ? stop : vaddr(end);
    status = memory_view_show(spawn->views, spawn->creator, spawn->process,
                              region, start, &stop);
    spawn->view_at = stop.raw;
    return status;
}

bool
spawn_view_turn_back(struct spawn *spawn, enum status error)
{
    if (spawn->phase == SPAWN_UNDO || spawn->views == NULL) {
        return false;
    }
    spawn->error = error;
    spawn->view_end = spawn->view_at;
    spawn->view_at = spawn->request.view_base;
    spawn->phase = SPAWN_UNDO;
    return true;
}

/* The first page at or behind view_at that either side has; view_end if none. */
static vaddr_t
spawn_view_next(const struct spawn *spawn)
{
    vaddr_t start = vaddr(spawn->view_at);
    vaddr_t next = vaddr(spawn->view_end);
    struct mmu_found found;

    if (vmm_next(&spawn->creator->space, start, next, &found)) {
        next = found.address;
    }
    if (!spawn->process->ending
        && vmm_next(&spawn->process->space, start, next, &found)) {
        next = found.address;
    }
    return next;
}

enum status
spawn_view_undo_step(struct spawn *spawn)
{
    vaddr_t start = spawn_view_next(spawn);
    vaddr_t stop = vmm_range_limit(&spawn->creator->space, start,
                                   vaddr(spawn->view_end), MEMORY_VIEW_STEP);

    if (!spawn->process->ending) {
        stop = vmm_range_limit(&spawn->process->space, start, stop,
                               MEMORY_VIEW_STEP);
    }
    memory_view_undo(spawn->creator, spawn->process, start, stop);
    spawn->view_at = stop.raw;
    return stop.raw < spawn->view_end ? ST_OK : spawn->error;
}
