/* SPDX-License-Identifier: MIT */
/* The stacks that exist before there is a heap, and the pages below them that
 * must not be mapped. */
#pragma once

#include <stdint.h>

/* Pages inside the kernel image, each right below a stack. vmm_init leaves them
 * unmapped, so that an overflow faults instead of spoiling a neighbour. */
#define BOOT_GUARD_PAGES 5
extern const uint8_t *const boot_guard_pages[BOOT_GUARD_PAGES];

/* The stack that kernel_main starts on; later the idle loop's. */
#define STACKS_BOOT_BYTES 16384
extern uint8_t boot_stack_guard[];
extern uint8_t boot_stack_top[];

/* The time stamp counter at the kernel's first instruction (boot/start32.asm). */
extern uint64_t boot_tsc;
