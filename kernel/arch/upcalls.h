/* SPDX-License-Identifier: MIT */
/*
 * The few functions the machine calls in the kernel. Portable rooms implement
 * them; nothing else in arch/ knows that those rooms exist.
 *
 * Context of every upcall: interrupts off, on the kernel stack of the thread
 * that was running, unless said otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include <arch/trap.h>

/* A page fault at CPL 3. @access is made of enum fault_access bits. Returns to
 * resume the instruction; a fault that waits or kills does not return. */
void upcall_page_fault(uint64_t address, uint32_t access);

/* The same before that, once trap_answer_page_faults() was called: give the page
 * if that needs no more ado. Waits for nobody, enters no other thread and looks at
 * no register of this one. Returns whether the access can run again; if not,
 * nothing has changed and upcall_page_fault follows. */
bool upcall_page_fault_here(uint64_t address, uint32_t access);

/* Any other exception at CPL 3. Does not return to the instruction unless a
 * handler repaired it. */
void upcall_exception(struct trap_frame *frame);

/* The copy of a system call met a user page that is missing. Returns if the
 * copy must fail with ST_EFAULT. Where the page can be had it does not return:
 * the kernel stack is dropped and the call restarted later. */
void upcall_copy_fault(uint64_t address, uint32_t access);

/* A device interrupt, acknowledged already. @from_user says that it interrupted
 * ring 3: then, and only then, the upcall may dispatch another thread and not
 * return. */
void upcall_irq(unsigned line, bool from_user);

/* The system call dispatch table, indexed by number - SYS_FIRST: read by the
 * two doors. A handler gets the six argument registers and returns rax, or does
 * not return because it dispatched somebody else. */
typedef int64_t (*syscall_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                              uint64_t);
extern const syscall_fn syscall_table[];

/* Where a message goes that travels in registers. */
struct upcall_passage {
    /* Of the thread that gets it, now the current one. Vector TRAP_NONE: there is
     * no direct path, nothing happened, and the caller's own frame holds number
     * and handle again. */
    const struct trap_frame *frame;
    const uint64_t *name; /* its reply id and badge */
};

/* ipc_call and ipc_reply_receive of the fast door, without a deadline, before
 * anything is stored but what outlives them (syscall_ipc.asm): the message stays
 * in registers that these do not see. Of an answer word 0 and label are in the
 * frame, for it may be to a fault; that is resumed without returning. */
struct upcall_passage upcall_ipc_call(uint64_t handle);
struct upcall_passage upcall_ipc_reply_receive(uint64_t handle,
                                               uint64_t reply_id);

/* A number outside the table: the foreign door, same contract as a handler. */
int64_t upcall_foreign_syscall(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                               uint64_t e, uint64_t f);

/* iretq or sysretq refused the frame of the current thread. */
NORETURN void upcall_bad_return(struct trap_frame *frame);
