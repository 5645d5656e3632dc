/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the system calls and the register convention.
 *
 *   door     int 0x80 (taught) or syscall (fast); same meaning
 *   in       rax = number, arguments rdi rsi rdx r10 r8 r9
 *   out      rax = result: >= 0 success, < 0 an enum status
 *   changed  rax rcx r11 and nothing else; the three ipc_ calls also return in
 *            the message registers (secos/ipc.h)
 *
 * Native numbers start at SYS_FIRST. A lower number is foreign: it becomes a call
 * of the handler that the process named with reflect_set (the stack pointer goes
 * below the red zone, rax stays the number), or is answered ST_ENOSYS.
 */
#pragma once

#define SYS_FIRST 0x1000

/* Manifest v2 permission groups; a row of the table names one. */
enum sys_group {
    SYS_GROUP_BASIC = 0,   /* exit, clock, sleep, yield, own handles          */
    SYS_GROUP_IPC = 1,     /* call, receive, reply, notifications             */
    SYS_GROUP_MEMORY = 2,  /* regions of one's own space                      */
    SYS_GROUP_PROCESS = 3, /* spawn, wait, kill                               */
    SYS_GROUP_SERVE = 4,   /* create endpoints, mint badges and bindings      */
    SYS_GROUP_CONSOLE = 5, /* read and write the console                      */
    SYS_GROUP_INSPECT = 6, /* look at the machine: memory, frames, processes  */
    SYS_GROUP_POWER = 7,   /* reboot, power off                               */
    SYS_GROUPS,
};

/* X(name, number offset, arguments, restart class, group)
 *   class A  copy in, commit, results in registers
 *   class B  copy out first, then commit
 *   class C  progress is kept in the thread; may return a short count
 *   class N  touches no user memory
 *   class I  message registers: the result is a whole register set
 *   class E  ends the caller: does not return
 */
#define SYSCALL_LIST(X)                     \
    X(null, 0, 0, N, BASIC)                 \
    X(exit, 1, 1, E, BASIC)                 \
    X(yield, 2, 0, N, BASIC)                \
    X(clock, 3, 0, N, BASIC)                \
    X(sleep_until, 4, 1, N, BASIC)          \
    X(handle_close, 5, 1, N, BASIC)         \
    X(handle_copy, 6, 2, N, BASIC)          \
    X(handle_info, 7, 1, N, BASIC)          \
    X(thread_set_base, 8, 2, N, BASIC)      \
    X(reflect_set, 9, 1, N, BASIC)          \
    X(ipc_call, 0x10, 6, I, IPC)            \
    X(ipc_receive, 0x11, 6, I, IPC)         \
    X(ipc_reply_receive, 0x12, 6, I, IPC)   \
    X(ipc_reply, 0x13, 6, I, IPC)           \
    X(notify_create, 0x14, 0, N, IPC)       \
    X(notify_signal, 0x15, 2, N, IPC)       \
    X(notify_wait, 0x16, 3, N, IPC)         \
    X(region_create, 0x20, 6, N, MEMORY)    \
    X(region_destroy, 0x21, 2, C, MEMORY)   \
    X(region_protect, 0x22, 3, C, MEMORY)   \
    X(region_query, 0x23, 2, B, MEMORY)     \
    X(region_populate, 0x24, 3, C, MEMORY)  \
    X(memory_create, 0x28, 1, N, MEMORY)    \
    X(memory_resize, 0x29, 2, C, MEMORY)    \
    X(fault_handler, 0x2C, 2, A, MEMORY)    \
    X(fault_return, 0x2D, 2, N, MEMORY)     \
    X(process_spawn, 0x30, 1, A, PROCESS)   \
    X(process_start, 0x31, 1, N, PROCESS)   \
    X(process_wait, 0x32, 2, N, PROCESS)    \
    X(process_kill, 0x33, 1, N, PROCESS)    \
    X(process_watch, 0x34, 3, N, PROCESS)   \
    X(process_report, 0x35, 2, B, PROCESS)  \
    X(process_self, 0x36, 0, N, BASIC)      \
    X(thread_create, 0x38, 4, N, PROCESS)   \
    X(thread_exit, 0x39, 1, E, BASIC)       \
    X(thread_join, 0x3A, 2, N, PROCESS)     \
    X(thread_priority, 0x3B, 2, N, PROCESS) \
    X(thread_kill, 0x3C, 2, N, PROCESS)     \
    X(endpoint_create, 0x40, 1, N, SERVE)   \
    X(endpoint_mint, 0x41, 3, N, SERVE)     \
    X(binding_create, 0x42, 4, N, SERVE)    \
    X(endpoint_limits, 0x43, 6, N, SERVE)   \
    X(console_write, 0x50, 3, C, CONSOLE)   \
    X(console_read, 0x51, 4, B, CONSOLE)    \
    X(console_watch, 0x52, 3, N, CONSOLE)   \
    X(sys_memory, 0x60, 2, B, INSPECT)      \
    X(sys_processes, 0x61, 3, B, INSPECT)   \
    X(sys_regions, 0x62, 4, B, INSPECT)     \
    X(sys_translate, 0x63, 3, B, INSPECT)   \
    X(sys_machine, 0x64, 2, B, INSPECT)     \
    X(sys_module, 0x65, 3, B, INSPECT)      \
    X(sys_pager, 0x66, 3, B, INSPECT)       \
    X(sys_table, 0x67, 3, B, INSPECT)       \
    X(sys_audit, 0x68, 2, B, INSPECT)       \
    X(sys_faults, 0x69, 3, B, INSPECT)      \
    X(sys_frame, 0x6A, 4, B, INSPECT)       \
    X(sys_power, 0x70, 2, N, POWER)

enum sys_number {
#define SYS_ENUM(name, offset, arguments, class, group) \
    SYS_##name = SYS_FIRST + (offset),
    SYSCALL_LIST(SYS_ENUM)
#undef SYS_ENUM
};

/* One above the highest number: the size of the dispatch table. */
#define SYS_TABLE_ROWS 0x80
