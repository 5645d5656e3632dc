/* SPDX-License-Identifier: MIT */
/*
 * What a handle's end does to those who use it at that moment, and to what only
 * it named. Each claim was once a hole that the system call fuzzer found.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define STACK_BYTES 8192u

static uint8_t stacks[2][STACK_BYTES] __attribute__((aligned(16)));
static handle_t waits_for;

static int64_t
start_thread(void (*body)(void *), unsigned stack)
{
    return thread_create(body, NULL, stacks[stack] + STACK_BYTES - 8, 0);
}

/* thread_exit takes a byte: a status as its positive number. */
static void
wait_for_bell(void *argument)
{
    (void)argument;
    thread_exit((int)-notify_wait(waits_for, 1, 0));
}

static void
wait_for_message(void *argument)
{
    struct ipc_message m = { .slot = 0 };

    (void)argument;
    thread_exit((int)-ipc_receive(waits_for, &m, 0));
}

/* A thread waits by @handle; another of the process closes it. */
static void
close_under(const char *what, int64_t handle, void (*body)(void *))
{
    int64_t thread;

    waits_for = (handle_t)handle;
    thread = start_thread(body, 0);
    (void)process_sleep_until(process_clock() + 1); /* it waits now */
    claim_status("the handle can be closed", handle_close(waits_for), ST_OK);
    claim_equal(what, thread_join((handle_t)thread, 0), -ST_EBADF);
    (void)handle_close((handle_t)thread);
}

/* The memory that was the object's is somebody else's by now. */
static void
objects_come_and_go(void)
{
    for (unsigned i = 0; i < 300; i++) {
        int64_t bell = notify_create();
        int64_t memory = syscall1(SYS_memory_create, 512);

        (void)handle_close((handle_t)bell);
        (void)handle_close((handle_t)memory);
    }
}

static int64_t
spawn_hello(uint32_t flags)
{
    struct spawn_request request = { .name = "hello", .flags = flags };

    return process_spawn(&request);
}

static uint32_t
youngest_process(void)
{
    struct process_info row;
    uint32_t youngest = 0;

    for (uint64_t slot = 0; sys_processes(slot, &row, sizeof(row)) == 1;
         slot = row.id % SYSTEM_PROCESS_SLOTS + 1) {
        youngest = row.id > youngest ? row.id : youngest;
    }
    return youngest;
}

/* Nobody can start it any more: it ends. */
static void
suspended_for_ever(void)
{
    uint32_t self = (uint32_t)process_self();
    int64_t first = spawn_hello(SPAWN_SUSPENDED);
    int64_t second = handle_copy((handle_t)first, RIGHT_ALL);
    int64_t look = handle_copy((handle_t)first, RIGHT_READ);

    claim_true("it is there", youngest_process() > self);
    (void)handle_close((handle_t)first);
    claim_status("one handle left: it waits on",
                 process_wait((handle_t)look, 1), ST_ETIMEDOUT);
    (void)handle_close((handle_t)second);
    claim_equal("none that could start it: it is ended",
                process_wait((handle_t)look, 0), EXIT_BY_KILL);
    claim_equal("and gone", youngest_process(), self);
    (void)handle_close((handle_t)look);

    first = spawn_hello(0);
    look = handle_copy((handle_t)first, RIGHT_READ);
    (void)handle_close((handle_t)first);
    claim_equal("one that runs goes on without a handle",
                process_wait((handle_t)look, 0), 0);
    (void)handle_close((handle_t)look);
}

/* An ended process that is still named has no space to look into. */
static void
ended_is_not_inspected(void)
{
    struct translate_info where;
    struct region_info row;
    int64_t child = spawn_hello(SPAWN_SUSPENDED);
    uint32_t id = youngest_process();
    uint64_t image;

    claim_equal("its regions", sys_regions(id, &row, sizeof(row), 0), 1);
    image = row.base;
    claim_status("while it lives", sys_translate(id, image, &where), ST_OK);
    (void)process_kill((uint64_t)child);
    (void)process_wait((handle_t)child, 0);
    for (uint64_t page = 0; page < 64; page++) {
        if (sys_translate(id, page << 36, &where) != ST_ESRCH) {
            claim_status("ended", sys_translate(id, page << 36, &where),
                         ST_ESRCH);
        }
    }
    claim_status("ended", sys_translate(id, image, &where), ST_ESRCH);
    claim_status("no regions", sys_regions(id, &row, sizeof(row), 0), ST_ESRCH);
    (void)handle_close((handle_t)child);
}

int
main(void)
{
    close_under("notify_wait ends with ST_EBADF", notify_create(),
                wait_for_bell);
    objects_come_and_go();
    close_under("ipc_receive ends with ST_EBADF", endpoint_create(0),
                wait_for_message);
    objects_come_and_go();
    suspended_for_ever();
    ended_is_not_inspected();
    return claim_end();
}
