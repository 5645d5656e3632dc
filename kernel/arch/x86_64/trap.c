/* SPDX-License-Identifier: MIT */
/*
 * From vector and error code to the upcall that knows what to do.
 *
 *      isr.asm --> trap_page_fault   ring 3 needs a page (.._here: first this)
 *              \-> trap_user    anything else that interrupts ring 3
 *              \-> trap_kernel  ring 0 was: an interrupt in an open window, a
 *                               copy that met a missing page, or our own bug
 *              \-> trap_ist     #DB NMI #DF #MC, on a stack of their own
 */
#include "trap.h"

#include <secos/fault.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/upcalls.h>
#include <klib/kassert.h>
#include <klib/panic.h>

#include "regs.h"

/* One row per instruction that may fault in ring 0, made by entry.inc. */
struct exception_row {
    uint64_t rip;
    uint64_t fixup;
};

extern const struct exception_row _exception_table_start[];
extern const struct exception_row _exception_table_end[];
extern uint8_t *const _smap_sites_start[];
extern uint8_t *const _smap_sites_end[];

/* NMIs taken; the tests inject them and look here. */

void
trap_init(void)
{
    if (cpu_features.smap) {
        return;
    }
    for (uint8_t *const *site = _smap_sites_start; site < _smap_sites_end;
         site++) {
        static const uint8_t nop3[3] = { 0x0F, 0x1F, 0x00 };

        for (unsigned i = 0; i < sizeof(nop3); i++) {
            (*site)[i] = nop3[i];
        }
    }
}

static uint64_t
trap_fixup(uint64_t rip)
{
    for (const struct exception_row *row = _exception_table_start;
         row < _exception_table_end; row++) {
        if (row->rip == rip) {
            return row->fixup;
        }
    }
    return 0;
}

static ALWAYS_INLINE uint32_t
trap_access(uint64_t error)
{
    uint32_t access = FAULT_READ;

    if ((error & PF_ERROR_WRITE) != 0) {
        access = FAULT_WRITE;
    } else if ((error & PF_ERROR_FETCH) != 0) {
        access = FAULT_EXEC;
    }
    return access;
}

static bool
trap_is_irq(uint64_t vector)
{
    return vector - TRAP_IRQ_BASE < TRAP_IRQ_COUNT;
}

static void
trap_irq(uint64_t vector, bool from_user)
{
    unsigned line = (unsigned)(vector - TRAP_IRQ_BASE);

    if (irq_ack(line)) {
        upcall_irq(line, from_user);
    }
}

/* A page fault in ring 3 that is no user access is the processor's own, to a
 * descriptor table (or an emulator's idea of iretq). Mapping a page would not help
 * it: it ends the program like any other exception. */
void
trap_page_fault(uint64_t address, uint64_t error, struct trap_frame *frame)
{
    if (UNLIKELY((error & PF_ERROR_USER) == 0)) {
        upcall_exception(frame);
        return;
    }
    upcall_page_fault(address, trap_access(error));
}

bool
trap_page_fault_here(uint64_t address, uint64_t error)
{
    return LIKELY((error & PF_ERROR_USER) != 0)
           && upcall_page_fault_here(address, trap_access(error));
}

void
trap_user(struct trap_frame *frame)
{
    if (trap_is_irq(frame->vector)) {
        trap_irq(frame->vector, true);
    } else {
        upcall_exception(frame);
    }
}

NORETURN static COLD void
trap_panic(const struct trap_frame *frame)
{
    panic("trap: vector %lu error 0x%lx in ring 0 at 0x%lx, rsp 0x%lx, "
          "cr2 0x%lx",
          frame->vector, frame->error, frame->rip, frame->rsp, regs_read_cr2());
}

void
trap_kernel(struct trap_frame *frame)
{
    uint64_t fixup;

    if (trap_is_irq(frame->vector)) {
        trap_irq(frame->vector, false);
        return;
    }
    /* A refused iretq comes here with the user's GS base still loaded: nothing
     * on the way to its row may ask for cpu_this(). */
    fixup = trap_fixup(frame->rip);
    if (fixup == 0) {
        trap_panic(frame);
    }
    if (frame->vector == TRAP_PAGE_FAULT) {
        upcall_copy_fault(regs_read_cr2(), trap_access(frame->error));
    }
    frame->rip = fixup;
}

void
trap_ist(struct trap_frame *frame)
{
    switch (frame->vector) {
    case TRAP_NMI:
    case TRAP_DEBUG:
        /* `mov ss` with a watchpoint delays #DB into the first instruction of
         * an entry path; ring 0 sets no breakpoints, so it is never ours. */
        return;
    default:
        trap_panic(frame);
    }
}

void
trap_bad_return(struct trap_frame *frame)
{
    /* The #GP lies where these two stood: it came on this very stack. */
    frame->vector = TRAP_PROTECTION;
    frame->error = 0;
    upcall_bad_return(frame);
}
