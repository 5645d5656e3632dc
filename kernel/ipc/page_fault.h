/* SPDX-License-Identifier: MIT */
/* Between the trap and the fault state machine: waiting, ending processes and
 * writing their reports. The upcalls of arch/upcalls.h are implemented here. */
#pragma once

#include <stdint.h>

#include <secos/process.h>
#include <secos/status.h>

#include <base/compiler.h>

struct call;
struct process;
struct thread;

/* Fill in where the access of fault @call happened. */
void page_fault_fill_report(struct exit_report *report,
                            const struct call *call);

/* End @process for a page it cannot have, with one line on the log. Does not
 * return if the current thread is one of its. */
void page_fault_end(struct process *process, const struct exit_report *report);

/* The current thread trapped at @address: no short cut applies. Returns to run
 * the access again; a fault that waits or ends the process does not return. */
void page_fault_general(struct thread *thread, uint64_t address,
                        uint32_t access);

/* The current thread, about to touch @page of its space again, traps once more:
 * it goes on by its frame, waits or ends. */
NORETURN void page_fault_again(struct thread *thread, uint64_t page,
                               uint32_t access);

/* A system call of the current thread needs @page with @access. Returns ST_OK if
 * it is there, ST_EFAULT if it cannot be had; while a pager works on it, does
 * not return: the call is restarted. */
MUST_CHECK enum status page_fault_for_call(uint64_t page, uint32_t access);
