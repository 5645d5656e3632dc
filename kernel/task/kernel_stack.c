/* SPDX-License-Identifier: MIT */
/* Kernel stacks: slots of the window, a few of them always mapped. */
#include "kernel_stack.h"

#include <klib/kassert.h>
#include <klib/panic.h>
#include <mm/pmm.h>
#include <mm/vmm.h>

/* So many stacks stand mapped even if fewer are in use. All of them are made at
 * start, so that how many frames stacks hold depends on what runs, and not on
 * what ran before: max(STACKS_KEPT, in use) stacks. */
#define STACKS_KEPT 8u

static void *kernel_stack_kept[STACKS_KEPT];
static unsigned kernel_stack_kept_count;
static unsigned kernel_stack_mapped; /* in use or kept */
/* Slots given back form a list through their numbers; those from fresh on were
 * never used. The number of a slot stands in this table, not on the stack,
 * which is unmapped. */
static uint16_t *kernel_stack_next;
static uint32_t kernel_stack_free_first;
static uint32_t kernel_stack_fresh = 1;

_Static_assert(KERNEL_STACKS_MOST <= KSTACK_SLOTS, "the window holds them");
_Static_assert(KERNEL_STACK_PAGES == KSTACK_PAGES, "as the layout has it");

static uint32_t
kernel_stack_take_slot(void)
{
    uint32_t slot = kernel_stack_free_first;

    if (slot != 0) {
        kernel_stack_free_first = kernel_stack_next[slot];
        return slot;
    }
    return kernel_stack_fresh < KERNEL_STACKS_MOST ? kernel_stack_fresh++ : 0;
}

static void
kernel_stack_give_slot(uint32_t slot)
{
    kernel_stack_next[slot] = (uint16_t)kernel_stack_free_first;
    kernel_stack_free_first = slot;
}

static uint32_t
kernel_stack_slot(const void *stack)
{
    return (uint32_t)((vaddr_of(stack).raw - KSTACK_BASE) / KSTACK_SLOT_BYTES);
}

static void
kernel_stack_unmap(vaddr_t base, uint64_t pages)
{
    while (pages > 0) {
        pages--;
        vmm_free_page(vaddr(base.raw + pages * PAGE_BYTES));
    }
}

static void *
kernel_stack_map(void)
{
    uint32_t slot = kernel_stack_take_slot();
    vaddr_t base;

    if (slot == 0) {
        return NULL;
    }
    base = layout_kstack_base(slot);
    for (uint64_t i = 0; i < KSTACK_PAGES; i++) {
        if (vmm_alloc_page(vaddr(base.raw + i * PAGE_BYTES), FRAME_STACK,
                           PROT_READ | PROT_WRITE, NULL)
            != ST_OK) {
            kernel_stack_unmap(base, i);
            kernel_stack_give_slot(slot);
            return NULL;
        }
    }
    kernel_stack_mapped++;
    return (void *)(uintptr_t)base.raw;
}

void
kernel_stack_init(void)
{
    kernel_stack_next =
        pmm_alloc_run(KERNEL_STACKS_MOST * sizeof(uint16_t) / PAGE_BYTES);
    if (kernel_stack_next == NULL) {
        panic("kernel_stack: no memory for the slot table");
    }
    while (kernel_stack_kept_count < STACKS_KEPT) {
        void *stack = kernel_stack_map();

        if (stack == NULL) {
            panic("kernel_stack: no memory for %u stacks", STACKS_KEPT);
        }
        kernel_stack_kept[kernel_stack_kept_count++] = stack;
    }
}

void *
kernel_stack_alloc(struct quota *quota)
{
    void *stack;

    if (quota_charge(quota, KERNEL_STACK_PAGES) != ST_OK) {
        return NULL;
    }
    if (kernel_stack_kept_count > 0) {
        return kernel_stack_kept[--kernel_stack_kept_count];
    }
    stack = kernel_stack_map();
    if (stack == NULL) {
        quota_uncharge(quota, KERNEL_STACK_PAGES);
    }
    return stack;
}

void
kernel_stack_free(void *stack, struct quota *quota)
{
    quota_uncharge(quota, KERNEL_STACK_PAGES);
    if (kernel_stack_mapped <= STACKS_KEPT) {
        kernel_stack_kept[kernel_stack_kept_count++] = stack;
        return;
    }
    kernel_stack_mapped--;
    kernel_stack_unmap(vaddr_of(stack), KSTACK_PAGES);
    kernel_stack_give_slot(kernel_stack_slot(stack));
}
