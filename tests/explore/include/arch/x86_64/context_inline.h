/* SPDX-License-Identifier: MIT */
/* kernel/arch/x86_64/context_inline.h for the host: of all that a switch gives
 * to the next thread, only the page tables can be seen here. */
#pragma once

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/mmu.h>

static ALWAYS_INLINE void
context_activate(struct cpu *cpu, UNUSED struct context *from,
                 struct context *to)
{
    cpu->cr3 = to->root.raw;
    mmu_load_root(to->root);
}

static ALWAYS_INLINE void
context_activate_from(struct cpu *cpu, struct context *from, struct context *to)
{
    context_activate(cpu, from, to);
}

/* No thread of the world answers its own faults. */
static ALWAYS_INLINE void
context_nest(struct context *context)
{
    context->frame--;
}

static ALWAYS_INLINE void
context_unnest(struct context *context)
{
    context->frame++;
}
