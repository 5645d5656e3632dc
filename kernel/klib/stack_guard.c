/* SPDX-License-Identifier: MIT */
/*
 * Functions with arrays on their stack store the canary above them and compare
 * it before returning. One value serves the whole kernel: it must not be known
 * in advance, hence random per boot, and its lowest byte is 0, so that a string
 * function that runs over cannot write it even if it is known.
 */
#include "stack_guard.h"

#include <stdint.h>

#include <base/compiler.h>

#include <arch/cpu.h>

#include "panic.h"

/* The names are the compilers', not ours. */
extern uintptr_t __stack_chk_guard;
NORETURN void __stack_chk_fail(void);

SECTION(".ro_after_init") uintptr_t __stack_chk_guard = 0x595E9FBD94FDA700;

void
__stack_chk_fail(void)
{
    panic("stack_guard: a function wrote beyond its stack arrays");
}

__attribute__((no_stack_protector)) void
stack_guard_init(void)
{
    __stack_chk_guard = cpu_random() & ~0xFFull;
}
