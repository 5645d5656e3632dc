/* SPDX-License-Identifier: MIT */
/*
 * Every system call: that it works, each status it can answer, and what a hostile
 * caller gets. `syscalls GROUP` runs one of the groups at the end of this file;
 * docs/abi.md is the contract. What pointers may be is in pointers.c, messages
 * are in talk.c, calls without permission in denied.c.
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
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT
                   | 1u << SYS_GROUP_POWER,
               0, 0);

#define PAGE        4096u
#define KERNEL      0xFFFFFFFF80200000u
#define NO_SUCH_PID 0x7FFFFFF0u
#define MS          1000000u
#define RW          (PROT_READ | PROT_WRITE)
#define ANY_BASE    0x0000200000000000u

/* The claim is the call itself. */
#define IS(call, want)  claim_status(#call, call, want)
#define SAYS(condition) claim_true(#condition, condition)

static uint8_t page_buffer[2 * PAGE];

static int64_t
create(uint64_t source, uint64_t base, uint64_t pages, uint64_t prot_and_kind,
       uint64_t first, uint64_t extra)
{
    struct syscall_args args = { { source, base, pages, prot_and_kind, first,
                                   extra } };

    return syscall6(SYS_region_create, args);
}

static uint64_t
anonymous(uint64_t pages)
{
    return (uint64_t)create(0, 0, pages, REGION_ARG(RW, REGION_ANONYMOUS), 0,
                            0);
}

static volatile uint8_t *
at(uint64_t address)
{
    return (volatile uint8_t *)(uintptr_t)address;
}

/* ---- basic --------------------------------------------------------------- */

static void
basic_time(void)
{
    uint64_t now = process_clock();

    IS(syscall_null(), ST_OK);
    IS(syscall_null_int80(), ST_OK);
    IS(thread_yield(), ST_OK);
    IS(process_sleep_until(0), ST_OK);
    IS(process_sleep_until(1), ST_OK);
    IS(process_sleep_until(now + 10 * MS), ST_OK);
    SAYS(process_clock() >= now + 10 * MS);
    SAYS(process_self() == process_started->process_id);
    IS(thread_set_base(2, 0), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_FS, USER_END), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_GS, KERNEL), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_GS, 1ull << 47), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_FS, USER_END - 1), ST_OK);
    IS(thread_set_base(THREAD_BASE_FS, 0), ST_OK);
    IS(syscall1(SYS_reflect_set, KERNEL), ST_EINVAL);
    IS(syscall1(SYS_reflect_set, USER_END), ST_EINVAL);
    IS(syscall1(SYS_reflect_set, 1), ST_EINVAL);
    IS(syscall1(SYS_reflect_set, 0), ST_OK);
}

static int64_t
rights_of(int64_t handle)
{
    int64_t info = handle < 0 ? handle : handle_info((handle_t)handle);

    return info < 0 ? info : info >> 8;
}

static void
basic_handles(void)
{
    int64_t self = HANDLE_SLOT_SELF;
    int64_t less = handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
    int64_t none = handle_copy(HANDLE_SLOT_SELF, 0);

    IS(handle_info(HANDLE_SLOT_SELF) & 0xFF, OBJECT_PROCESS);
    IS(rights_of(self), RIGHT_READ | RIGHT_MANAGE);
    IS(rights_of(less), RIGHT_READ);
    IS(rights_of(none), 0);
    IS(rights_of(handle_copy((handle_t)less, RIGHT_ALL)), RIGHT_READ);
    IS(syscall2(SYS_handle_copy, HANDLE_SLOT_SELF, 0x100), ST_EINVAL);
    IS(syscall2(SYS_handle_copy, HANDLE_SLOT_SELF, UINT64_MAX), ST_EINVAL);
    IS(process_kill((uint64_t)less), ST_EPERM);
    IS(process_wait((handle_t)none, 1), ST_EPERM);
    IS(handle_close((handle_t)none), ST_OK);
    IS(handle_close((handle_t)none), ST_EBADF);
    IS(handle_info((handle_t)none), ST_EBADF);
    IS(syscall1(SYS_handle_info, 0), ST_EBADF);
    IS(syscall1(SYS_handle_close, 0), ST_EBADF);
    IS(syscall1(SYS_handle_info, HANDLE_SLOT_MASK), ST_EBADF);
    IS(syscall1(SYS_handle_info, 1ull << 32 | HANDLE_SLOT_SELF), ST_EBADF);
    IS(syscall1(SYS_handle_info, UINT64_MAX), ST_EBADF);
    IS(syscall1(SYS_handle_copy, UINT64_MAX), ST_EBADF);
    IS(handle_close((handle_t)less), ST_OK);
}

/* H62: a handle kept too long is an error and never somebody else's object. */
static void
basic_stale(void)
{
    handle_t old = (handle_t)notify_create();
    handle_t new;
    int64_t reused = 0;

    (void)handle_close(old);
    new = (handle_t)notify_create();
    SAYS((old & HANDLE_SLOT_MASK) == (new &HANDLE_SLOT_MASK));
    SAYS(old != new);
    IS(notify_signal(old, 1), ST_EBADF);
    IS(handle_copy(old, 1), ST_EBADF);
    (void)handle_close(new);
    /* More often than a slot has generations: it is retired before they wrap. */
    for (uint32_t i = 0; i < (1u << 20) + 16; i++) {
        new = (handle_t)handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
        reused += new == old;
        (void)handle_close(new);
    }
    claim_equal("H62 an old handle that is valid again", reused, 0);
    IS(handle_info(old), ST_EBADF);
}

