/* SPDX-License-Identifier: MIT */
/* Memory of the machine: mem, heap, vmcheck. */
#include <base/align.h>

#include <libsecos/stdio.h>
#include <libsecos/stdlib.h>
#include <libsecos/string.h>
#include <libsecos/system.h>

#include "commands.h"
#include "format.h"

#define MIB_BYTES 0x100000ull

/* ---- mem ------------------------------------------------------------------ */

/* Total is what the machine was given; free is rounded down, and used is the
 * rest, so that the three always add up. */
static void
mem_print(const struct memory_info *info)
{
    uint64_t total = info->ram_bytes / MIB_BYTES;
    uint64_t free = info->frames[FRAME_FREE] * PAGE_BYTES / MIB_BYTES;

    printf("\n");
    printf("  Total memory:     %lu MB\n", total);
    printf("  Used memory:      %lu MB\n", total - free);
    printf("  Free memory:      %lu MB\n", free);
    printf("\n");
    printf("=== Heap Statistics ===\n");
    printf("Allocated:  %lu bytes\n", info->heap_allocated_bytes);
    printf("Freed:      %lu bytes\n", info->heap_freed_bytes);
    printf("In use:     %lu bytes\n", info->heap_used_bytes);
    printf("\n");
}

static void
mem_print_kinds(const struct memory_info *info)
{
    for (uint32_t kind = 0; kind < FRAME_KINDS; kind++) {
        uint64_t frames = info->frames[kind];

        printf("  %-14s%10lu frames %10lu KB\n", format_frame_kind(kind),
               frames, format_kb(frames));
    }
    printf("\n  processes hold: %lu, of %lu that they may\n\n",
           info->quota_held, info->quota_frames);
}

int
command_mem(const struct invocation *invocation)
{
    bool verbose = invocation->count == 2
                   && strcmp(invocation->words[1], "-v") == 0;
    struct memory_info info = { .ram_bytes = 0 };
    int64_t status;

    if (invocation->count > 1 && !verbose) {
        return command_usage(invocation);
    }
    status = sys_memory(&info);
    if (status < 0) {
        return command_failed("mem", status);
    }
    mem_print(&info);
    if (verbose) {
        mem_print_kinds(&info);
    }
    return COMMAND_OK;
}

/* ---- heap ----------------------------------------------------------------- */

int
command_heap(const struct invocation *invocation)
{
    struct memory_info info = { .ram_bytes = 0 };
    struct malloc_stats own;
    int64_t status;

    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    status = sys_memory(&info);
    if (status < 0) {
        return command_failed("heap", status);
    }
    malloc_get_stats(&own);
    printf("              kernel       shell\n");
    printf("allocated %10lu  %10lu bytes\n", info.heap_allocated_bytes,
           own.allocated_bytes);
    printf("freed     %10lu  %10lu bytes\n", info.heap_freed_bytes,
           own.freed_bytes);
    printf("in use    %10lu  %10lu bytes\n", info.heap_used_bytes,
           own.used_bytes);
    printf("held      %10lu  %10lu bytes\n",
           format_kb(info.frames[FRAME_HEAP]) * 1024, own.held_bytes);
    return COMMAND_OK;
}

/* ---- vmcheck -------------------------------------------------------------- */

static void
vmcheck_line(const char *text, uint64_t count, uint64_t *bad)
{
    printf("  %-58s%6lu %s\n", text, count, count == 0 ? "ok" : "BROKEN");
    *bad += count;
}

int
command_vmcheck(const struct invocation *invocation)
{
    struct audit_info audit = { .frames_checked = 0 };
    uint64_t bad = 0;
    int64_t status;

    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    status = sys_audit(&audit);
    if (status < 0) {
        return command_failed("vmcheck", status);
    }
    printf("%lu frames and %lu leaves of page tables checked\n",
           audit.frames_checked, audit.leaves_checked);
    vmcheck_line("(a) leaves that are writable and executable", audit.wx_a,
                 &bad);
    vmcheck_line("(b) frames writable by one user and executable by another",
                 audit.wx_b, &bad);
    vmcheck_line("(c) writable leaves of kernel text or constants", audit.wx_c,
                 &bad);
    vmcheck_line("user pages in the kernel's half", audit.user_in_kernel_half,
                 &bad);
    vmcheck_line("mapped frames that the frame table gives to another",
                 audit.wrong_owner, &bad);
    vmcheck_line("frames with no owner or two", audit.conservation, &bad);
    printf("  %-58s%6lu allowed\n",
           "(d) supervisor aliases of user text, never executable", audit.wx_d);
    printf("vmcheck: %s\n", bad == 0 ? "every rule holds" : "RULES ARE BROKEN");
    return bad == 0 ? COMMAND_OK : COMMAND_FAILED;
}
