/* SPDX-License-Identifier: MIT */
/* Whose every frame is: frames, frames why. */
#include <base/align.h>

#include <libsecos/stdio.h>
#include <libsecos/string.h>
#include <libsecos/system.h>

#include "commands.h"
#include "format.h"
#include "process_list.h"

/* ---- all of them ---------------------------------------------------------- */

static int
frames_sum(void)
{
    struct memory_info info = { .ram_bytes = 0 };
    struct audit_info audit = { .frames_checked = 0 };
    uint64_t sum = 0;
    int64_t status = sys_audit(&audit);
    bool conserved;

    if (status >= 0) {
        status = sys_memory(&info);
    }
    if (status < 0) {
        return command_failed("frames", status);
    }
    for (uint32_t kind = 0; kind < FRAME_KINDS; kind++) {
        printf("  %-14s%10lu\n", format_frame_kind(kind), info.frames[kind]);
        sum += info.frames[kind];
    }
    printf("  %-14s%10lu\n", "sum", sum);
    printf("  %-14s%10lu\n", "total", info.total_frames);
    printf("  %-14s%10lu (of free: zeroed beforehand)\n", "pooled",
           info.pooled_frames);
    conserved = sum == info.total_frames && audit.conservation == 0;
    printf("  conserved: %s\n", conserved ? "yes" : "NO");
    return conserved ? COMMAND_OK : COMMAND_FAILED;
}

/* ---- one of them ---------------------------------------------------------- */

static bool
frames_print_name(const struct process_info *row, void *context)
{
    if (row->id != *(const uint64_t *)context) {
        return false;
    }
    printf(" (%.16s)", row->name);
    return true;
}

static void
frames_print_process(uint64_t id)
{
    printf("process %lu", id);
    (void)process_list_each(frames_print_name, &id);
}

static void
frames_print_owner(const struct frame_info *info)
{
    printf("frame 0x%lx, %lu KB: %s", info->address, info->bytes / 1024,
           format_frame_kind(info->kind));
    if ((info->flags & FRAME_INFO_ZEROED) != 0) {
        printf(", zeroed beforehand");
    }
    if (info->kind == FRAME_SHARED) {
        printf(", page %lu of memory object %u", info->object_page,
               info->object);
    }
    if (info->process != 0) {
        printf(", ");
        frames_print_process(info->process);
    }
    printf("\n");
}

static void
frames_print_place(const struct frame_info *info)
{
    struct translate_info leaf = { .prot = 0 };
    char prot[4];

    (void)sys_translate(info->mapped_in, info->mapped_at, &leaf);
    printf("  at 0x%lx of ", info->mapped_at);
    frames_print_process(info->mapped_in);
    printf(", %s\n", format_prot(leaf.prot, prot));
}

static int
frames_why(uint64_t address)
{
    struct frame_info info = { .address = 0 };
    int64_t status = sys_frame(address, 0, &info);

    if (status == ST_EINVAL) {
        printf("0x%lx: no RAM there\n", address);
        return COMMAND_FAILED;
    }
    if (status < 0) {
        return command_failed("frames", status);
    }
    frames_print_owner(&info);
    if (info.mapped_at == 0) {
        printf("  shown by %lu user pages\n", info.places);
    }
    for (uint64_t i = 1; status >= 0 && info.mapped_at != 0; i++) {
        frames_print_place(&info);
        info.mapped_at = 0;
        status = sys_frame(address, i, &info);
    }
    if (info.places > FRAME_INFO_PLACES) {
        printf("  and at %lu more\n", info.places - FRAME_INFO_PLACES);
    }
    return COMMAND_OK;
}

int
command_frames(const struct invocation *invocation)
{
    uint64_t address;

    if (invocation->count == 1) {
        return frames_sum();
    }
    if (invocation->count == 3 && strcmp(invocation->words[1], "why") == 0
        && command_number(invocation->words[2], &address)) {
        return frames_why(address);
    }
    return command_usage(invocation);
}
