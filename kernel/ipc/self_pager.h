/* SPDX-License-Identifier: MIT */
/*
 * pager=self: a process answers faults on its own regions.
 *
 * A thread names a handler and a stack for it. When it touches a missing page of
 * a region that is bound to the pager its process was born with, it goes on in
 * the handler, in the same process, and the handler ends with fault_return:
 *
 *      thread               kernel                handler, on its own stack
 *        | mov [page], 1      |
 *        |-- #PF, entry 1 --> | its frame stays where it is
 *        |                    |------ sysret -----> rdi page, rsi access, rdx run
 *        |                    |                    decides
 *        |                    | <-- fault_return -- | entry 2: verdict, run
 *        |                    | looks again; frame, charge, map
 *        | <---- iretq ------ |
 *
 * No user memory is touched and no page table loaded. What was interrupted is
 * kept by the kernel, so a handler cannot forge it:
 *
 *      kernel stack  +------------------------+ <- top
 *                    | frame: interrupted     |
 *                    +------------------------+ <- top while the handler runs:
 *                    | frame: of the handler  |    its traps and calls come here
 *                    +------------------------+
 *
 * If a system call's copy met the missing page, the frame above holds the call,
 * which is run again from its start afterwards.
 *
 * S1  A handler never interrupts itself: a missing page while it runs ends the
 *     process (REASON_HANDLER), and the copy of a system call it makes fails.
 * S2  fault_return names nothing: it answers the one fault its thread has.
 * S3  The region is looked up again when the answer comes; what changed
 *     meanwhile only makes the access run again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include <mm/region.h>
#include <task/process.h>
#include <task/thread.h>

/* Whether @thread, whose handler does not run, answers itself for missing pages
 * of @region. Nobody pages a region without a binding, self or not. */
static ALWAYS_INLINE bool
self_pager_serves(const struct thread *thread, const struct region *region)
{
    return thread->upcall.handler != 0
           && region->spec.binding == (void *)thread->process->pager
           && region->spec.binding != NULL;
}

/* The current thread goes on in its handler, which is told of the missing @page
 * of @region. @resume says how what was interrupted goes on later. */
NORETURN void self_pager_ask(struct thread *thread, const struct region *region,
                             uint64_t page, uint32_t access,
                             enum thread_resume resume);

/* A page fault under pager=self: as upcall_page_fault. */
void self_pager_fault(uint64_t address, uint32_t access);

/* A thread whose handler runs has a fault, by a region that it does not answer
 * for: the times of the first are put aside. */
void self_pager_keep_times(struct thread *thread);

/* Row of the system call table: fault_return(verdict, run or error). Returns
 * ST_EINVAL if the thread has no fault to answer or this is no answer; else does
 * not return. */
int64_t sys_fault_return(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                         uint64_t e, uint64_t f);
