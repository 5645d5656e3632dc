/* SPDX-License-Identifier: MIT */
/* Contexts: how they begin. What a switch does is in context_inline.h. */
#include <base/string.h>

#include <arch/context.h>
#include <arch/cpu.h>

#include "context_inline.h"

#define RFLAGS_FIRST (RFLAGS_IF | RFLAGS_ALWAYS)
#define MXCSR_RESET  0x1F80u
#define FCW_RESET    0x37Fu

static void
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

void
context_set_base(struct context *context, bool is_fs, uint64_t value)
{
    if (cpu_features.fsgsbase) {
        context_bases_switch(context, context);
    }
    if (is_fs) {
        context->fs_base = value;
    } else {
        context->gs_base = value;
    }
    context_bases_load(context);
}
