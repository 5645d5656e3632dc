/* SPDX-License-Identifier: MIT */
/* Whose a frame is: what the frame table knows, in words for ring 3. No address
 * of the kernel half leaves here (H60). */
#include <secos/status.h>
#include <secos/system.h>

#include <base/align.h>
#include <base/compiler.h>

#include <ipc/memory_object.h>
#include <mm/frame.h>
#include <mm/pmm.h>
#include <mm/vmm.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/usercopy.h>

#include "handlers.h"

static uint32_t
sys_frame_process(struct space *space)
{
    return space == NULL || space->id == 0
               ? 0
               : CONTAINER_OF(space, struct process, space)->id;
}

/* A frame that a process maps privately, or the table of a space. */
static void
sys_frame_private(uint64_t word, struct frame_info *info)
{
    info->process = sys_frame_process(vmm_space_by_id(frame_space(word)));
    if (info->kind == FRAME_USER && info->process != 0) {
        info->places = 1;
        info->mapped_at = frame_page(word) << PAGE_SHIFT;
        info->mapped_in = info->process;
    }
}

static void
sys_frame_shared(uint64_t word, uint64_t index, struct frame_info *info)
{
    struct memory_place place = memory_object_place(word, index);

    info->process = place.maker == NULL ? 0 : place.maker->id;
    info->object = frame_object(word);
    info->object_page = frame_object_page(word);
    info->places = frame_count(word);
    if (place.space != NULL) {
        info->mapped_at = place.page.raw;
        info->mapped_in = sys_frame_process(place.space);
    }
}

/* The frame that @number is, or is a part of: of a 2 MiB frame, the first word
 * says what it is. */
static uint64_t
sys_frame_first(uint64_t number)
{
    uint64_t first = align_down(number, PMM_LARGE_FRAMES);

    return (frame_table[first] & FRAME_LARGE) != 0 ? first : number;
}

static void
sys_frame_describe(uint64_t number, uint64_t index, struct frame_info *info)
{
    uint64_t word = frame_table[number];

    info->address = number << PAGE_SHIFT;
    info->bytes = (word & FRAME_LARGE) != 0 ? LARGE_PAGE_BYTES : PAGE_BYTES;
    info->kind = frame_kind_of(word);
    info->flags = ((word & FRAME_POOLED) != 0 ? FRAME_INFO_ZEROED : 0)
                  | ((word & FRAME_MAPPED_W) != 0 ? FRAME_INFO_WRITE : 0)
                  | ((word & FRAME_MAPPED_X) != 0 ? FRAME_INFO_EXEC : 0);
    if (info->kind == FRAME_SHARED) {
        sys_frame_shared(word, index, info);
    } else if (info->kind == FRAME_MODULE) {
        info->places = frame_count(word); /* nobody remembers which */
    } else if (info->kind == FRAME_USER || info->kind == FRAME_PAGE_TABLE) {
        sys_frame_private(word, info);
    }
}

/* sys_frame(address, index, &info, bytes) */
int64_t
sys_sys_frame(SYS_ARGS)
{
    struct frame_info info = { .address = 0 };
    uint64_t number = a >> PAGE_SHIFT;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_frame");

    if (status != ST_OK) {
        return status;
    }
    if (number >= frame_limit || b >= FRAME_INFO_PLACES || d < sizeof(info)) {
        return ST_EINVAL;
    }
    sys_frame_describe(sys_frame_first(number), b, &info);
    return usercopy_out(c, &info, sizeof(info));
}
