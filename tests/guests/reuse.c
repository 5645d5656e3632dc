/* SPDX-License-Identifier: MIT */
/*
 * Claims about names and buffers that are used twice.
 *
 *      reuse names    H62  the handle of every kind of object, closed, its slot
 *                     taken by another; a process number, its slot taken by the
 *                     next process: an error, and the new owner is untouched
 *      reuse buffers  H30  input and output that overlap, or are one
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGE        4096u
#define SPAWNS_MOST 20000u

#define IS(call, want)  claim_status(#call, call, want)
#define SAYS(condition) claim_true(#condition, condition)

/* ---- names ------------------------------------------------------------------- */

static int64_t
names_child(uint32_t flags)
{
    struct spawn_request request = { .name = "null", .flags = flags };

    return process_spawn(&request);
}

static void
names_thread(void *argument)
{
    (void)argument;
    thread_exit(0);
}

static int64_t
names_make(enum object_kind kind)
{
    static uint8_t stack[2 * PAGE];

    switch ((int)kind) {
    case OBJECT_PROCESS:
        return names_child(SPAWN_SUSPENDED);
    case OBJECT_THREAD:
        return thread_create(names_thread, NULL, stack + sizeof(stack), 0);
    case OBJECT_ENDPOINT:
        return endpoint_create(RANK_SERVER);
    case OBJECT_NOTIFICATION:
        return notify_create();
    case OBJECT_MEMORY:
        return syscall1(SYS_memory_create, 4);
    default:
        return ST_EINVAL;
    }
}

/* Every call that takes a handle of @kind, with one that is stale. */
static void
names_refused(enum object_kind kind, handle_t old)
{
    struct ipc_message m = { .slot = 0 };
    struct region_request region = { .binding = old,
                                     .pages = 1,
                                     .prot = PROT_READ,
                                     .kind = REGION_ANONYMOUS };

    IS(handle_info(old), ST_EBADF);
    IS(handle_copy(old, 1), ST_EBADF);
    IS(handle_close(old), ST_EBADF);
    switch ((int)kind) {
    case OBJECT_PROCESS:
        IS(process_start(old), ST_EBADF);
        IS(process_wait(old, 0), ST_EBADF);
        IS(process_kill(old), ST_EBADF);
        break;
    case OBJECT_THREAD:
        IS(syscall2(SYS_thread_join, old, 0), ST_EBADF);
        IS(syscall2(SYS_thread_priority, old, 1), ST_EBADF);
        break;
    case OBJECT_ENDPOINT:
        IS(ipc_call(old, 0, &m, 0), ST_EBADF);
        IS(ipc_receive(old, &m, 1), ST_EBADF);
        IS(endpoint_mint(old, 1, RIGHT_CALL), ST_EBADF);
        IS(binding_create(old, 1, PROT_READ, 1), ST_EBADF);
        break;
    case OBJECT_NOTIFICATION:
        IS(notify_signal(old, 1), ST_EBADF);
        IS(notify_wait(old, 1, 1), ST_EBADF);
        break;
    case OBJECT_MEMORY:
        IS(syscall2(SYS_memory_resize, old, 1), ST_EBADF);
        IS(region_create(&region), ST_EBADF);
        break;
    default:
        break;
    }
}

/* Close a handle of kind @old_kind, have its slot taken by one of @new_kind. */
static void
names_pair(enum object_kind old_kind, enum object_kind new_kind)
{
    handle_t old = (handle_t)names_make(old_kind);
    handle_t new;

    if (old_kind == OBJECT_PROCESS) {
        (void)process_kill(old);
        (void)process_wait(old, 0);
    }
    (void)handle_close(old);
    new = (handle_t)names_make(new_kind);
    SAYS((old & HANDLE_SLOT_MASK) == (new &HANDLE_SLOT_MASK) && old != new);
    names_refused(old_kind, old);
    claim_equal("the new owner is what it was", handle_info(new) & 0xFF,
                (int64_t)new_kind);
    if (new_kind == OBJECT_PROCESS) {
        (void)process_kill(new);
        (void)process_wait(new, 0);
    }
    (void)handle_close(new);
}

