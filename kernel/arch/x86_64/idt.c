/* SPDX-License-Identifier: MIT */
#include "idt.h"

#include <base/align.h>
#include <base/compiler.h>

#include <arch/trap.h>
#include <klib/kassert.h>

#include "regs.h"
#include "tss.h"

/* Source: Intel SDM vol. 3A, "64-Bit Mode IDT" (§6.14.1). */
struct idt_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

KASSERT_STATIC(sizeof(struct idt_gate) == 16);

#define IDT_VECTORS        256
#define IDT_INTERRUPT_GATE 0x8E /* present, DPL 0, clears IF */
#define IDT_DPL_USER       0x60

static SECTION(".ro_after_init") _Alignas(
    PAGE_BYTES) struct idt_gate idt_table[IDT_VECTORS];

static uint8_t
idt_stack_of(unsigned vector)
{
    switch (vector) {
    case TRAP_DOUBLE_FAULT:
        return TSS_IST_DOUBLE_FAULT;
    case TRAP_NMI:
        return TSS_IST_NMI;
    case TRAP_MACHINE_CHECK:
        return TSS_IST_MACHINE_CHECK;
    case TRAP_DEBUG:
        return TSS_IST_DEBUG;
    default:
        return 0; /* the present stack, or TSS.rsp0 when coming from ring 3 */
    }
}

static void
idt_set(unsigned vector, const void *entry)
{
    uint64_t stub = (uint64_t)(uintptr_t)entry;

    idt_table[vector] = (struct idt_gate){
        .offset_low = (uint16_t)stub,
        .selector = SELECTOR_KERNEL_CODE,
        .ist = idt_stack_of(vector),
        .type = IDT_INTERRUPT_GATE,
        .offset_middle = (uint16_t)(stub >> 16),
        .offset_high = (uint32_t)(stub >> 32),
    };
}

void
trap_answer_page_faults(void)
{
    idt_set(TRAP_PAGE_FAULT, isr_stub_page_fault_here);
}

void
idt_init(void)
{
    for (unsigned vector = 0; vector < IDT_VECTORS; vector++) {
        idt_set(vector, isr_stub_table[vector]);
    }
    idt_table[TRAP_INT80].type |= IDT_DPL_USER;
    regs_load_idt(idt_table, sizeof(idt_table) - 1);
}
