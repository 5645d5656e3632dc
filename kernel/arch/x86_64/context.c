/* SPDX-License-Identifier: MIT */
/*
 * The part of a switch that C can do: stack pointers, FS and GS, FPU, CR3.
 *
 * FPU state is switched eagerly and never through CR0.TS (a lazily switched
 * register file can be read by speculation). XSAVEOPT leaves out what did not
 * change; where the processor has no XSAVE, FXSAVE does the same for x87 and
 * SSE, which is all there is then.
 *
 * With FSGSBASE ring 3 changes its bases unseen, so they are read back at every
 * switch; without it only thread_set_base does, and the fields are always true.
 */
#include <base/string.h>

#include <arch/context.h>
#include <arch/cpu.h>

#include "regs.h"
#include "tss.h"

static uint64_t context_loads;

#define RFLAGS_FIRST (RFLAGS_IF | RFLAGS_ALWAYS)
#define MXCSR_RESET  0x1F80u
#define FCW_RESET    0x37Fu

static void
context_fpu_save(void *area)
{
    uint32_t low = (uint32_t)cpu_features.xcr0;

    if (cpu_features.xsaveopt) {
        __asm__ volatile("xsaveopt64 (%0)" ::"r"(area), "a"(low), "d"(0)
                         : "memory");
    } else if (cpu_features.xsave) {
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(low), "d"(0)
                         : "memory");
    } else {
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
    }
}

static void
context_fpu_load(const void *area)
{
    uint32_t low = (uint32_t)cpu_features.xcr0;

    if (cpu_features.xsave) {
        __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(low), "d"(0)
                         : "memory");
    } else {
        __asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
    }
}

void
context_init_fpu(void *fpu)
{
    uint16_t fcw = FCW_RESET;
    uint32_t mxcsr = MXCSR_RESET;

    /* The legacy region: FCW at 0, MXCSR at 24. An XSAVE header of zeroes says
     * that every component is in its initial state; it ignores FCW then, which
     * is the same value. Source: Intel SDM vol. 1, "XSAVE Area" (§13.4). */
    memset(fpu, 0, cpu_features.fpu_bytes);
    memcpy(fpu, &fcw, sizeof(fcw));
    memcpy((char *)fpu + 24, &mxcsr, sizeof(mxcsr));
}

void
context_init(struct context *context, uint64_t kernel_stack_top, void *fpu)
{
    context->kernel_stack_top = kernel_stack_top;
    context->frame =
        (struct trap_frame *)(uintptr_t)(kernel_stack_top
                                         - sizeof(struct trap_frame));
    context->fpu = fpu;
    memset(context->frame, 0, sizeof(*context->frame));
    context_init_fpu(fpu);
}

void
context_set_entry(struct context *context, uint64_t entry, uint64_t stack,
                  uint64_t argument)
{
    struct trap_frame *frame = context->frame;

    frame->rip = entry;
    frame->cs = SELECTOR_USER_CODE;
    frame->rflags = RFLAGS_FIRST;
    frame->rsp = stack;
    frame->ss = SELECTOR_USER_DATA;
    frame->rdi = argument;
}

static inline void
context_save_bases(struct context *from)
{
    uint64_t fs;
    uint64_t gs;

    __asm__ volatile("rdfsbase %0\n\t"
                     "swapgs\n\t"
                     "rdgsbase %1\n\t"
                     "swapgs"
                     : "=r"(fs), "=r"(gs)
                     :
                     : "memory");
    from->fs_base = fs;
    from->gs_base = gs;
}

static inline void
context_load_bases(const struct context *to)
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

void
context_set_base(struct context *context, bool is_fs, uint64_t value)
{
    if (cpu_features.fsgsbase) {
        context_save_bases(context);
    }
    if (is_fs) {
        context->fs_base = value;
    } else {
        context->gs_base = value;
    }
    context_load_bases(context);
}

void
context_activate(struct cpu *cpu, struct context *from, struct context *to)
{
    if (from != NULL) {
        if (cpu_features.fsgsbase) {
            context_save_bases(from);
        }
        context_fpu_save(from->fpu);
    }
    cpu->kernel_rsp = to->kernel_stack_top;
    cpu->tss->rsp[0] = to->kernel_stack_top;
    context_load_bases(to);
    context_fpu_load(to->fpu);
    if (cpu->cr3 != to->root.raw) {
        cpu->cr3 = to->root.raw;
        context_loads++;
        __asm__ volatile("mov %0, %%cr3" ::"r"(to->root.raw) : "memory");
    }
}

uint64_t
context_root_loads(void)
{
    return context_loads;
}