static uint32_t
names_number(void)
{
    static struct process_info rows[64];
    int64_t count;
    uint32_t newest = 0;

    for (uint64_t start = 0;
         (count = sys_processes(start, rows, sizeof(rows))) > 0;) {
        for (int64_t i = 0; i < count; i++) {
            if (strcmp(rows[i].name, "null") == 0) {
                newest = rows[i].id;
            }
            start = rows[i].id % SYSTEM_PROCESS_SLOTS + 1;
        }
    }
    return newest;
}

/* A number names one process and, when that has ended, nobody. */
static void
names_of_processes(void)
{
    handle_t first = (handle_t)names_child(SPAWN_SUSPENDED);
    uint32_t old = names_number();
    struct exit_report report;
    uint32_t next = 0;
    handle_t process = first;

    (void)process_kill(first);
    (void)process_wait(first, 0);
    (void)handle_close(first);
    for (uint32_t i = 0; i < SPAWNS_MOST; i++) {
        process = (handle_t)names_child(SPAWN_SUSPENDED);
        next = names_number();
        if (next % SYSTEM_PROCESS_SLOTS == old % SYSTEM_PROCESS_SLOTS) {
            break;
        }
        (void)process_kill(process);
        (void)process_wait(process, 0);
        (void)handle_close(process);
    }
    SAYS(next % SYSTEM_PROCESS_SLOTS == old % SYSTEM_PROCESS_SLOTS);
    SAYS(next != old);
    IS(process_kill(PROCESS_BY_ID(old)), ST_ESRCH);
    IS(process_report(PROCESS_BY_ID(old), &report), ST_ESRCH);
    IS(process_report(PROCESS_BY_ID(next), &report), ST_OK);
    SAYS(report.ended == 0);
    (void)process_kill(process);
    (void)process_wait(process, 0);
    (void)handle_close(process);
}

static void
group_names(void)
{
    static const enum object_kind kinds[] = { OBJECT_PROCESS, OBJECT_THREAD,
                                              OBJECT_ENDPOINT,
                                              OBJECT_NOTIFICATION,
                                              OBJECT_MEMORY };

    for (unsigned a = 0; a < 5; a++) {
        for (unsigned b = 0; b < 5; b++) {
            names_pair(kinds[a], kinds[b]);
        }
    }
    names_of_processes();
}

/* ---- buffers ------------------------------------------------------------------ */

/* The arguments of a program are the request itself, its name or all of it. */
static void
buffers_spawn(void)
{
    union {
        struct spawn_request request;
        char bytes[128];
    } both = { .request = { .name = "status" } };
    struct spawn_request *request = &both.request;
    int64_t process;

    request->args = syscall_address(request->name);
    request->args_bytes = sizeof("status");
    process = process_spawn(request);
    SAYS(process > 0);
    claim_equal("a program whose argument is its name",
                process_wait((handle_t)process, 0) & ~0xFFll, 0);
    (void)handle_close((handle_t)process);

    /* 128 bytes with NULs between: strings of any length, also of none. */
    request->args = syscall_address(both.bytes);
    request->args_bytes = sizeof(both.bytes);
    both.bytes[sizeof(both.bytes) - 1] = 0;
    process = process_spawn(request);
    if (process > 0) {
        SAYS((process_wait((handle_t)process, 0) & ~0xFFll) == 0);
        (void)handle_close((handle_t)process);
    } else {
        IS(process, ST_E2BIG);
    }
}

