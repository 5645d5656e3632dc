/* SPDX-License-Identifier: MIT */
/* The switch that the direct paths of IPC run through; <task/sched.h> has the
 * others. */
#pragma once

#include <arch/cpu.h>
#include <arch/x86_64/context_inline.h>

#include "sched.h"
#include "thread.h"

/* Make @to, in no queue and to go on by its frame, the current thread instead of
 * @from, which is and has been told to wait. The caller leaves by @to's frame. */
static ALWAYS_INLINE void
sched_hand_over(struct cpu *cpu, struct thread *from, struct thread *to)
{
    to->state = THREAD_RUNNING;
    to->resume = RESUME_USER;
    cpu->current = to;
    cpu->fpu_owner = to;
    sched_switch_count++;
    context_activate_from(cpu, &from->context, &to->context);
}
