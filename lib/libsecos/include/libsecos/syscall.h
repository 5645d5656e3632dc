/* SPDX-License-Identifier: MIT */
/*
 * The two doors into the kernel, as C sees them.
 *
 *   syscall0 .. syscall6   inline, through the syscall instruction (fast door)
 *   syscall_fast           the same door as a function (syscall_stub.asm)
 *   syscall_int80          through int 0x80: the door we teach
 *
 * Nobody but the wrappers next door (ipc.h, region.h, process.h, console.h,
 * system.h) needs these. A result below zero is an enum status with its sign
 * kept; everything from zero up is the call's own.
 *
 * The kernel changes rax, rcx and r11 and no other register (secos/syscall.h),
 * so an inline call costs its arguments and one instruction.
 */
#pragma once

#include <stdint.h>

#include <secos/status.h>
#include <secos/syscall.h>
#include <secos/types.h>

#include <base/compiler.h>

static ALWAYS_INLINE int64_t
syscall0(enum sys_number number)
{
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((uint64_t)number)
                     : "rcx", "r11", "memory");
    return result;
}

static ALWAYS_INLINE int64_t
syscall1(enum sys_number number, uint64_t a)
{
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((uint64_t)number), "D"(a)
                     : "rcx", "r11", "memory");
    return result;
}

static ALWAYS_INLINE int64_t
syscall2(enum sys_number number, uint64_t a, uint64_t b)
{
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((uint64_t)number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

static ALWAYS_INLINE int64_t
syscall3(enum sys_number number, uint64_t a, uint64_t b, uint64_t c)
{
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((uint64_t)number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

static ALWAYS_INLINE int64_t
syscall4(enum sys_number number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    register uint64_t r10 __asm__("r10") = d;
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((uint64_t)number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

/* The arguments of a call with more than four, in register order. */
struct syscall_args {
    uint64_t a[6];
};

static ALWAYS_INLINE int64_t
syscall6(enum sys_number number, struct syscall_args args)
{
    register uint64_t r10 __asm__("r10") = args.a[3];
    register uint64_t r8 __asm__("r8") = args.a[4];
    register uint64_t r9 __asm__("r9") = args.a[5];
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((uint64_t)number), "D"(args.a[0]), "S"(args.a[1]),
                       "d"(args.a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* A pointer as the gate takes it. */
static ALWAYS_INLINE uint64_t
syscall_address(const volatile void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* Make system call @number, which need not exist, with the six arguments at
 * @args. Returns what the kernel left in rax. */
int64_t syscall_fast(uint64_t number, const uint64_t args[6]);

/* The same through int 0x80. */
int64_t syscall_int80(uint64_t number, const uint64_t args[6]);

/* Enter the kernel and come back. Returns ST_OK. */
static ALWAYS_INLINE int64_t
syscall_null(void)
{
    return syscall0(SYS_null);
}

/* The same through int 0x80: what the taught door costs. */
static ALWAYS_INLINE int64_t
syscall_null_int80(void)
{
    int64_t result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"((uint64_t)SYS_null)
                     : "rcx", "r11", "memory");
    return result;
}

/* What a status means, in English; never NULL. Pure. */
const char *syscall_status_text(int64_t status);

/* The name of a status without "ST_", such as "ENOMEM"; "?" for none. Pure. */
const char *syscall_status_name(int64_t status);