static void
basic_table_full(void)
{
    static handle_t many[1u << HANDLE_SLOT_BITS];
    uint64_t count = 0;
    int64_t handle;

    while ((handle = handle_copy(HANDLE_SLOT_SELF, RIGHT_READ)) > 0) {
        many[count++] = (handle_t)handle;
    }
    claim_status("the handle table is full some day", handle, ST_EMFILE);
    SAYS(count > 4000);
    IS(notify_create(), ST_EMFILE);
    IS(syscall1(SYS_endpoint_create, 0), ST_EMFILE);
    IS(syscall1(SYS_memory_create, 1), ST_EMFILE);
    while (count > 0) {
        (void)handle_close(many[--count]);
    }
    handle = notify_create();
    SAYS(handle > 0);
    (void)handle_close((handle_t)handle);
}

static void
basic_notify(void)
{
    handle_t bell = (handle_t)notify_create();
    handle_t ring = (handle_t)handle_copy(bell, RIGHT_CALL);
    handle_t hear = (handle_t)handle_copy(bell, RIGHT_RECEIVE);
    uint64_t now = process_clock();

    IS(notify_wait(bell, 1, 1), ST_ETIMEDOUT);
    IS(notify_wait(bell, 1, now + 8 * MS), ST_ETIMEDOUT);
    SAYS(process_clock() >= now + 8 * MS);
    IS(notify_signal(ring, 5), ST_OK);
    IS(notify_wait(hear, 4, 0), 4);
    IS(notify_wait(hear, 3, 0), 1);
    IS(notify_wait(hear, 7, 1), ST_ETIMEDOUT);
    IS(notify_signal(ring, UINT64_MAX), ST_OK);
    IS(notify_wait(hear, INT64_MAX, 0), INT64_MAX);
    IS(notify_wait(hear, 0, 0), ST_EINVAL);
    IS(notify_wait(hear, 1ull << 63, 0), ST_EINVAL);
    IS(notify_wait(hear, UINT64_MAX, 0), ST_EINVAL);
    IS(notify_signal(hear, 1), ST_EPERM);
    IS(notify_wait(ring, 1, 1), ST_EPERM);
    IS(notify_signal(HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(notify_wait(HANDLE_SLOT_CONSOLE, 1, 1), ST_EBADF);
    IS(syscall2(SYS_notify_signal, UINT64_MAX, 1), ST_EBADF);
    (void)handle_close(bell);
    (void)handle_close(ring);
    (void)handle_close(hear);
}

static void
group_basic(void)
{
    basic_time();
    basic_handles();
    basic_notify();
    basic_stale();
    basic_table_full();
}

/* ---- memory ---------------------------------------------------------------- */

static void
memory_create_refused(void)
{
    uint64_t arg = REGION_ARG(RW, REGION_ANONYMOUS);
    uint64_t own = syscall_address(&arg) & ~(uint64_t)(PAGE - 1);
    uint64_t text = syscall_address((void *)(uintptr_t)create)
                    & ~(uint64_t)(PAGE - 1);
    int64_t large;

    /* H36: where it may not be. */
    IS(create(0, 0, 0, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE + 1, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, PAGE, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_BASE - PAGE, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_BASE - PAGE, 2, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_END, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, USER_END - PAGE, 2, arg, 0, 0), ST_EINVAL);
    IS(create(0, 1ull << 47, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0xFFFF800000000000u, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0xFFFFFFFFFFFFF000u, 1, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0xFFFFFFFFFFFFF000u, 2, arg, 0, 0), ST_EINVAL);
    IS(create(0, own, 1, arg, 0, 0), ST_EEXIST);
    IS(create(0, text, 1, arg, 0, 0), ST_EEXIST);
    IS(create(0, USER_BASE, (USER_END - USER_BASE) / PAGE, arg, 0, 0),
       ST_EEXIST);
    /* H25, H26, H42: lengths. */
    IS(create(0, ANY_BASE, 1ull << 46, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1ull << 52, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1ull << 63, arg, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, UINT64_MAX, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0, UINT64_MAX, arg, 0, 0), ST_EINVAL);
    IS(create(0, 0, 1ull << 46, arg, 0, 0), ST_ENOMEM);
    /* A region costs its record, whatever its size. */
    large = create(0, 0, 1ull << 34, arg, 0, 0);
    SAYS(large > 0);
    IS(region_destroy((uint64_t)large, 1ull << 34), ST_OK);
    /* Kinds and arguments that are none. */
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, 0), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, REGION_IMAGE), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, REGION_DEVICE), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, 8), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(RW, 255), 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg | 1ull << 16, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg | 1ull << 63, 0, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg, 0, 1), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, arg, UINT64_MAX, 0), ST_EINVAL);
    IS(create(0, ANY_BASE, 1, REGION_ARG(PROT_READ, REGION_GUARD), 0, 0),
       ST_EINVAL);
    /* Who pages it. */
    IS(create(9, ANY_BASE, 1, arg, 0, 0), ST_EBADF);
    IS(create(HANDLE_SLOT_SELF, ANY_BASE, 1, arg, 0, 0), ST_EBADF);
    IS(create(UINT64_MAX, ANY_BASE, 1, arg, 0, 0), ST_EBADF);
}

