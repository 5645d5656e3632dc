/* SPDX-License-Identifier: MIT */
/* What isr.asm calls, and what start-up calls once. */
#pragma once

#include <stdbool.h>

#include <base/compiler.h>

#include <arch/trap.h>

/* Turn every stac and clac into a nop on a processor without SMAP.
 * Context: boot, after cpu_init, before vmm_init makes .text read-only. */
void trap_init(void);

/* Entered from the stubs with the frame on the stack in use. */
void trap_user(struct trap_frame *frame);
void trap_page_fault(uint64_t address, uint64_t error,
                     struct trap_frame *frame);

/* upcall_page_fault_here, for isr.asm. */
bool trap_page_fault_here(uint64_t address, uint64_t error);
void trap_kernel(struct trap_frame *frame);
void trap_ist(struct trap_frame *frame);
NORETURN void trap_bad_return(struct trap_frame *frame);

/* How many NMIs were taken since start. */
