/* SPDX-License-Identifier: MIT */
/*
 * The task state segment: where the processor finds a stack when it enters the
 * kernel, and which I/O ports ring 3 may use (none: the bitmap lies beyond the
 * segment's limit).
 * Source: Intel SDM vol. 3A, "Task Management in 64-bit Mode" (§8.7).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

#include <arch/cpu.h>
#include <arch/stacks.h>

_Static_assert(sizeof(struct tss) == 104, "fixed by the processor");
_Static_assert(offsetof(struct tss, rsp) == 4, "fixed by the processor");
_Static_assert(offsetof(struct tss, ist) == 36, "fixed by the processor");
_Static_assert(offsetof(struct tss, iomap_base) == 102, "by the processor");

/*
 * Traps that may come at any instruction, also between the first instruction of
 * an entry and the moment its stack and GS base are right, run on a stack of
 * their own (gate field IST, 1-based):
 *
 *      +-----------------+  page boundary
 *      | padding         |
 *      | struct cpu *    |  <- TSS.ist[n - 1]; the processor pushes below
 *      | ss ... rip      |
 *      |   8 KiB         |
 *      +-----------------+
 *      | guard page      |  never mapped
 *      +-----------------+
 *
 * With the 22 words of struct trap_frame pushed, the pointer is therefore at
 * [rsp + sizeof(struct trap_frame)].
 */
#define TSS_IST_DOUBLE_FAULT  1
#define TSS_IST_NMI           2
#define TSS_IST_MACHINE_CHECK 3
#define TSS_IST_DEBUG         4
#define TSS_IST_COUNT         4
#define TSS_IST_STACK_BYTES   8192

/* Fill the boot processor's TSS and IST stacks. Context: boot, once. */
void tss_init(void);

/* Make @top the stack of the next entry from ring 3 through a gate. */
