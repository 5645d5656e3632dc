/* SPDX-License-Identifier: MIT */
/*
 * Linux's system calls for a C library that was written for Linux, answered in
 * the process that makes them.
 *
 *      musl: syscall  -->  kernel: "not mine"  -->  linux_entry (entry.asm)
 *             ^                                          |
 *             |                                   linux_table[number]
 *             +------------- ret 128 --------------------+
 *                                                 native calls, as any program's
 *
 * The kernel only turns the instruction into a call (kernel/sys/sys_reflect.c);
 * what a number means is decided here, with no more rights than the program has.
 *
 * Rules for everything in this folder
 *  L1  It is compiled without vector registers (-mgeneral-regs-only): a system
 *      call may change rax, rcx and r11 and nothing else, and the stub saves no
 *      more than that asks for.
 *  L2  It calls nothing of the C library, whose functions need not obey L1 and
 *      may not be ready: what it needs of lib/base and malloc is linked into one
 *      object with it, and of that object's names only malloc and its like are
 *      seen by a program (linux.mk).
 *  L3  A result below zero is a Linux error number; secos/status.h has the same
 *      values, and linux_result maps those that are SecOS's own.
 *
 *  L4  A bad pointer ends the program like any other of its accesses would;
 *      there is no EFAULT.
 *
 * Left out: files that outlive the process, signals from outside, fork, sockets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/bootinfo.h>
#include <secos/status.h>

#include <base/compiler.h>

/* What the stub saves: the caller's registers, in the order of the pushes. */
struct linux_call {
    uint64_t number;
    uint64_t a; /* rdi */
    uint64_t b; /* rsi */
    uint64_t c; /* rdx */
    uint64_t d; /* r10 */
    uint64_t e; /* r8 */
    uint64_t f; /* r9 */
    uint64_t rbp;
    uint64_t return_address;
};

/* A system call. Returns what rax will be. */
typedef int64_t (*linux_fn)(struct linux_call *call);

/* One above the highest number that has a name. */
#define LINUX_CALLS 335u

/* Read by the stub: the number's function; linux_missing where there is none. */
extern const linux_fn linux_table[LINUX_CALLS];

/* The handler that the kernel calls; not a C function. */
void linux_entry(void);

/* Answer ENOSYS, and say which call it was if the environment has
 * SECOS_TRACE=missing. Also for numbers beyond the table. */
int64_t linux_missing(struct linux_call *call);

/* The name of call @number; NULL if it has none. Pure. */
const char *linux_name(uint64_t number);

/* @status as Linux knows it. Pure. */
static inline int64_t
linux_result(int64_t status)
{
    return status == ST_EGONE || status == ST_EPAGER ? -5 /* EIO */ : status;
}

/* Error numbers that SecOS has no status for. */
#define LINUX_EACCES       13
#define LINUX_ENODEV       19
#define LINUX_ENOTTY       25
#define LINUX_ESPIPE       29
#define LINUX_ENOSPC       28
#define LINUX_ERANGE       34
#define LINUX_ENAMETOOLONG 36

/* Descriptors a process may have, and the stack its manifest asks for: as much
 * as Linux gives, and no more memory than is touched. */
#define LINUX_DESCRIPTORS 64u
#define LINUX_STACK_BYTES 0x800000u

/* ---- start.c ---- */

/* The value of environment variable @name, or NULL. */
const char *linux_environment(const char *name);

/* ---- calls.c ---- */

/* Look up and call, and say so on the console (SECOS_TRACE=all). */
int64_t linux_traced(struct linux_call *call);

/* The same handler with linux_traced in place of the table. */
void linux_entry_traced(void);

/* The handler to name to the kernel: SECOS_TRACE says which calls are told,
 * "missing" those that nobody answers, "all" every one. Context: start. */
uint64_t linux_trace_entry(void);

/* ---- lock.c ---- */

/* One thread at a time; not recursive. */
void linux_lock(void);
void linux_unlock(void);

/* Set while the lock is held; a thread that ends clears it with its last store. */
extern bool linux_lock_held;

/* ---- futex.c, thread.c ---- */

/* Wake at most @most who wait for the word at address @word; returns how many.
 * Context: linux_lock is held. */
int64_t linux_futex_wake_locked(uint64_t word, uint64_t most);

/* If this thread runs on a stack in [@base, ...): note that the pages go when it
 * ends. Returns whether. */
bool linux_thread_unmap_later(uint64_t base, uint64_t pages);

/* ---- time.c ---- */

/* The process's own time begins. Context: start. */
void linux_time_init(void);

/* The deadline that the struct timespec at address @timespec means, from now on
 * or, with @is_absolute, since the machine's start; never 0. False if it is not
 * a time. */
bool linux_time_deadline(uint64_t timespec, bool is_absolute,
                         uint64_t *deadline_ns);

/* ---- console.c: the terminal ---- */

/* Take the settings from the environment. Context: start. */
void linux_console_init(void);

/* Write @text at once, past every stream. */
void linux_console_say(const char *text);

/* Read at most @bytes bytes: of a line if the terminal is in canonical mode.
 * Returns how many; 0 at the end of the input. */
int64_t linux_console_read(char *to, uint64_t bytes);