/* H37: never writable and executable, neither at once nor one after the other. */
static void
memory_wx(void)
{
    uint64_t base = anonymous(4);
    int64_t code;

    IS(create(0, 0, 1, REGION_ARG(PROT_NONE, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(PROT_WRITE, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(PROT_EXEC, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(RW | PROT_EXEC, REGION_ANONYMOUS), 0, 0),
       ST_EINVAL);
    IS(create(0, 0, 1, REGION_ARG(RW | 8, REGION_ANONYMOUS), 0, 0), ST_EINVAL);
    *at(base) = 1;
    IS(region_protect(base, 4, RW | PROT_EXEC), ST_EINVAL);
    IS(region_protect(base, 4, PROT_READ | PROT_EXEC), ST_EPERM);
    IS(region_protect(base, 4, 8), ST_EINVAL);
    IS(region_protect(base, 4, 1u << 31), ST_EINVAL);
    IS(syscall3(SYS_region_protect, base, 4, 1ull << 32 | PROT_READ),
       ST_EINVAL);
    IS(region_protect(base, 2, PROT_READ), ST_OK);
    IS(region_protect(base, 2, RW), ST_EPERM);
    IS(region_protect(base, 4, RW), ST_EPERM);
    IS(region_protect(base, 2, PROT_READ | PROT_EXEC), ST_EPERM);
    IS(region_protect(base, 4, PROT_READ), ST_OK);
    IS(region_protect(base, 4, PROT_NONE), ST_OK);
    IS(region_protect(base, 4, PROT_READ), ST_EPERM);
    IS(region_destroy(base, 4), ST_OK);
    code = create(0, 0, 1, REGION_ARG(PROT_READ | PROT_EXEC, REGION_ANONYMOUS),
                  0, 0);
    SAYS(code > 0);
    IS(region_protect((uint64_t)code, 1, RW), ST_EPERM);
    IS(region_protect((uint64_t)code, 1, PROT_READ), ST_OK);
    IS(region_protect((uint64_t)code, 1, PROT_READ | PROT_EXEC), ST_EPERM);
    IS(region_destroy((uint64_t)code, 1), ST_OK);
}

/* H38: pages go once. */
static void
memory_destroy(void)
{
    uint64_t base = anonymous(16);
    struct region_info info;

    for (unsigned i = 0; i < 16; i++) {
        *at(base + i * PAGE) = (uint8_t)(i + 1);
    }
    IS(region_destroy(base + 1, 1), ST_EINVAL);
    IS(region_destroy(base, 0), ST_EINVAL);
    IS(region_destroy(base, UINT64_MAX), ST_EINVAL);
    IS(region_destroy(base, 1ull << 52), ST_EINVAL);
    IS(region_destroy(0, 1), ST_EINVAL);
    IS(region_destroy(KERNEL, 1), ST_EINVAL);
    IS(region_destroy(USER_END, 1), ST_EINVAL);
    IS(region_destroy(base + 4 * PAGE, 4), ST_OK);
    IS(region_destroy(base + 4 * PAGE, 4), ST_ENOENT);
    IS(region_destroy(base + 5 * PAGE, 1), ST_ENOENT);
    IS(region_query(base, &info), ST_OK);
    SAYS(info.base == base && info.pages == 4 && info.resident == 4);
    IS(region_query(base + 4 * PAGE, &info), ST_OK);
    SAYS(info.base == base + 8 * PAGE && info.pages == 8);
    SAYS(*at(base + 3 * PAGE) == 4 && *at(base + 8 * PAGE) == 9);
    IS(region_protect(base, 16, PROT_READ), ST_ENOENT);
    SAYS(create(0, base + 4 * PAGE, 4, REGION_ARG(RW, REGION_ANONYMOUS), 0, 0)
         == (int64_t)(base + 4 * PAGE));
    SAYS(*at(base + 4 * PAGE) == 0);
    IS(region_query(base, &info), ST_OK);
    SAYS(info.base == base && info.pages == 16); /* they are one again */
    IS(region_destroy(base, 16), ST_OK);
    IS(region_destroy(base, 16), ST_ENOENT);
    IS(region_query(USER_STACK_TOP, &info), ST_ENOENT);
    IS(region_query(USER_END, &info), ST_EINVAL);
    IS(region_query(UINT64_MAX, &info), ST_EINVAL);
}

static void
memory_populate(void)
{
    uint64_t base = anonymous(8);

    IS(region_populate(base, 0, PROT_READ), ST_EINVAL);
    IS(region_populate(base, 8, 0), ST_EINVAL);
    IS(region_populate(base, 8, PROT_EXEC), ST_EINVAL);
    IS(region_populate(base + 8, 1, PROT_READ), ST_EINVAL);
    IS(region_populate(KERNEL, 1, PROT_READ), ST_EINVAL);
    IS(region_populate(base, UINT64_MAX, PROT_READ), ST_EINVAL);
    IS(region_populate(base, 8, PROT_WRITE), 8);
    IS(region_populate(base, 8, PROT_READ), 8);
    (void)region_destroy(base + 5 * PAGE, 1);
    IS(region_populate(base, 8, PROT_READ), 5);
    IS(region_populate(base + 5 * PAGE, 3, PROT_READ), ST_EPAGER);
    (void)region_protect(base, 2, PROT_READ);
    IS(region_populate(base, 2, PROT_WRITE), ST_EPAGER);
    IS(region_populate(base, 2, PROT_READ), 2);
    (void)region_destroy(base, 8);
    SAYS(create(0, base, 4, REGION_ARG(PROT_NONE, REGION_GUARD), 0, 0)
         == (int64_t)base);
    IS(region_populate(base, 4, PROT_READ), ST_EPAGER);
    IS(region_protect(base, 4, PROT_READ), ST_EPERM);
    (void)region_destroy(base, 4);
}

/* H40: a page of a memory object shown twice; one view goes, then the other. */
static void
memory_objects(void)
{
    int64_t memory = syscall1(SYS_memory_create, 4);
    uint64_t arg = REGION_ARG(RW, REGION_ANONYMOUS);
    handle_t reader;
    uint64_t one;
    uint64_t two;

    IS(syscall1(SYS_memory_create, 0), ST_EINVAL);
    IS(syscall1(SYS_memory_create, 1ull << 40), ST_EINVAL);
    IS(syscall1(SYS_memory_create, UINT64_MAX), ST_EINVAL);
    SAYS(memory > 0);
    one = (uint64_t)create((uint64_t)memory, 0, 4, arg, 0, 0);
    two = (uint64_t)create((uint64_t)memory, 0, 4, arg, 0, 0);
    SAYS((int64_t)one > 0 && (int64_t)two > 0 && one != two);
    *at(one) = 7;
    SAYS(*at(two) == 7);
    *at(two + PAGE) = 9;
    SAYS(*at(one + PAGE) == 9);
    IS(region_destroy(one, 4), ST_OK);
    SAYS(*at(two) == 7 && *at(two + PAGE) == 9);
    IS(region_destroy(two, 4), ST_OK);
    two = (uint64_t)create((uint64_t)memory, 0, 2, arg, 0, 0);
    SAYS(*at(two) == 7); /* the object kept it */
    IS(create((uint64_t)memory, 0, 5, arg, 0, 0), ST_EINVAL);
    IS(create((uint64_t)memory, 0, 2, arg, 3, 0), ST_EINVAL);
    IS(create((uint64_t)memory, 0, 1, arg, UINT64_MAX, 0), ST_EINVAL);
    reader = (handle_t)handle_copy((handle_t)memory, RIGHT_READ);
    IS(create(reader, 0, 1, arg, 0, 0), ST_EPERM);
    IS(syscall2(SYS_memory_resize, reader, 1), ST_EPERM);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, 5), ST_EINVAL);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, UINT64_MAX), ST_EINVAL);
    IS(syscall2(SYS_memory_resize, HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, 1), ST_OK);
    IS(region_populate(two + PAGE, 1, PROT_READ), ST_EPAGER);
    IS(region_populate(two, 1, PROT_READ), 1);
    IS(syscall2(SYS_memory_resize, (uint64_t)memory, 4), ST_OK);
    IS(region_populate(two + PAGE, 1, PROT_READ), 1);
    SAYS(*at(two + PAGE) == 0);
    (void)region_destroy(two, 2);
    (void)handle_close(reader);
    (void)handle_close((handle_t)memory);
}

