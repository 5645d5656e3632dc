/* SPDX-License-Identifier: MIT */
/*
 * Claim (H69): who may inspect the machine reads of any process by its number, and
 * manages by number only itself and what descends from it.
 *
 *      numbers                 has the groups process and inspect, and not power
 *        `-- numbers parent    starts one more and sleeps
 *              `-- numbers child    tries to kill its ancestors, then sleeps
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_PROCESS | 1u << SYS_GROUP_INSPECT, 0, 0);

#define FOR_EVER (UINT64_MAX >> 1)

#define IS(call, want) claim_status(#call, call, want)

static handle_t
start(const char *mode)
{
    static char args[32];
    struct spawn_request request = { .name = "numbers",
                                     .args = syscall_address(args) };
    int64_t child;

    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "numbers%c%s", 0, mode) + 1;
    child = process_spawn(&request);
    if (child < 0) {
        exit(2);
    }
    return (handle_t)child;
}

/* The number of the process @name, of @parent if that is not 0; or 0. */
static uint64_t
number_of(const char *name, uint64_t parent)
{
    struct process_info row;
    uint64_t slot = 0;

    while (sys_processes(slot, &row, sizeof(row)) == 1) {
        slot = row.id % SYSTEM_PROCESS_SLOTS + 1;
        if (strcmp(row.name, name) == 0
            && (parent == 0 || row.parent == parent)) {
            return row.id;
        }
    }
    return 0;
}

static uint64_t
parent_of(uint64_t number)
{
    struct process_info row;

    (void)sys_processes(number % SYSTEM_PROCESS_SLOTS, &row, sizeof(row));
    return row.parent;
}

/* Those above are not ours to end; the first of them is told by our own end. */
static int
be_child(void)
{
    uint64_t parent = parent_of((uint64_t)process_self());

    if (process_kill(PROCESS_BY_ID(parent)) != ST_EPERM
        || process_kill(PROCESS_BY_ID(parent_of(parent))) != ST_EPERM) {
        return 1;
    }
    (void)process_sleep_until(FOR_EVER);
    return 0;
}

static void
claim_strange(const char *name)
{
    uint64_t it = PROCESS_BY_ID(number_of(name, 0));
    struct exit_report report;

    printf("%s:\n", name);
    IS(process_kill(it), ST_EPERM);
    IS(syscall1(SYS_process_start, it), ST_EPERM);
    IS(syscall3(SYS_process_watch, it, HANDLE_NONE, 0), ST_EPERM);
    IS(process_report(it, &report), ST_OK);
    IS(syscall2(SYS_process_wait, it, 1), ST_ETIMEDOUT);
}

/* Until @number sleeps: then it has tried all it wanted to. */
static void
until_asleep(uint64_t number)
{
    struct process_info row = { .state = PROCESS_RUNNING };

    while (row.state != PROCESS_BLOCKED
           && sys_processes(number % SYSTEM_PROCESS_SLOTS, &row, sizeof(row))
                  == 1
           && row.id == number) {
        (void)thread_yield();
    }
}

int
main(int argc, char **argv)
{
    uint64_t self = (uint64_t)process_self();
    uint64_t parent;
    uint64_t child = 0;
    handle_t family;

    if (argc > 1 && strcmp(argv[1], "child") == 0) {
        return be_child();
    }
    if (argc > 1) {
        (void)start("child");
        (void)process_sleep_until(FOR_EVER);
    }
    claim_strange("pager");
    claim_strange("shell");
    family = start("parent");
    parent = number_of("numbers", self);
    while (child == 0) {
        child = number_of("numbers", parent);
        (void)thread_yield();
    }
    until_asleep(child);
    IS(syscall1(SYS_process_start, PROCESS_BY_ID(self)), ST_EINVAL);
    IS(syscall2(SYS_process_wait, PROCESS_BY_ID(child), 1), ST_ETIMEDOUT);
    IS(process_kill(PROCESS_BY_ID(child)), ST_OK);
    IS(syscall2(SYS_process_wait, PROCESS_BY_ID(child), 0), EXIT_BY_KILL);
    IS(process_kill(PROCESS_BY_ID(parent)), ST_OK);
    IS(process_wait(family, 0), EXIT_BY_KILL);
    return claim_end();
}