/* Write all of @bytes. Returns @bytes or an error. */
int64_t linux_console_write(const char *from, uint64_t bytes);

/* @is_output tells descriptor 0 from 1 and 2: either may be a pipe. */
int64_t linux_console_ioctl(bool is_output, uint64_t request, void *argument);
bool linux_console_is_terminal(bool is_output);

/* Wait for input until @deadline_ns (0 = for ever); whether a read would not
 * wait. */
bool linux_console_wait(uint64_t deadline_ns);

/* ---- file.c: files in memory, of this process and gone with it ---- */

struct linux_file;

/* Find or, with @create, make the file called @path. One reference is taken.
 * Returns ST_ENOENT, ST_EEXIST (@create and @exclusive), ST_ENOMEM. */
int64_t linux_file_open(const char *path, bool create, bool exclusive,
                        struct linux_file **out);
void linux_file_put(struct linux_file *file);

int64_t linux_file_read(const struct linux_file *file, uint64_t offset,
                        void *to, uint64_t bytes);
int64_t linux_file_write(struct linux_file *file, uint64_t offset,
                         const void *from, uint64_t bytes);
int64_t linux_file_resize(struct linux_file *file, uint64_t bytes);
uint64_t linux_file_bytes(const struct linux_file *file);
uint64_t linux_file_number(const struct linux_file *file);
int64_t linux_file_remove(const char *path);
int64_t linux_file_rename(const char *from, const char *to);

/* ---- signal.c ---- */

/* Send this process signal @number, as kill would. Returns 0 or an error. */
int64_t linux_signal_send(uint64_t number);

/* ---- the functions of the table ---- */

#define LINUX_LIST(X)                                  \
    X(0, read, linux_read)                             \
    X(1, write, linux_write)                           \
    X(2, open, linux_open)                             \
    X(3, close, linux_close)                           \
    X(4, stat, linux_stat)                             \
    X(5, fstat, linux_fstat)                           \
    X(6, lstat, linux_stat)                            \
    X(7, poll, linux_poll)                             \
    X(8, lseek, linux_lseek)                           \
    X(9, mmap, linux_mmap)                             \
    X(10, mprotect, linux_mprotect)                    \
    X(11, munmap, linux_munmap)                        \
    X(12, brk, linux_brk)                              \
    X(13, rt_sigaction, linux_rt_sigaction)            \
    X(14, rt_sigprocmask, linux_rt_sigprocmask)        \
    X(16, ioctl, linux_ioctl)                          \
    X(17, pread64, linux_pread)                        \
    X(18, pwrite64, linux_pwrite)                      \
    X(19, readv, linux_readv)                          \
    X(20, writev, linux_writev)                        \
    X(21, access, linux_access)                        \
    X(24, sched_yield, linux_sched_yield)              \
    X(25, mremap, linux_mremap)                        \
    X(28, madvise, linux_madvise)                      \
    X(32, dup, linux_dup)                              \
    X(33, dup2, linux_dup2)                            \
    X(35, nanosleep, linux_nanosleep)                  \
    X(39, getpid, linux_getpid)                        \
    X(56, clone, linux_clone)                          \
    X(60, exit, linux_exit_thread)                     \
    X(62, kill, linux_kill)                            \
    X(63, uname, linux_uname)                          \
    X(72, fcntl, linux_fcntl)                          \
    X(74, fsync, linux_fsync)                          \
    X(75, fdatasync, linux_fsync)                      \
    X(77, ftruncate, linux_ftruncate)                  \
    X(79, getcwd, linux_getcwd)                        \
    X(82, rename, linux_rename)                        \
    X(87, unlink, linux_unlink)                        \
    X(96, gettimeofday, linux_gettimeofday)            \
    X(97, getrlimit, linux_getrlimit)                  \
    X(98, getrusage, linux_getrusage)                  \
    X(102, getuid, linux_zero)                         \
    X(104, getgid, linux_zero)                         \
    X(107, geteuid, linux_zero)                        \
    X(108, getegid, linux_zero)                        \
    X(110, getppid, linux_zero)                        \
    X(158, arch_prctl, linux_arch_prctl)               \
    X(186, gettid, linux_gettid)                       \
    X(200, tkill, linux_tkill)                         \
    X(201, time, linux_time)                           \
    X(202, futex, linux_futex)                         \
    X(204, sched_getaffinity, linux_sched_getaffinity) \
    X(218, set_tid_address, linux_set_tid_address)     \
    X(228, clock_gettime, linux_clock_gettime)         \
    X(229, clock_getres, linux_clock_getres)           \
    X(230, clock_nanosleep, linux_clock_nanosleep)     \
    X(231, exit_group, linux_exit)                     \
    X(234, tgkill, linux_tgkill)                       \
    X(257, openat, linux_openat)                       \
    X(262, newfstatat, linux_newfstatat)               \
    X(263, unlinkat, linux_unlinkat)                   \
    X(269, faccessat, linux_faccessat)                 \
    X(273, set_robust_list, linux_zero)                \
    X(302, prlimit64, linux_prlimit)                   \
    X(318, getrandom, linux_getrandom)

#define LINUX_PROTOTYPE(number, name, function) \
    int64_t function(struct linux_call *call);
LINUX_LIST(LINUX_PROTOTYPE)
#undef LINUX_PROTOTYPE
