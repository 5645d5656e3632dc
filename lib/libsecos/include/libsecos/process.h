/* SPDX-License-Identifier: MIT */
/* Processes, threads and time. */
#pragma once

#include <stdint.h>

#include <secos/bootinfo.h>
#include <secos/process.h>
#include <secos/types.h>

#include <base/align.h>
#include <base/compiler.h>

#include <libsecos/syscall.h>

/* Makes process_kill and process_report take a process id in place of a handle, from
 * who may inspect the machine; to kill takes the group power (the shell has it) or to
 * be an ancestor. */
#define PROCESS_BY_ID(id) ((uint64_t)(id) | 1ull << 63)

/* What the kernel told this process at its birth; on the first stack page. */
extern const struct process_start *process_started;

/* The end of the first stack: what the kernel told at the start lies on its top
 * page. */
static inline uint64_t
process_stack_top(void)
{
    return align_up((uint64_t)(uintptr_t)process_started + 1, PAGE_BYTES);
}

/* Create a process (secos/process.h says how). Returns its handle, or
 * ST_ENOENT (no such module), ST_ENOEXEC, ST_ENOMEM, ST_EAGAIN, ST_EPERM. */
static inline int64_t
process_spawn(const struct spawn_request *request)
{
    return syscall1(SYS_process_spawn, syscall_address(request));
}

/* Start one that was spawned with SPAWN_SUSPENDED. */
static inline int64_t
process_start(handle_t process)
{
    return syscall1(SYS_process_start, process);
}

/* Wait for the end of @process. It is over when its last frame is back.
 * Returns the wait word of secos/process.h, or ST_ETIMEDOUT. */
static inline int64_t
process_wait(handle_t process, uint64_t deadline_ns)
{
    return syscall2(SYS_process_wait, process, deadline_ns);
}

/* End @process: a handle with RIGHT_MANAGE, or PROCESS_BY_ID. */
static inline int64_t
process_kill(uint64_t process)
{
    return syscall1(SYS_process_kill, process);
}

/* Have @bits of @notification set when @process ends. */
static inline int64_t
process_watch(handle_t process, handle_t notification, uint64_t bits)
{
    return syscall3(SYS_process_watch, process, notification, bits);
}

/* Ask why @process ended. */
static inline int64_t
process_report(uint64_t process, struct exit_report *report)
{
    return syscall2(SYS_process_report, process, syscall_address(report));
}

/* This process's id. */
static inline int64_t
process_self(void)
{
    return syscall0(SYS_process_self);
}

/* End this process. Nothing registered with atexit runs. */
static inline NORETURN void
process_exit(int status)
{
    syscall1(SYS_exit, (uint64_t)(uint8_t)status);
    __builtin_trap();
}

/* Nanoseconds since the machine started. */
static inline uint64_t
process_clock(void)
{
    return (uint64_t)syscall0(SYS_clock);
}

/* Sleep until process_clock() has reached @deadline_ns. */
static inline int64_t
process_sleep_until(uint64_t deadline_ns)
{
    return syscall1(SYS_sleep_until, deadline_ns);
}

/* Let others of the same priority run. */
static inline int64_t
thread_yield(void)
{
    return syscall0(SYS_yield);
}

/* Create a thread that starts at @entry with @argument in rdi on the stack
 * below @stack_top. Returns its handle. */
static inline int64_t
thread_create(void (*entry)(void *), void *argument, void *stack_top,
              uint32_t priority)
{
    return syscall4(SYS_thread_create, (uint64_t)(uintptr_t)entry,
                    syscall_address(stack_top), syscall_address(argument),
                    priority);
}

static inline NORETURN void
thread_exit(int status)
{
    syscall1(SYS_thread_exit, (uint64_t)(uint8_t)status);
    __builtin_trap();
}

static inline int64_t
thread_join(handle_t thread, uint64_t deadline_ns)
{
    return syscall2(SYS_thread_join, thread, deadline_ns);
}

/* End another thread of this process, as if it had called thread_exit(@value);
 * it never returns from what it is doing. */
static inline int64_t
thread_kill(handle_t thread, uint64_t value)
{
    return syscall2(SYS_thread_kill, thread, value);
}

static inline int64_t
thread_priority(handle_t thread, uint32_t priority)
{
    return syscall2(SYS_thread_priority, thread, priority);
}

/* Which base register thread_set_base sets. */
enum thread_base {
    THREAD_BASE_FS = 0,
    THREAD_BASE_GS = 1
};

static inline int64_t
thread_set_base(enum thread_base which, uint64_t value)
{
    return syscall2(SYS_thread_set_base, (uint64_t)which, value);
}
