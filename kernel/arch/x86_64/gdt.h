/* SPDX-License-Identifier: MIT */
/*
 * The segment descriptors: flat, and as few as 64-bit mode allows. There is no
 * 32-bit user code segment, so ring 3 has no way into compatibility mode.
 */
#pragma once

/* Load the table, every segment register and the task register.
 * Context: boot, interrupts off, after tss_init, before cpu_init (which sets
 * the GS base that loading GS leaves at 0). */
void gdt_init(void);