/* The frame of a writable page is never executable elsewhere: rule (b). The
 * view that would break it never gets its page. */
static void
memory_objects_wx(void)
{
    int64_t memory = syscall1(SYS_memory_create, 2);
    uint64_t write = (uint64_t)create((uint64_t)memory, 0, 2,
                                      REGION_ARG(RW, REGION_ANONYMOUS), 0, 0);
    int64_t code = create((uint64_t)memory, 0, 2,
                          REGION_ARG(PROT_READ | PROT_EXEC, REGION_ANONYMOUS),
                          0, 0);
    struct translate_info info;

    *at(write) = 0xC3;
    if (code > 0) {
        IS(region_populate((uint64_t)code, 1, PROT_READ), ST_EPAGER);
        IS(sys_translate(0, (uint64_t)code, &info), ST_OK);
        claim_equal("rule (b): no executable view", (int64_t)info.frame_address,
                    0);
        /* And the other way round. */
        (void)region_populate((uint64_t)code + PAGE, 1, PROT_READ);
        IS(region_populate(write + PAGE, 1, PROT_WRITE), ST_EPAGER);
        (void)region_destroy((uint64_t)code, 2);
    }
    (void)region_destroy(write, 2);
    (void)handle_close((handle_t)memory);
}

static void
group_memory(void)
{
    memory_create_refused();
    memory_wx();
    memory_destroy();
    memory_populate();
    memory_objects();
    memory_objects_wx();
}

/* ---- process ----------------------------------------------------------------- */

static struct spawn_request
child(const char *name)
{
    struct spawn_request request = { .elf = 0 };

    strncpy(request.name, name, NAME_BYTES - 1);
    return request;
}

static int64_t
spawn_with(uint32_t flags, uint32_t priority)
{
    struct spawn_request request = child("hello");

    request.flags = flags;
    request.priority = priority;
    return process_spawn(&request);
}

static int64_t
spawn_args(const volatile void *args, uint32_t bytes)
{
    struct spawn_request request = child("hello");

    request.args = syscall_address(args);
    request.args_bytes = bytes;
    request.flags = SPAWN_SUSPENDED;
    return process_spawn(&request);
}

static int64_t
spawn_elf(const volatile void *image, uint64_t bytes)
{
    struct spawn_request request = child("image");

    request.elf = syscall_address(image);
    request.elf_bytes = bytes;
    return process_spawn(&request);
}

static int64_t
spawn_handles(handle_t pager, handle_t give)
{
    struct spawn_request request = child("hello");

    request.pager = pager;
    request.give = give;
    return process_spawn(&request);
}

static void
process_spawn_refused(void)
{
    static char many[SPAWN_ARGS_BYTES + 8];
    struct spawn_request request = child("no-such-module");

    IS(process_spawn(&request), ST_ENOENT);
    request = child("");
    IS(process_spawn(&request), ST_ENOENT);
    memset(request.name, 'x', NAME_BYTES);
    IS(process_spawn(&request), ST_ENOENT);
    request = child("x\r\nPANIC"); /* would forge a line of the log */
    IS(process_spawn(&request), ST_EINVAL);
    request = child("hell\x80");
    IS(process_spawn(&request), ST_EINVAL);
    request = child("hello");
    request.reserved = 1;
    IS(process_spawn(&request), ST_EINVAL);
    IS(spawn_with(1u << 31, 0), ST_EINVAL);
    IS(spawn_with(4, 0), ST_EINVAL);
    IS(spawn_with(0, 32), ST_EINVAL);
    IS(spawn_with(0, UINT32_MAX), ST_EINVAL);
    IS(spawn_with(0, 31), ST_EPERM);
    IS(spawn_args(many, SPAWN_ARGS_BYTES + 1), ST_E2BIG);
    IS(spawn_args(many, UINT32_MAX), ST_E2BIG);
    IS(spawn_args(many, 65), ST_E2BIG); /* 65 empty strings */
    IS(spawn_args("abc", 3), ST_EINVAL);
    IS(spawn_args(at(KERNEL), 16), ST_EFAULT);
    IS(spawn_handles(0, 99), ST_EBADF);
    IS(spawn_handles(0, HANDLE_SLOT_SELF), ST_EPERM); /* no GRANT */
    IS(spawn_handles(99, 0), ST_EBADF);
    IS(spawn_handles(HANDLE_SLOT_SELF, 0), ST_EBADF);
    IS(spawn_elf(page_buffer, sizeof(page_buffer)), ST_ENOEXEC);
    IS(spawn_elf(page_buffer, 1), ST_ENOEXEC);
    IS(spawn_elf(page_buffer, 1ull << 40), ST_E2BIG);
    IS(spawn_elf(page_buffer, UINT64_MAX), ST_E2BIG);
    IS(spawn_elf(at(KERNEL), 4096), ST_EFAULT);
    IS(spawn_elf(at(ANY_BASE), 4096), ST_EFAULT);
    request = child("hello");
    request.max_mem = PAGE;
    IS(process_spawn(&request), ST_ENOMEM);
}

