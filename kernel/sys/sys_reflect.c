/* SPDX-License-Identifier: MIT */
/*
 * Foreign system calls, reflected to the process that made them.
 *
 * A number below SYS_FIRST is not ours: it is Linux's, made by a C library that
 * was written for Linux. The kernel knows nothing of what it means. Where the
 * process has named a handler, the kernel makes the instruction look like a call
 * of it, and is done:
 *
 *      rsp before  +------------------------+
 *                  | red zone, 128 bytes    |  may hold the caller's locals
 *                  +------------------------+
 *      rsp after   | address behind syscall |  the handler's return address
 *                  +------------------------+
 *
 * rip is the handler; rax, the foreign number, and every other register are as
 * they were, but for rcx and r11, which a foreign call may lose at both doors.
 * The handler returns by `ret 128`, with no second entry to the kernel.
 *
 * int 0x80 is reflected in the same way: the numbers and registers are those of
 * x86-64 whatever the door. Restart class A: nothing changes before the copy.
 */
#include <secos/bootinfo.h>
#include <secos/status.h>

#include <base/compiler.h>

#include <arch/trap.h>
#include <arch/upcalls.h>
#include <task/process.h>
#include <task/thread.h>
#include <task/usercopy.h>

#include "handlers.h"

#define RED_ZONE_BYTES 128u

/* reflect_set(handler): where foreign calls go from now on; 0 = nowhere. */
int64_t
sys_reflect_set(SYS_ARGS)
{
    /* sysret to any other address would fault in ring 0. */
    if (a != 0 && (a < USER_BASE || a >= USER_END)) {
        return ST_EINVAL;
    }
    process_current()->reflect_handler = a;
    return ST_OK;
}

/* What is returned lands in rax, whichever door or restart this came through:
 * so it is the number, as it was. A stack without room for the return address
 * makes the call fail where it stands. */
int64_t
upcall_foreign_syscall(SYS_ARGS)
{
    struct thread *thread = thread_current();
    struct trap_frame *frame = thread->context.frame;
    uint64_t handler = thread->process->reflect_handler;
    uint64_t stack = frame->rsp - RED_ZONE_BYTES - sizeof(frame->rip);
    enum status status;

    if (handler == 0 || frame->rax >= SYS_FIRST) {
        return ST_ENOSYS;
    }
    status = usercopy_out(stack, &frame->rip, sizeof(frame->rip));
    if (status != ST_OK) {
        return status;
    }
    frame->rsp = stack;
    frame->rip = handler;
    return (int64_t)frame->rax;
}
