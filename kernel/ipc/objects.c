/* SPDX-License-Identifier: MIT */
/* The one place that knows every kind of object, and what processes need of the
 * rooms above them. */
#include <arch/cpu.h>
#include <klib/panic.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <task/object.h>
#include <task/process.h>

#include "binding.h"
#include "console.h"
#include "detach.h"
#include "endpoint.h"
#include "fault.h"
#include "ipc.h"
#include "memory_object.h"
#include "notification.h"
#include "pager_watch.h"
#include "supervisor.h"

const struct object_class object_classes[OBJECT_KINDS] = {
    [OBJECT_NONE] = { .name = "none" },
    [OBJECT_PROCESS] = { .name = "process",
                         .destroy = process_destroy,
                         .handle_added = process_handle_added,
                         .handle_removed = process_handle_removed },
    [OBJECT_THREAD] = { .name = "thread", .destroy = thread_destroy },
    [OBJECT_ENDPOINT] = { .name = "endpoint",
                          .destroy = endpoint_destroy,
                          .handle_added = endpoint_handle_added,
                          .handle_removed = endpoint_handle_removed },
    [OBJECT_NOTIFICATION] = { .name = "notification",
                              .destroy = notification_destroy },
    [OBJECT_MEMORY] = { .name = "memory", .destroy = memory_object_destroy },
    [OBJECT_BINDING] = { .name = "binding", .destroy = binding_destroy },
    [OBJECT_CONSOLE] = { .name = "console", .destroy = console_object_destroy },
};

/* What an ending process owes: every call it took and did not answer. Another pager
 * may attach from the first step on, and wait before the last one. */
bool
process_hook_teardown(struct process *process, unsigned most)
{
    if (!pager_watch_detach_step(process, most)) {
        return false;
    }
    for (; most > 0 && !list_is_empty(&process->owed); most--) {
        /* The last first: the oldest fault ends up before the others. */
        fault_requeue(
            LIST_ENTRY(process->owed.prev, struct call, delivered_link));
    }
    for (; most > 0 && !list_is_empty(&process->delivered); most--) {
        const struct call *call =
            LIST_ENTRY(process->delivered.next, struct call, delivered_link);

        thread_abort_wait(call->owner, ST_EPIPE);
    }
    return list_is_empty(&process->owed) && list_is_empty(&process->delivered)
           && memory_object_inherit_step(process, most)
           && charge_orphan_step(process, most);
}

void
process_hook_announce(void)
{
    supervisor_wake();
}

bool
process_hook_end_bonds(struct process *process, unsigned most)
{
    return detach_end_step(process, most);
}

void
pmm_hook_pause(void)
{
    cpu_interrupt_window();
}

void
process_hook_signal(struct notification *watcher, uint64_t bits)
{
    notification_signal(watcher, bits);
}

void
process_hook_unwatch(struct notification *watcher)
{
    object_put(&watcher->object);
}

void
process_hook_unbind(struct binding *pager)
{
    object_put(&pager->object);
}

/* ---- records of regions ------------------------------------------------ */

static struct process *
objects_owner(struct region_tree *tree)
{
    struct space *space = CONTAINER_OF(tree, struct space, regions);

    return CONTAINER_OF(space, struct process, space);
}

static struct region *
objects_region_alloc(struct region_tree *tree, void *binding)
{
    struct process *process = objects_owner(tree);
    struct region *region;

    if (process_charge_bytes(process, sizeof(*region)) != ST_OK) {
        return NULL;
    }
    region = kmalloc(sizeof(*region));
    if (region == NULL) {
        process_uncharge_bytes(process, sizeof(*region));
        return NULL;
    }
    if (binding != NULL) {
        object_get(binding); /* a binding or a memory object */
    }
    return region;
}

static void
objects_region_free(struct region_tree *tree, struct region *region)
{
    if (region->spec.binding != NULL) {
        object_put(region->spec.binding);
    }
    kfree(region);
    process_uncharge_bytes(objects_owner(tree), sizeof(*region));
}

const struct region_ops process_region_ops = {
    .alloc = objects_region_alloc,
    .free = objects_region_free,
};