static void
process_life(void)
{
    struct exit_report report;
    handle_t bell = (handle_t)notify_create();
    handle_t suspended = (handle_t)spawn_with(SPAWN_SUSPENDED, 0);
    handle_t look = (handle_t)handle_copy(suspended, RIGHT_READ);
    handle_t rule = (handle_t)handle_copy(suspended, RIGHT_MANAGE);

    memset(&report, 0xAA, sizeof(report));
    IS(process_report(suspended, &report), ST_OK);
    SAYS(report.ended == 0 && report.wait == 0 && report.rip == 0);
    IS(process_wait(suspended, 1), ST_ETIMEDOUT);
    IS(process_wait(suspended, process_clock() + 8 * MS), ST_ETIMEDOUT);
    IS(process_start(look), ST_EPERM);
    IS(process_kill(look), ST_EPERM);
    IS(process_watch(look, bell, 1), ST_EPERM);
    IS(process_wait(rule, 1), ST_EPERM);
    IS(process_report(rule, &report), ST_EPERM);
    IS(process_watch(rule, 99, 1), ST_EBADF);
    IS(process_watch(rule, HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(process_watch(rule, bell, 4), ST_OK);
    IS(process_start(rule), ST_OK);
    IS(process_start(rule), ST_EINVAL);
    IS(notify_wait(bell, 4, 0), 4);
    IS(process_wait(look, 0), 0);
    IS(process_wait(look, 0), 0);
    IS(process_start(rule), ST_EINVAL);
    IS(process_kill(rule), ST_ESRCH);
    IS(process_watch(rule, bell, 8), ST_OK); /* it has ended: at once */
    IS(notify_wait(bell, 8, 1), 8);
    IS(process_report(look, &report), ST_OK);
    SAYS(report.ended == 1 && report.wait == 0 && report.reason == 0);
    (void)handle_close(suspended);
    (void)handle_close(look);
    (void)handle_close(rule);

    suspended = (handle_t)spawn_with(SPAWN_SUSPENDED, 0);
    IS(process_watch(suspended, bell, 1), ST_OK);
    IS(process_watch(suspended, HANDLE_NONE, 0), ST_OK);
    IS(process_kill(suspended), ST_OK);
    IS(process_wait(suspended, 0), EXIT_BY_KILL);
    IS(process_report(suspended, &report), ST_OK);
    SAYS(report.reason == REASON_KILLED && report.vector == 0);
    IS(notify_wait(bell, 1, 1), ST_ETIMEDOUT); /* no longer watched */
    (void)handle_close(suspended);
    (void)handle_close(bell);
}

/* H69, H89: oneself, nobody, others by number. */
static void
process_names(void)
{
    IS(process_wait(HANDLE_SLOT_SELF, 0), ST_EDEADLK);
    IS(process_start(HANDLE_SLOT_SELF), ST_EINVAL);
    IS(process_kill(0), ST_EBADF);
    IS(process_kill(99), ST_EBADF);
    IS(process_kill(HANDLE_SLOT_CONSOLE), ST_EBADF);
    IS(process_kill(UINT64_MAX >> 1), ST_EBADF);
    IS(process_kill(PROCESS_BY_ID(0)), ST_ESRCH);
    IS(process_kill(PROCESS_BY_ID(NO_SUCH_PID)), ST_ESRCH);
    IS(process_kill(UINT64_MAX), ST_ESRCH); /* number 2^63 - 1 */
    IS(process_kill(PROCESS_BY_ID(1ull << 32 | 1)), ST_ESRCH);
    IS(syscall2(SYS_process_wait, PROCESS_BY_ID(NO_SUCH_PID), 1), ST_ESRCH);
    IS(syscall2(SYS_process_wait, PROCESS_BY_ID(process_self()), 1),
       ST_EDEADLK);
}

static void
group_process(void)
{
    process_spawn_refused();
    process_life();
    process_names();
}

/* ---- threads --------------------------------------------------------------------- */

static volatile uint64_t thread_seen;
static uint8_t thread_stack[2 * PAGE] __attribute__((aligned(16)));

static void
thread_body(void *argument)
{
    thread_seen = syscall_address(argument);
    thread_exit(77);
}

static void
thread_spin(void *argument)
{
    (void)argument;
    for (;;) {
        (void)process_sleep_until(process_clock() + 1000 * MS);
    }
}

static int64_t
thread_at(uint64_t entry, uint64_t stack)
{
    return syscall4(SYS_thread_create, entry, stack, 0, 0);
}

/* H2: no frame with an address that iretq or sysretq would refuse. */
static void
group_thread_addresses(void)
{
    uint64_t stack = syscall_address(thread_stack + sizeof(thread_stack));

    IS(thread_at(0, stack), ST_EINVAL);
    IS(thread_at(USER_END, stack), ST_EINVAL);
    IS(thread_at(1ull << 47, stack), ST_EINVAL);
    IS(thread_at(KERNEL, stack), ST_EINVAL);
    IS(thread_at(UINT64_MAX, stack), ST_EINVAL);
    IS(thread_at((uintptr_t)thread_body, 1ull << 47), ST_EINVAL);
    IS(thread_at((uintptr_t)thread_body, KERNEL), ST_EINVAL);
    IS(thread_at((uintptr_t)thread_body, UINT64_MAX), ST_EINVAL);
}

static volatile handle_t thread_own;

static NORETURN void
thread_kill_itself(void *nothing)
{
    (void)nothing;
    while (thread_own == 0) {
        (void)thread_yield();
    }
    thread_exit((int)-thread_kill(thread_own, 0));
}

static void
group_threads(void)
{
    void *top = thread_stack + sizeof(thread_stack) - 8;
    unsigned count = 0;
    int64_t thread;
    int64_t other;

    thread = thread_create(thread_body, (void *)(uintptr_t)0x1234, top, 0);
    SAYS(thread > 0);
    IS(thread_join((handle_t)thread, 0), 77);
    SAYS(thread_seen == 0x1234);
    IS(thread_join((handle_t)thread, 0), 77);
    IS(thread_priority((handle_t)thread, 5), ST_ESRCH);
    IS(thread_join(99, 0), ST_EBADF);
    IS(thread_join(HANDLE_SLOT_SELF, 0), ST_EBADF);
    IS(handle_close((handle_t)thread), ST_OK);
    IS(thread_join((handle_t)thread, 0), ST_EBADF);

    IS(thread_create(thread_body, NULL, top, 32), ST_EINVAL);
    IS(thread_create(thread_body, NULL, top, 31), ST_EPERM);
    SAYS(thread_priority(0, 0) > 0);
    IS(thread_priority(0, 31), ST_EPERM);
    IS(thread_priority(0, 32), ST_EINVAL);
    other = thread_create(thread_spin, NULL, top, 0);
    IS(thread_join((handle_t)other, 1), ST_ETIMEDOUT);
    IS(thread_priority((handle_t)other, 1), thread_priority(0, 0));
    IS(thread_priority((handle_t)other, 0), 1);
    IS(thread_kill((handle_t)other, 55), ST_OK);
    IS(thread_join((handle_t)other, 0), 55);
    IS(thread_kill((handle_t)other, 1), ST_ESRCH);
    IS(handle_close((handle_t)other), ST_OK);
    IS(thread_kill((handle_t)other, 1), ST_EBADF);
    IS(thread_kill(HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(thread_kill(HANDLE_NONE, 1), ST_EBADF);
    other = thread_create(thread_kill_itself, NULL, top, 0);
    thread_own = (handle_t)other;
    IS(thread_join((handle_t)other, 0), -ST_EDEADLK);
    IS(handle_close((handle_t)other), ST_OK);

    /* A limit that is an error and not a stall. */
    do {
        thread = thread_create(thread_spin, NULL, top, 0);
        count++;
    } while (thread > 0 && count < 10000);
    IS(thread, ST_EAGAIN);
    SAYS(count > 16);
}

/* ---- serve -------------------------------------------------------------------------- */

/* Each of the five is refused where it is too small, too large, or above its
 * hard one; in full width. */
static void
group_limits(handle_t endpoint, handle_t client)
{
    static const uint64_t good[PAGER_LIMITS] = { 100, 1000, 100, 1000, 5000 };
    static const uint64_t bad[] = { 0, PAGER_LIMIT_MS_LEAST - 1,
                                    PAGER_LIMIT_MS_MOST + 1, 1ull << 32 | 500,
                                    UINT64_MAX };

    IS(endpoint_limits(endpoint, good), ST_OK);
    IS(endpoint_limits(client, good), ST_EPERM);
    IS(endpoint_limits(HANDLE_SLOT_CONSOLE, good), ST_EBADF);
    for (unsigned i = 0; i < PAGER_LIMITS; i++) {
        for (unsigned j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
            uint64_t ms[PAGER_LIMITS];

            memcpy(ms, good, sizeof(ms));
            ms[i] = bad[j];
            IS(endpoint_limits(endpoint, ms), ST_EINVAL);
        }
    }
    IS(endpoint_limits(endpoint, (const uint64_t[]){ 9, 8, 5, 5, 5 }),
       ST_EINVAL);
    IS(endpoint_limits(endpoint, (const uint64_t[]){ 5, 5, 9, 8, 5 }),
       ST_EINVAL);
    IS(endpoint_limits(endpoint,
                       (const uint64_t[]){ 5, 5, 5, PAGER_LIMIT_MS_MOST,
                                           PAGER_LIMIT_MS_MOST }),
       ST_OK);
}

static void
group_serve(void)
{
    int64_t endpoint = endpoint_create(0);
    int64_t client;
    int64_t binding;

    SAYS(endpoint > 0);
    IS(handle_info((handle_t)endpoint) & 0xFF, OBJECT_ENDPOINT);
    IS(endpoint_create(RANK_CLIENT), ST_EINVAL);
    IS(endpoint_create(UINT64_MAX), ST_EINVAL);
    IS(endpoint_create(1), ST_EPERM);
    IS(endpoint_create(RANK_PAGER), ST_EPERM);
    IS(endpoint_mint((handle_t)endpoint, BADGE_KERNEL, RIGHT_CALL), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, UINT64_MAX, RIGHT_CALL), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, 1, RIGHT_RECEIVE), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, 1, RIGHT_SERVE), ST_EINVAL);
    IS(endpoint_mint((handle_t)endpoint, 1, RIGHT_MANAGE), ST_EINVAL);
    IS(syscall3(SYS_endpoint_mint, (uint64_t)endpoint, 1, 1ull << 32),
       ST_EINVAL);
    client = endpoint_mint((handle_t)endpoint, 7, RIGHT_CALL);
    SAYS(client > 0);
    IS(rights_of(client), RIGHT_CALL);
    IS(endpoint_mint((handle_t)client, 8, RIGHT_CALL), ST_EPERM);
    IS(endpoint_mint(HANDLE_SLOT_SELF, 8, RIGHT_CALL), ST_EBADF);
    IS(binding_create((handle_t)client, 1, RW, 0), ST_EPERM);
    IS(binding_create(HANDLE_SLOT_CONSOLE, 1, RW, 0), ST_EBADF);
    IS(binding_create((handle_t)endpoint, BADGE_KERNEL, RW, 0), ST_EINVAL);
    IS(binding_create((handle_t)endpoint, 1, 8, 0), ST_EINVAL);
    IS(syscall4(SYS_binding_create, (uint64_t)endpoint, 1, 1ull << 32, 0),
       ST_EINVAL);
    group_limits((handle_t)endpoint, (handle_t)client);
    binding = binding_create((handle_t)endpoint, 3, PROT_READ, 10);
    SAYS(binding > 0);
    IS(create((uint64_t)binding, 0, 1, REGION_ARG(RW, REGION_ANONYMOUS), 0, 0),
       ST_EPERM);
    IS(create((uint64_t)binding, 0, 11, REGION_ARG(PROT_READ, REGION_ANONYMOUS),
              0, 0),
       ST_EINVAL);
    IS(create((uint64_t)binding, 0, 2, REGION_ARG(PROT_READ, REGION_ANONYMOUS),
              9, 0),
       ST_EINVAL);
    IS(create((uint64_t)handle_copy((handle_t)binding, RIGHT_GRANT), 0, 1,
              REGION_ARG(PROT_READ, REGION_ANONYMOUS), 0, 0),
       ST_EPERM);
    SAYS(create((uint64_t)binding, 0, 10,
                REGION_ARG(PROT_READ, REGION_ANONYMOUS), 0, 0)
         > 0);
}

/* ---- console --------------------------------------------------------------------------- */

/* In the background: the console can be written, not read. */
static void
group_console(void)
{
    handle_t silent = (handle_t)handle_copy(HANDLE_SLOT_CONSOLE, 0);

    IS(console_write(HANDLE_SLOT_CONSOLE, "", 0), 0);
    IS(console_write(HANDLE_SLOT_CONSOLE, "ok\r\n", 4), 4);
    IS(console_write(silent, "x", 1), ST_EPERM);
    IS(console_write(HANDLE_SLOT_SELF, "x", 1), ST_EBADF);
    IS(console_write(99, "x", 1), ST_EBADF);
    IS(console_write(HANDLE_SLOT_CONSOLE, "x", 1ull << 63), ST_EINVAL);
    IS(console_write(HANDLE_SLOT_CONSOLE, "x", UINT64_MAX), ST_EINVAL);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 1, 1), ST_EPERM);
    IS(console_watch(HANDLE_SLOT_CONSOLE, 0, 0), ST_EPERM);
    IS(console_watch(HANDLE_SLOT_SELF, 0, 0), ST_EBADF);
    (void)handle_close(silent);
}

