/* SPDX-License-Identifier: MIT */
/* kernel/arch/cpu.h for the host: all the same (GS base is the driver's to set,
 * machine.c), but no instruction that ring 3 may not execute. */
#pragma once

#define cpu_wait_for_interrupt cpu_wait_by_hlt
#define cpu_interrupt_window   cpu_window_by_sti
#include_next <arch/cpu.h>
#undef cpu_wait_for_interrupt
#undef cpu_interrupt_window

/* Nobody is ready and no interrupt will come: the end of this step. */
NORETURN void machine_idle(void);

static inline void
cpu_wait_for_interrupt(void)
{
    machine_idle();
}

/* An interrupt comes and wants the dispatcher. */
void machine_interrupt(void);

static inline void
cpu_interrupt_window(void)
{
    machine_interrupt();
}
