/* SPDX-License-Identifier: MIT */
/*
 * The part of <arch/context.h> that every switch runs through: its contract is
 * there, include that.
 *
 * FPU state is switched eagerly and never through CR0.TS (a lazily switched
 * register file can be read by speculation). XSAVEOPT leaves out what did not
 * change; where the processor has no XSAVE, FXSAVE does the same for x87 and
 * SSE, which is all there is then.
 *
 * With FSGSBASE ring 3 changes its bases unseen, so they are read back at every
 * switch; without it only thread_set_base does, and the fields are always true.
 */
#pragma once

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/x86_64/regs.h>
#include <arch/x86_64/tss.h>

static ALWAYS_INLINE void
context_fpu_switch_plain(void *save, const void *load)
{
    __asm__ volatile("fxsave64 (%0)\n\t"
                     "fxrstor64 (%1)" ::"r"(save),
                     "r"(load)
                     : "memory");
}

static ALWAYS_INLINE void
context_fpu_switch(void *save, const void *load)
{
    if (!cpu_features.xsave) {
        context_fpu_switch_plain(save, load);
    } else if (cpu_features.xsaveopt) {
        __asm__ volatile("xsaveopt64 (%0)\n\t"
                         "xrstor64 (%1)" ::"r"(save),
                         "r"(load), "a"((uint32_t)cpu_features.xcr0), "d"(0)
                         : "memory");
    } else {
        __asm__ volatile("xsave64 (%0)\n\t"
                         "xrstor64 (%1)" ::"r"(save),
                         "r"(load), "a"((uint32_t)cpu_features.xcr0), "d"(0)
                         : "memory");
    }
}

static ALWAYS_INLINE void
context_fpu_load(const void *load)
{
    if (cpu_features.xsave) {
        __asm__ volatile("xrstor64 (%0)" ::"r"(load),
                         "a"((uint32_t)cpu_features.xcr0), "d"(0)
                         : "memory");
    } else {
        __asm__ volatile("fxrstor64 (%0)" ::"r"(load) : "memory");
    }
}

/* Store the bases of @from, load those of @to. FSGSBASE only: the user's GS base
 * is in KERNEL_GS_BASE while ring 0 runs, and swapgs brings it within reach. */
static ALWAYS_INLINE void
context_bases_switch(struct context *from, const struct context *to)
{
    uint64_t fs;
    uint64_t gs;

    __asm__ volatile("rdfsbase %0\n\t"
                     "swapgs\n\t"
                     "rdgsbase %1\n\t"
                     "wrgsbase %2\n\t"
                     "swapgs\n\t"
                     "wrfsbase %3"
                     : "=&r"(fs), "=&r"(gs)
                     : "r"(to->gs_base), "r"(to->fs_base)
                     : "memory");
    from->fs_base = fs;
    from->gs_base = gs;
}

static ALWAYS_INLINE void
context_bases_load(const struct context *to)
{
    if (cpu_features.fsgsbase) {
        __asm__ volatile("wrfsbase %0\n\t"
                         "swapgs\n\t"
                         "wrgsbase %1\n\t"
                         "swapgs" ::"r"(to->fs_base),
                         "r"(to->gs_base)
                         : "memory");
    } else {
        regs_write_msr(MSR_FS_BASE, to->fs_base);
        regs_write_msr(MSR_KERNEL_GS_BASE, to->gs_base);
    }
}

/* Kernel stack and page tables of @to. */
static ALWAYS_INLINE void
context_enter(struct cpu *cpu, const struct context *to)
{
    uint64_t root = to->root.raw;

    cpu->tss.rsp[0] = to->kernel_stack_top;
    if (cpu->cr3 != root) {
        cpu->cr3 = root;
        cpu->mmu_work++;
        __asm__ volatile("mov %0, %%cr3" ::"r"(root) : "memory");
    }
}

/* context_activate with a @from that is not NULL. */
static ALWAYS_INLINE void
context_activate_from(struct cpu *cpu, struct context *from, struct context *to)
{
    if (LIKELY(cpu_features.plain)) {
        context_bases_switch(from, to);
        context_fpu_switch_plain(from->fpu, to->fpu);
    } else {
        if (LIKELY(cpu_features.fsgsbase)) {
            context_bases_switch(from, to);
        } else {
            context_bases_load(to);
        }
        context_fpu_switch(from->fpu, to->fpu);
    }
    context_enter(cpu, to);
}

static ALWAYS_INLINE void
context_activate(struct cpu *cpu, struct context *from, struct context *to)
{
    if (LIKELY(from != NULL)) {
        context_activate_from(cpu, from, to);
        return;
    }
    context_bases_load(to);
    context_fpu_load(to->fpu);
    context_enter(cpu, to);
}

static ALWAYS_INLINE void
context_nest(struct context *context)
{
    struct cpu *cpu = cpu_this();

    context->frame--;
    context->kernel_stack_top -= sizeof(struct trap_frame);
    cpu->tss.rsp[0] = context->kernel_stack_top;
}

static ALWAYS_INLINE void
context_unnest(struct context *context)
{
    struct cpu *cpu = cpu_this();

    context->frame++;
    context->kernel_stack_top += sizeof(struct trap_frame);
    cpu->tss.rsp[0] = context->kernel_stack_top;
}