/* In the foreground it can be read. */
static void
group_console_read(void)
{
    uint64_t now = process_clock();

    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 0, 1), ST_EINVAL);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 1ull << 63, 1),
       ST_EINVAL);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 16, 1), ST_ETIMEDOUT);
    IS(console_read(HANDLE_SLOT_CONSOLE, page_buffer, 16, now + 8 * MS),
       ST_ETIMEDOUT);
    SAYS(process_clock() >= now + 8 * MS);
    IS(console_watch(HANDLE_SLOT_CONSOLE, 0, 0), ST_EPERM);
}

/* ---- inspect ------------------------------------------------------------------------------ */

static void
group_inspect(void)
{
    struct memory_info memory;
    struct machine_info machine;
    struct process_info row;
    struct region_info region;
    struct translate_info translate;
    struct module_info module;
    struct pager_info pager;
    struct syscall_info table;
    struct audit_info audit;
    struct fault_record fault;
    struct frame_info frame;
    uint64_t sum = 0;

    IS(sys_memory(&memory), ST_OK);
    for (unsigned i = 0; i < FRAME_KINDS; i++) {
        sum += memory.frames[i];
    }
    SAYS(sum == memory.total_frames);
    SAYS(memory.pooled_frames <= memory.frames[FRAME_FREE]);
    IS(syscall2(SYS_sys_memory, syscall_address(&memory), sizeof(memory) - 1),
       ST_EINVAL);
    IS(syscall2(SYS_sys_memory, syscall_address(&memory), 0), ST_EINVAL);
    IS(sys_machine(&machine), ST_OK);
    SAYS(machine.tick_ns > 0 && machine.kernel_entries > 0);
    IS(syscall2(SYS_sys_machine, syscall_address(&machine), 8), ST_EINVAL);
    IS(sys_processes(0, &row, sizeof(row)), 1);
    IS(sys_processes(0, &row, sizeof(row) - 1), 0);
    IS(sys_processes(UINT64_MAX, &row, sizeof(row)), 0);
    IS(sys_regions(0, &region, sizeof(region), 0), 1);
    IS(sys_regions(0, &region, 0, 0), 0);
    IS(sys_regions(NO_SUCH_PID, &region, sizeof(region), 0), ST_ESRCH);
    IS(sys_regions(0, &region, sizeof(region), UINT64_MAX), 0);
    IS(sys_translate(0, syscall_address(&translate), &translate), ST_OK);
    SAYS(translate.frame_address != 0 && translate.page_bytes == PAGE);
    SAYS(translate.prot == RW && translate.frame_kind == FRAME_USER);
    IS(sys_translate(0, 0, &translate), ST_OK);
    SAYS(translate.frame_address == 0);
    IS(sys_translate(0, USER_END, &translate), ST_EINVAL);
    IS(sys_translate(0, KERNEL, &translate), ST_EINVAL);
    IS(sys_translate(NO_SUCH_PID, 0, &translate), ST_ESRCH);
    IS(sys_translate(1ull << 32 | 1, 0, &translate), ST_ESRCH);
    IS(sys_translate(0, syscall_address(&translate), &translate), ST_OK);
    IS(sys_frame(translate.frame_address + 8, 0, &frame), ST_OK);
    SAYS(frame.address == translate.frame_address && frame.bytes == PAGE);
    SAYS(frame.kind == FRAME_USER && frame.process == (uint64_t)process_self());
    SAYS(frame.places == 1 && frame.mapped_in == (uint64_t)process_self());
    SAYS(frame.mapped_at == syscall_address(&translate) / PAGE * PAGE);
    SAYS(frame.flags == FRAME_INFO_WRITE);
    IS(sys_frame(0, 0, &frame), ST_OK);
    SAYS(frame.kind == FRAME_RESERVED && frame.places == 0);
    IS(sys_frame(0, FRAME_INFO_PLACES, &frame), ST_EINVAL);
    IS(sys_frame(1ull << 40, 0, &frame), ST_EINVAL);
    IS(sys_frame(UINT64_MAX, 0, &frame), ST_EINVAL);
    IS(syscall4(SYS_sys_frame, 0, 0, syscall_address(&frame), 8), ST_EINVAL);
    IS(sys_module(0, &module), ST_OK);
    SAYS(module.elf_status == 0 && module.segments > 0);
    IS(sys_module(999, &module), ST_ENOENT);
    IS(sys_module(UINT64_MAX, &module), ST_ENOENT);
    IS(syscall3(SYS_sys_module, 0, syscall_address(&module), 1), ST_EINVAL);
    IS(sys_pager(PAGER_STATUS, &pager), ST_OK);
    SAYS(pager.alive == 1 && pager.faults_served > 0);
    IS(sys_pager(3, &pager), ST_EINVAL);
    IS(syscall3(SYS_sys_pager, UINT64_MAX, 0, 0), ST_EINVAL);
    IS(syscall3(SYS_sys_pager, 0, syscall_address(&pager), 4), ST_EINVAL);
    IS(sys_table(0, &table), ST_OK);
    SAYS(strcmp(table.name, "null") == 0 && table.allowed == 1);
    IS(sys_table(999, &table), ST_ENOENT);
    IS(sys_table(UINT64_MAX, &table), ST_ENOENT);
    IS(sys_audit(&audit), ST_OK);
    SAYS(audit.wx_a + audit.wx_b + audit.wx_c + audit.conservation == 0);
    SAYS(audit.user_in_kernel_half + audit.wrong_owner == 0);
    IS(syscall2(SYS_sys_audit, syscall_address(&audit), 8), ST_EINVAL);
    IS(sys_faults(-1, &fault, sizeof(fault)), 1);
    SAYS(fault.sequence > 0 && fault.trap_tsc != 0 && fault.resumed > 0);
    IS(sys_faults((int64_t)fault.sequence, &fault, sizeof(fault)), 1);
    IS(sys_faults(-1, &fault, sizeof(fault) - 1), 0);
    IS(sys_faults(INT64_MAX, &fault, sizeof(fault)), 0);
    IS(sys_faults(INT64_MIN, &fault, sizeof(fault)), 1);
    SAYS(fault.sequence == 0);
    IS(sys_faults(0, &fault, 0), 0);
    IS(syscall2(SYS_sys_power, 3, 0), ST_EINVAL);
    IS(syscall2(SYS_sys_power, UINT64_MAX, 0), ST_EINVAL);
}