/* The address asked about is where the answer goes. */
static void
buffers_queries(void)
{
    static uint8_t pages[2 * PAGE] __attribute__((aligned(PAGE)));
    struct region_info *region = (struct region_info *)(void *)pages;
    struct region_info plain;
    struct translate_info *where = (struct translate_info *)(void *)pages;
    struct translate_info first;

    pages[0] = 1;
    IS(region_query(syscall_address(pages), &plain), ST_OK);
    IS(region_query(syscall_address(region), region), ST_OK);
    SAYS(region->base == plain.base && region->pages == plain.pages
         && region->resident == plain.resident);
    IS(sys_translate(0, syscall_address(pages), &first), ST_OK);
    IS(sys_translate(0, syscall_address(where), where), ST_OK);
    SAYS(memcmp(where, &first, sizeof(first)) == 0);
}

/* Rows of regions written into a region that is being listed, not yet there when
 * the call begins: the pages that come for the answer may be in it or not, the
 * count and the order are right. */
static void
buffers_rows(void)
{
    struct region_request request = { .pages = 16,
                                      .prot = PROT_READ | PROT_WRITE,
                                      .kind = REGION_ANONYMOUS };
    int64_t base = region_create(&request);
    struct region_info *rows = (struct region_info *)(uintptr_t)base;
    int64_t count = sys_regions(0, rows, 16 * PAGE, 0);
    int64_t sorted = 1;
    int64_t found = 0;

    for (int64_t i = 0; i < count; i++) {
        sorted &= i == 0
                  || rows[i].base
                         >= rows[i - 1].base + rows[i - 1].pages * PAGE;
        found += rows[i].base <= (uint64_t)base
                 && (uint64_t)base < rows[i].base + rows[i].pages * PAGE;
    }
    SAYS(count > 3);
    claim_equal("rows in order", sorted, 1);
    claim_equal("the region that holds the rows is among them", found, 1);
    IS(region_destroy((uint64_t)base, 16), ST_OK);
}

/* What a failed call leaves of a message: nothing. */
static void
buffers_empty(const char *name, const struct ipc_message *m)
{
    uint64_t left = m->label | m->reply_id | m->badge | m->slot;

    for (unsigned i = 0; i < IPC_WORDS; i++) {
        left |= m->words[i];
    }
    claim_equal(name, (int64_t)left, 0);
}

/* A message whose registers are all one number, sent to nobody: by each call, for
 * each reason to fail. */
static void
buffers_message(void)
{
    handle_t endpoint = (handle_t)endpoint_create(RANK_SERVER);
    struct ipc_message full = { .label = endpoint,
                                .reply_id = endpoint,
                                .badge = endpoint,
                                .slot = endpoint };
    struct ipc_message m;

    for (unsigned i = 0; i < IPC_WORDS; i++) {
        full.words[i] = endpoint;
    }
    m = full;
    IS(ipc_reply(&m), ST_EGONE);
    buffers_empty("a reply to nobody", &m);
    m = full;
    IS(ipc_call(HANDLE_SLOT_SELF, 0, &m, 0), ST_EBADF);
    buffers_empty("a call to what is no endpoint", &m);
    m = full;
    IS(ipc_call(endpoint, 0, &m, 1), ST_ETIMEDOUT);
    buffers_empty("a call that is too late", &m);
    m = full;
    IS(ipc_receive(endpoint, &m, 1), ST_ETIMEDOUT);
    buffers_empty("a receive that is too late", &m);
    m = full;
    IS(ipc_receive(endpoint, &m, process_clock() + 20000000u), ST_ETIMEDOUT);
    buffers_empty("a receive that waited", &m);
    m = full;
    IS(ipc_reply_receive(endpoint, &m, 1), ST_EGONE);
    buffers_empty("a reply to nobody, then no receive", &m);
    (void)handle_close(endpoint);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "names") == 0) {
        group_names();
    } else if (strcmp(mode, "buffers") == 0) {
        buffers_spawn();
        buffers_queries();
        buffers_rows();
        buffers_message();
    }
    return claim_end();
}
