/* SPDX-License-Identifier: MIT */
/*
 * Synchronous messages: the handlers of ipc_call, ipc_receive, ipc_reply and
 * ipc_reply_receive. The register convention is <secos/ipc.h>.
 *
 *      client                    kernel                     server
 *        | ipc_call ------------> |                           | (waits)
 *        |  waits                 | message: frame to frame   |
 *        |                        | -- switch --------------> |
 *        |                        | <---- ipc_reply_receive - |
 *        | <-- switch ----------- |                           | waits again
 *
 * On the direct path nothing is queued and the scheduler is not asked: the
 * message goes from one register frame to the other and the processor follows
 * it, with the caller's priority and the rest of its slice.
 *
 * Context: the two doors. They leave by context_resume or by switching: rax is
 * set in the frame, so none of them returns.
 */
#pragma once

#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

#include <arch/trap.h>
#include <task/call.h>
#include <task/sched.h>
#include <task/thread.h>

struct endpoint;
struct handle_entry;

/* Rows of the system call table, with its six parameters: @a is rdi, the rest of
 * the message is read from the register frame. */
int64_t sys_ipc_call(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                     uint64_t f);
int64_t sys_ipc_receive(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                        uint64_t e, uint64_t f);
int64_t sys_ipc_reply(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                      uint64_t e, uint64_t f);
int64_t sys_ipc_reply_receive(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                              uint64_t e, uint64_t f);

/* Run @next now unless a ready thread outranks it. @next is in no queue. */
NORETURN static ALWAYS_INLINE void
ipc_run(struct thread *next)
{
    if (UNLIKELY(sched_has_above(next->priority))) {
        sched_put_back(next);
        sched_dispatch();
    }
    sched_switch(next);
}