/* ---- reports: H34, H60 ----------------------------------------------------------------------- */

/* Make report @name into a buffer full of 0xAA; no word of it may be a kernel
 * address, and none may be left as it was. */
static void
report_words(const char *name, int64_t status, uint64_t bytes)
{
    int64_t addresses = 0;
    int64_t untouched = 0;
    uint64_t word;

    for (uint64_t i = 0; i + 8 <= bytes; i += 8) {
        memcpy(&word, page_buffer + i, 8);
        addresses += word >= 0xFFFF800000000000u && (int64_t)word < -4096;
        untouched += word == 0xAAAAAAAAAAAAAAAAu;
    }
    untouched += bytes % 8 != 0 && page_buffer[bytes - 1] == 0xAA;
    claim_true(name, status >= 0);
    claim_equal("H60 kernel addresses in it", addresses, 0);
    claim_equal("H34 words it did not write", untouched, 0);
    claim_equal("what stands behind it", page_buffer[bytes], 0xAA);
}

#define REPORT(type, number, ...)                                         \
    do {                                                                  \
        memset(page_buffer, 0xAA, sizeof(page_buffer));                   \
        report_words(#type, syscall4(number, __VA_ARGS__), sizeof(type)); \
    } while (0)

static void
group_reports(void)
{
    uint64_t to = syscall_address(page_buffer);
    handle_t ended = (handle_t)spawn_with(0, 0);

    (void)process_wait(ended, 0);
    REPORT(struct memory_info, SYS_sys_memory, to, PAGE, 0, 0);
    REPORT(struct machine_info, SYS_sys_machine, to, PAGE, 0, 0);
    REPORT(struct process_info, SYS_sys_processes, 0, to,
           sizeof(struct process_info), 0);
    REPORT(struct region_info, SYS_sys_regions, 0, to,
           sizeof(struct region_info), 0);
    REPORT(struct region_info, SYS_region_query, 0, to, 0, 0);
    REPORT(struct translate_info, SYS_sys_translate, 0, to, to, 0);
    REPORT(struct module_info, SYS_sys_module, 0, to, PAGE, 0);
    REPORT(struct pager_info, SYS_sys_pager, 0, to, PAGE, 0);
    REPORT(struct syscall_info, SYS_sys_table, 1, to, PAGE, 0);
    REPORT(struct audit_info, SYS_sys_audit, to, PAGE, 0, 0);
    REPORT(struct fault_record, SYS_sys_faults, 0, to,
           sizeof(struct fault_record), 0);
    REPORT(struct frame_info, SYS_sys_frame, 0x100000, 0, to, PAGE);
    REPORT(struct exit_report, SYS_process_report, ended, to, 0, 0);
    (void)handle_close(ended);
}

/* ---- which ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    { "basic", group_basic },
    { "memory", group_memory },
    { "process", group_process },
    { "threads", group_threads },
    { "thread-addresses", group_thread_addresses },
    { "serve", group_serve },
    { "console", group_console },
    { "console-read", group_console_read },
    { "inspect", group_inspect },
    { "reports", group_reports },
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (argc > 1 && strcmp(argv[1], groups[i].name) == 0) {
            groups[i].run();
            return claim_end();
        }
    }
    return 2;
}
