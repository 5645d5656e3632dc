/* SPDX-License-Identifier: MIT */
/* The interrupt descriptor table: 256 interrupt gates to isr.asm's stubs. */
#pragma once

#include <stdint.h>

/* The entry stub of every vector (isr.asm). */
extern const void *const isr_stub_table[256];

/*
 * Fill and load the table. Every gate clears IF. Ring 3 may use the gate
 * TRAP_INT80 only; any other `int n`, int3 and into are answered with #GP.
 * Context: boot, interrupts off, after gdt_init.
 */
void idt_init(void);

/* The page fault entry where the kernel may have the answer itself (isr.asm). */
extern const uint8_t isr_stub_page_fault_here[];
