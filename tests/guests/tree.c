/* SPDX-License-Identifier: MIT */
/*
 * A tree of processes of which everyone wants all: each has children until it may
 * have no more, then takes memory until it may have no more, and stays.
 *
 *      tree             what a child may not have more of than its parent
 *      tree greedy N    everyone has N children, and they N-1, and all take all
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_INSPECT | 1u << SYS_GROUP_POWER,
               0, 128 * 1024);

#define PAGE 4096u

static int64_t
spawn(const char *mode, struct spawn_request *request)
{
    char args[40];
    int bytes = snprintf(args, sizeof(args), "tree%c%s", 0, mode);

    strcpy(request->name, "tree");
    request->args = syscall_address(args);
    request->args_bytes = (uint32_t)bytes + 1;
    return process_spawn(request);
}

static int64_t
run(const char *mode, uint64_t max_mem, uint32_t priority)
{
    struct spawn_request request = { .max_mem = max_mem, .priority = priority };
    int64_t process = spawn(mode, &request);
    int64_t word = process < 0 ? process : process_wait((handle_t)process, 0);

    (void)handle_close((handle_t)process);
    return word;
}

static struct process_info
myself(void)
{
    struct process_info row = { .id = 0 };

    (void)sys_processes((uint64_t)process_self() % SYSTEM_PROCESS_SLOTS, &row,
                        sizeof(row));
    return row;
}

/* ---- a child never gets more ------------------------------------------------ */

/* What the child is asked to find out; its status is the answer. */
static int
child(const char *what)
{
    static const uint64_t none[6];
    struct region_info stack = { .base = 0 };

    if (strcmp(what, "limit") == 0) { /* in units of 64 frames */
        return (int)(myself().limit_frames / 64);
    }
    if (strcmp(what, "grandchild") == 0) { /* asks for more than we have */
        return (int)run("limit", 1u << 30, 0);
    }
    if (strcmp(what, "priority") == 0) {
        return thread_priority(0, 9) == ST_EPERM ? 1 : 2;
    }
    if (strcmp(what, "higher-child") == 0) {
        return run("priority", 0, 9) == ST_EPERM ? 1 : 2;
    }
    if (strcmp(what, "power") == 0) {
        return syscall_fast(SYS_sys_power, none) == ST_EPERM ? 1 : 2;
    }
    if (strcmp(what, "stack") == 0) { /* pages of it */
        (void)region_query(syscall_address(&stack), &stack);
        return (int)stack.pages;
    }
    return 99;
}

static void
never_more(void)
{
    uint32_t mine = (uint32_t)thread_priority(0, 0);

    claim_equal("a limit is what the parent says", run("limit", 640 * PAGE, 0),
                10);
    claim_equal("and never more than the parent's",
                run("grandchild", 1280 * PAGE, 0), 20);
    claim_equal("a priority above the ceiling is refused",
                run("priority", 0, mine < 8 ? mine : 8), 1);
    claim_equal("to a child too", run("higher-child", 0, mine < 8 ? mine : 8),
                1);
    claim_equal("the stack is what the manifest says", run("stack", 0, 0), 32);
    claim_status("less than an image needs is refused",
                 run("limit", 2 * PAGE, 0), ST_ENOMEM);
    claim_true("what we use, we hold",
               myself().charged_frames <= myself().held_frames);
    claim_equal("in units of 64 frames", (int64_t)myself().held_frames % 64, 0);
}

/* ---- everyone takes all ------------------------------------------------------- */

static void
greedy(unsigned width)
{
    struct region_request request = {
        .pages = 16,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base;

    for (unsigned i = 0; width > 0 && i < width; i++) {
        struct spawn_request child_request = { .max_mem = 0 };
        char args[40];
        int bytes =
            snprintf(args, sizeof(args), "tree%cgreedy%c%u", 0, 0, width - 1);

        strcpy(child_request.name, "tree");
        child_request.args = syscall_address(args);
        child_request.args_bytes = (uint32_t)bytes + 1;
        (void)process_spawn(&child_request);
    }
    /* The others first shall be there. */
    (void)process_sleep_until(process_clock() + 500000000u);
    do {
        base = region_create(&request);
    } while (base > 0 && region_populate((uint64_t)base, 16, PROT_WRITE) == 16);
    for (;;) {
        (void)process_sleep_until(process_clock() + 1000000000u);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "greedy") == 0) {
        greedy((unsigned)strtoul(argv[2], NULL, 0));
    } else if (argc > 1) {
        return child(argv[1]);
    }
    never_more();
    return claim_end();
}
