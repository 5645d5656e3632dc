/* SPDX-License-Identifier: MIT */
/*
 * Claims about what two processes do not share: isolate. It spawns itself as
 * `isolate child` (same program, same addresses, other memory) and as `isolate
 * peek`, which reads where only its parent has memory.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_PROCESS | 1u << SYS_GROUP_INSPECT, 0, 0);

#define PAGE        4096u
#define SHARED_AT   0x0000200000000000u /* both have a region here */
#define PARENTS_AT  0x0000300000000000u /* only the parent has */
#define PAGES       16u
#define FRAMES_MOST (1u << 20)

static volatile uint64_t isolate_data = 1; /* .data */
static volatile uint64_t isolate_bss;

static volatile uint64_t *
isolate_region(uint64_t base)
{
    struct region_request request = {
        .base = base,
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t at = region_create(&request);

    if (at < 0) {
        exit(2);
    }
    return (volatile uint64_t *)(uintptr_t)at;
}

/* Exits with the number of the first thing that it should not have seen. */
static int
child(void)
{
    volatile uint64_t *page;

    if (isolate_data != 1) {
        return 10;
    }
    if (isolate_bss != 0) {
        return 11;
    }
    page = isolate_region(SHARED_AT);
    for (unsigned i = 0; i < PAGES * PAGE / 8; i++) {
        if (page[i] != 0) {
            return 12;
        }
        page[i] = 0xCCCCCCCC;
    }
    isolate_data = 0xCCCCCCCC;
    isolate_bss = 0xCCCCCCCC;
    return 0;
}

static int
peek(void)
{
    return (int)*(volatile uint64_t *)(uintptr_t)PARENTS_AT;
}

static handle_t
isolate_spawn(const char *mode, uint32_t flags)
{
    struct spawn_request request = { .name = "isolate", .flags = flags };
    char args[32] = "isolate";
    int64_t process;

    strcpy(args + sizeof("isolate"), mode);
    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)(sizeof("isolate") + strlen(mode) + 1);
    process = process_spawn(&request);
    if (process < 0) {
        exit(3);
    }
    return (handle_t)process;
}

/* ---- every frame of every process ------------------------------------------ */

static uint8_t frame_seen[FRAMES_MOST / 8];
static uint64_t frames_twice;
static uint64_t frames_found;
static uint64_t frames_kernel;

static void
isolate_mark(const struct translate_info *info)
{
    uint64_t frame = info->frame_address / PAGE;

    if (info->frame_address == 0 || frame >= FRAMES_MOST) {
        return;
    }
    frames_found++;
    /* Text and constants are the boot module's, the same for everybody. */
    if (info->frame_kind == FRAME_MODULE && (info->prot & PROT_WRITE) == 0) {
        return;
    }
    frames_kernel += info->frame_kind != FRAME_USER;
    frames_twice += frame_seen[frame / 8] >> (frame % 8) & 1;
    frame_seen[frame / 8] |= (uint8_t)(1u << frame % 8);
}

static void
isolate_mark_process(uint32_t id)
{
    struct region_info region;
    uint64_t at = USER_BASE;

    while (sys_regions(id, &region, sizeof(region), at) == 1) {
        for (uint64_t i = 0; i < region.pages && region.resident > 0; i++) {
            struct translate_info info;

            if (sys_translate(id, region.base + i * PAGE, &info) == ST_OK) {
                isolate_mark(&info);
            }
        }
        at = region.base + region.pages * PAGE;
    }
}

static void
isolate_check_frames(void)
{
    struct process_info row;
    uint64_t start = 0;
    int64_t processes = 0;

    while (sys_processes(start, &row, sizeof(row)) == 1) {
        isolate_mark_process(row.id);
        start = row.id + 1;
        processes++;
    }
    claim_true("four processes at least were looked at", processes >= 4);
    claim_true("dozens of frames were found", frames_found >= 60);
    claim_equal("frames that two pages show", (int64_t)frames_twice, 0);
    claim_equal("frames that are not a user's", (int64_t)frames_kernel, 0);
}

int
main(int argc, char **argv)
{
    struct exit_report report;
    volatile uint64_t *shared;
    volatile uint64_t *own;
    handle_t other;
    int64_t changed = 0;

    if (argc > 1) {
        return strcmp(argv[1], "child") == 0 ? child() : peek();
    }
    isolate_data = 0xAAAAAAAA;
    isolate_bss = 0xAAAAAAAA;
    shared = isolate_region(SHARED_AT);
    own = isolate_region(PARENTS_AT);
    for (unsigned i = 0; i < PAGES * PAGE / 8; i++) {
        shared[i] = 0xAAAAAAAA;
        own[i] = 0xAAAAAAAA;
    }
    other = isolate_spawn("child", 0);
    claim_equal("the same addresses hold other memory in a child",
                process_wait(other, 0), 0);
    claim_equal(".data is as it was", (int64_t)isolate_data, 0xAAAAAAAA);
    claim_equal(".bss is as it was", (int64_t)isolate_bss, 0xAAAAAAAA);
    for (unsigned i = 0; i < PAGES * PAGE / 8; i++) {
        changed += shared[i] != 0xAAAAAAAA;
    }
    claim_equal("words that a child changed", changed, 0);

    other = isolate_spawn("peek", 0);
    (void)process_wait(other, 0);
    (void)process_report(other, &report);
    claim_equal("a child that reads its parent's memory is ended",
                report.reason, REASON_NO_REGION);
    claim_equal("at that address", (int64_t)report.address, PARENTS_AT);

    other = isolate_spawn("child", SPAWN_SUSPENDED);
    isolate_check_frames();
    (void)process_kill(other);
    (void)process_wait(other, 0);
    return claim_end();
}
