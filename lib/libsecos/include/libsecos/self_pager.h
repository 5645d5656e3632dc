/* SPDX-License-Identifier: MIT */
/*
 * pager=self: a process that answers its own page faults.
 *
 * Where the machine was booted with that option, a program's first thread does so
 * from its first instruction (self_pager_start): every missing page of its bss,
 * stack, heap and anonymous regions comes to a handler in the process itself.
 * Other threads ask the pager until they call self_pager_attach.
 */
#pragma once

#include <stdint.h>

#include <secos/fault.h>
#include <secos/status.h>

#include <base/compiler.h>

#include <libsecos/syscall.h>

/* Runs on its own stack in place of the instruction that touched @page, an
 * address; @run pages from it on are in its region. @access is one of enum
 * fault_access. It ends with fault_return and nothing else; until then nothing it
 * touches may be missing. */
typedef void (*fault_handler_fn)(uint64_t page, uint64_t access, uint64_t run);

/* The calling thread's faults go to @handler, on the stack below @stack_top, a
 * multiple of 16; NULL = to the pager again. The handler's page and the highest
 * of its stack are made present here; more of both is the caller's care.
 * Returns ST_ENOSYS without pager=self, ST_EINVAL, ST_EFAULT. */
static inline int64_t
fault_handler(fault_handler_fn handler, void *stack_top)
{
    return syscall2(SYS_fault_handler, (uint64_t)(uintptr_t)handler,
                    syscall_address(stack_top));
}

/* Answer the fault that the handler runs for: VERDICT_ZERO for @run pages, or
 * VERDICT_FAIL with an error number for @run. What was interrupted goes on.
 * Returns only if that is no answer: ST_EINVAL. */
static inline int64_t
fault_return(enum verdict verdict, uint64_t run)
{
    return syscall2(SYS_fault_return, (uint64_t)verdict, run);
}

/* What the boot pager does, in the process: a zeroed page for each fault. */
void self_pager_handle(uint64_t page, uint64_t access, uint64_t run);

/* self_pager_handle for the calling thread, on its own @bytes at @stack, both
 * multiples of 16. Returns as fault_handler. */
int64_t self_pager_attach(void *stack, uint64_t bytes);

/* The same for a program's first thread. Context: crt0. */
void self_pager_start(void);
