/* SPDX-License-Identifier: MIT */
/*
 * What assembly needs to know of C: offsets of structure members and constants.
 *
 * This file is compiled to assembly text only and never linked. Every DEFINE
 * leaves a line "->NAME value" there, which the Makefile turns into
 * "%define NAME value" of asm_offsets.inc:
 *
 *   cc -S asm_offsets.c -o asm_offsets.s
 *   sed -n 's/.*->\([A-Za-z_0-9]*\) \$*\(-*[0-9]*\).*' (to "%define \1 \2")
 *
 * so NASM and C cannot disagree, and nothing of the target runs on the host.
 */
#include <stddef.h>

#include <secos/syscall.h>

#include <arch/addr.h>
#include <arch/cpu.h>
#include <arch/trap.h>

#include "pte.h"
#include "regs.h"
#include "tss.h"

#define DEFINE(name, value) \
    __asm__ volatile("\n.ascii \"->" #name " %0\"" ::"i"((int64_t)(value)))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

/* Where kernel.ld links the image. */
#define KERNEL_IMAGE 0xFFFFFFFF80000000ull

void asm_offsets(void);

static ALWAYS_INLINE void
asm_offsets_frame(void)
{
    OFFSET(FRAME_R15, struct trap_frame, r15);
    OFFSET(FRAME_R14, struct trap_frame, r14);
    OFFSET(FRAME_R13, struct trap_frame, r13);
    OFFSET(FRAME_R12, struct trap_frame, r12);
    OFFSET(FRAME_RBP, struct trap_frame, rbp);
    OFFSET(FRAME_RBX, struct trap_frame, rbx);
    OFFSET(FRAME_R10, struct trap_frame, r10);
    OFFSET(FRAME_R9, struct trap_frame, r9);
    OFFSET(FRAME_R8, struct trap_frame, r8);
    OFFSET(FRAME_RDI, struct trap_frame, rdi);
    OFFSET(FRAME_RSI, struct trap_frame, rsi);
    OFFSET(FRAME_RDX, struct trap_frame, rdx);
    OFFSET(FRAME_RAX, struct trap_frame, rax);
    OFFSET(FRAME_VECTOR, struct trap_frame, vector);
    OFFSET(FRAME_ERROR, struct trap_frame, error);
    OFFSET(FRAME_RIP, struct trap_frame, rip);
    OFFSET(FRAME_CS, struct trap_frame, cs);
    OFFSET(FRAME_RFLAGS, struct trap_frame, rflags);
    OFFSET(FRAME_RSP, struct trap_frame, rsp);
    OFFSET(FRAME_SS, struct trap_frame, ss);
    DEFINE(FRAME_BYTES, sizeof(struct trap_frame));
}

static ALWAYS_INLINE void
asm_offsets_cpu(void)
{
    OFFSET(CPU_KERNEL_RSP, struct cpu, tss.rsp[0]);
    OFFSET(CPU_USER_RSP_SCRATCH, struct cpu, user_rsp_scratch);
    OFFSET(CPU_KERNEL_ENTRIES, struct cpu, kernel_entries);
}

static ALWAYS_INLINE void
asm_offsets_gate(void)
{
    DEFINE(SYSCALL_FIRST, SYS_FIRST);
    DEFINE(SYSCALL_ROWS, SYS_TABLE_ROWS);
    DEFINE(SYSCALL_IPC_CALL, SYS_ipc_call);
    DEFINE(SYSCALL_IPC_REPLY_RECEIVE, SYS_ipc_reply_receive);
    DEFINE(TRAP_VECTOR_SYSCALL, TRAP_SYSCALL);
    DEFINE(TRAP_VECTOR_NONE, TRAP_NONE);
    DEFINE(SELECTOR_KERNEL_CODE, SELECTOR_KERNEL_CODE);
    DEFINE(SELECTOR_USER_DATA, SELECTOR_USER_DATA);
    DEFINE(SELECTOR_USER_CODE, SELECTOR_USER_CODE);
    DEFINE(MSR_GS_BASE_NUMBER, MSR_GS_BASE);
}

static ALWAYS_INLINE void
asm_offsets_boot(void)
{
    DEFINE(KERNEL_IMAGE_BASE, KERNEL_IMAGE);
    DEFINE(PHYSMAP_BASE, VMM_PHYSMAP_BASE);
    DEFINE(MSR_EFER_NUMBER, MSR_EFER);
    DEFINE(EFER_LME_BIT, EFER_LME);
    DEFINE(EFER_NXE_BIT, EFER_NXE);
    DEFINE(CR4_PAE_BIT, CR4_PAE);
    DEFINE(CR0_VALUE, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
    DEFINE(PTE_TABLE_BITS, PTE_PRESENT | PTE_WRITE);
    DEFINE(PTE_LARGE_BITS, PTE_PRESENT | PTE_WRITE | PTE_LARGE);
    DEFINE(BOOT_STACK_BYTES, STACKS_BOOT_BYTES);
}

void
asm_offsets(void)
{
    asm_offsets_frame();
    asm_offsets_cpu();
    asm_offsets_gate();
    asm_offsets_boot();
}
