/* SPDX-License-Identifier: MIT */
/* Words for the enums of the ABI. */
#include "format.h"

#include <stddef.h>

#include <secos/fault.h>
#include <secos/journal.h>
#include <secos/process.h>
#include <secos/region.h>
#include <secos/syscall.h>
#include <secos/system.h>
#include <secos/types.h>

#include <base/compiler.h>

const char *
format_prot(uint32_t prot, char text[4])
{
    text[0] = (prot & PROT_READ) != 0 ? 'r' : '-';
    text[1] = (prot & PROT_WRITE) != 0 ? 'w' : '-';
    text[2] = (prot & PROT_EXEC) != 0 ? 'x' : '-';
    text[3] = '\0';
    return text;
}

static const char *
format_name(const char *const *names, size_t count, uint32_t index)
{
    return index < count && names[index] != NULL ? names[index] : "?";
}

const char *
format_region_kind(uint32_t kind)
{
    static const char *const names[] = {
        [REGION_IMAGE] = "image",   [REGION_STACK] = "stack",
        [REGION_HEAP] = "heap",     [REGION_ANONYMOUS] = "anonymous",
        [REGION_FILE] = "file",     [REGION_GUARD] = "guard",
        [REGION_DEVICE] = "device",
    };

    return format_name(names, ARRAY_COUNT(names), kind);
}

const char *
format_frame_kind(uint32_t kind)
{
    static const char *const names[FRAME_KINDS] = {
        [FRAME_RESERVED] = "reserved",
        [FRAME_FREE] = "free",
        [FRAME_KERNEL_IMAGE] = "kernel image",
        [FRAME_PAGE_TABLE] = "page table",
        [FRAME_HEAP] = "kernel heap",
        [FRAME_STACK] = "kernel stack",
        [FRAME_USER] = "user",
        [FRAME_SHARED] = "shared",
        [FRAME_MODULE] = "module",
        [FRAME_DMA] = "dma",
    };

    return format_name(names, ARRAY_COUNT(names), kind);
}

const char *
format_process_state(uint32_t state)
{
    static const char *const names[] = {
        [PROCESS_RUNNING] = "running",     [PROCESS_BLOCKED] = "blocked",
        [PROCESS_FAULTING] = "faulting",   [PROCESS_ENDING] = "ending",
        [PROCESS_SUSPENDED] = "suspended",
    };

    return format_name(names, ARRAY_COUNT(names), state);
}

const char *
format_sys_group(uint32_t group)
{
    static const char *const names[SYS_GROUPS] = {
        [SYS_GROUP_BASIC] = "basic",     [SYS_GROUP_IPC] = "ipc",
        [SYS_GROUP_MEMORY] = "memory",   [SYS_GROUP_PROCESS] = "process",
        [SYS_GROUP_SERVE] = "serve",     [SYS_GROUP_CONSOLE] = "console",
        [SYS_GROUP_INSPECT] = "inspect", [SYS_GROUP_POWER] = "power",
    };

    return format_name(names, ARRAY_COUNT(names), group);
}

const char *
format_verdict(uint32_t verdict)
{
    static const char *const names[] = {
        [VERDICT_ZERO] = "zero",         [VERDICT_MOVE] = "move",
        [VERDICT_SHARE] = "share",       [VERDICT_COPY] = "copy",
        [VERDICT_FAIL] = "fail",         [FAULT_ENDED_CANCELLED] = "cancelled",
        [FAULT_ENDED_OBJECT] = "object", [FAULT_ENDED_REFUSED] = "refused",
        [FAULT_ENDED_GONE] = "no pager", [FAULT_ENDED_MEMORY] = "no memory",
    };

    return format_name(names, ARRAY_COUNT(names), verdict);
}
