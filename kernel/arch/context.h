/* SPDX-License-Identifier: MIT */
/*
 * A thread's share of the processor: what is saved when it does not run.
 *
 * A thread that does not run has nothing on its kernel stack but the register
 * frame, so switching is one-way: context_activate makes the processor the new
 * thread's, and context_resume or context_call leaves the present stack for
 * good.
 *
 *      kernel_stack_top  +----------------------+
 *                        | struct trap_frame    |  <- frame, rsp at re-dispatch
 *                        +----------------------+
 *                        | C frames of the one  |
 *                        | system call or fault |  dropped when it waits
 *                        | being served         |
 *                        +----------------------+  guard page below
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include <arch/addr.h>
#include <arch/trap.h>

struct cpu;

struct context {
    struct trap_frame *frame;  /* kernel_stack_top - sizeof         */
    uint64_t kernel_stack_top; /* of what context_nest leaves of it */
    paddr_t root;              /* page tables */
    uint64_t fs_base;
    uint64_t gs_base; /* the user's, out of GS while ring 0 runs */
    void *fpu;        /* cpu_features.fpu_bytes, 64-byte aligned */
};

/* Prepare @context, zeroed by the caller, for first entry to ring 3 at @entry
 * with stack pointer @stack and @argument in rdi; everything else is zero.
 * @fpu, owned by the caller, gets the initial FPU state. */
void context_init(struct context *context, uint64_t kernel_stack_top,
                  void *fpu);
void context_set_entry(struct context *context, uint64_t entry, uint64_t stack,
                       uint64_t argument);

/* Set FS base (@is_fs) or the user's GS base of the running context. @value is a
 * user address: anything else would fault here. */
void context_set_base(struct context *context, bool is_fs, uint64_t value);

/* Leave to ring 3 by the frame; RFLAGS are sanitised on the way. */
NORETURN void context_resume(struct trap_frame *frame);

/* Drop the present stack and call @function(@argument) on the stack that ends
 * at @stack_top, 16-byte aligned. @function must not return. */
NORETURN void context_call(uint64_t stack_top, void (*function)(void *),
                           void *argument);

/* Run the system call described by @frame again from the start. */
NORETURN void context_restart_syscall(struct trap_frame *frame);

/* Put the FPU area of a new thread into the state the ABI promises. */

/* context_activate(cpu, from, to), inline in <arch/x86_64/context_inline.h> for
 * the one place that switches: give the processor to @to - kernel stack, FS, GS,
 * FPU and page tables. @from is the context whose user state is in the registers
 * now, or NULL if there is none worth saving. Cost: about 30 instructions. */

/* context_nest(context) and context_unnest(context), inline there too, for the
 * running thread: keep its frame, so that what enters the kernel next gets one
 * below it; and go back to the one that was kept. */

/* Leave to ring 3 at @rip, on the stack @rsp, with @a, @b, @c in rdi, rsi, rdx
 * and zero in all others. @frame is the running thread's, just nested. */
NORETURN void context_upcall(struct trap_frame *frame, uint64_t rip,
                             uint64_t rsp, uint64_t a, uint64_t b, uint64_t c);

/* How often a switch has loaded other page tables. */

/* Copy between kernel and user memory, 0 on success, else the bytes not copied.
 * The only code that opens the SMAP window. task/usercopy.h checks the range
 * first; nobody else calls these. */
uint64_t usercopy_raw(void *to, const void *from, uint64_t bytes);
