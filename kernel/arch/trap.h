/* SPDX-License-Identifier: MIT */
/* The register frame at the top of a thread's kernel stack: all there is on the
 * stack of a thread that does not run. */
#pragma once

#include <stdint.h>

/*
 *   kstack_top ->  ss            pushed by the processor, or by the syscall door
 *                  rsp
 *                  rflags
 *                  cs
 *                  rip
 *                  error         the processor's error code, else 0
 *                  vector        TRAP_SYSCALL for the syscall door
 *                  rax ... r15   general registers
 */
struct trap_frame {
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t r11;
    uint64_t r10;
    uint64_t r9;
    uint64_t r8;
    uint64_t rdi;
    uint64_t rsi;
    uint64_t rdx;
    uint64_t rcx;
    uint64_t rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

_Static_assert(sizeof(struct trap_frame) == 22 * 8, "isr.asm pushes 22 words");

/* From now on a page fault of ring 3 asks upcall_page_fault_here first.
 * Context: boot, before the tables are sealed. */
void trap_answer_page_faults(void);

/* Bit of a page fault's error code: the page was there. */
#define TRAP_ERROR_PRESENT 1u

#define TRAP_DEBUG         1
#define TRAP_NMI           2
#define TRAP_DOUBLE_FAULT  8
#define TRAP_PROTECTION    13
#define TRAP_PAGE_FAULT    14
#define TRAP_MACHINE_CHECK 18
#define TRAP_IRQ_BASE      0x20
#define TRAP_IRQ_COUNT     16
#define TRAP_INT80         0x80
#define TRAP_SYSCALL       0x100 /* entered by the syscall instruction */
#define TRAP_NONE          0x101 /* no frame to go on by (upcalls.h)      */
