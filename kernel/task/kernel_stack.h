/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: two pages each over one that is never mapped, in a window of
 * their own.
 *
 *      KSTACK_BASE  | guard | stack | stack | guard | stack | stack | ...
 *                           ^ as allocated  ^ kernel_stack_top
 *
 * A few stacks are made at start and stay mapped while free: most processes come
 * and go without touching the page tables of this window.
 */
#pragma once

#include <stdint.h>

#include <mm/quota.h>

/* So many there are at once, and no more threads. */
#define KERNEL_STACKS_MOST 8192u
#define KERNEL_STACK_PAGES 2u

/* Make the first stacks. Context: boot, after vmm_init. */
void kernel_stack_init(void);

/* Allocate a stack charged to @quota, or NULL. The contents are undefined. */
void *kernel_stack_alloc(struct quota *quota);
void kernel_stack_free(void *stack, struct quota *quota);

static inline uint64_t
kernel_stack_top(const void *stack)
{
    return (uint64_t)(uintptr_t)stack + KERNEL_STACK_PAGES * 4096u;
}
