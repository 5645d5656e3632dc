/* SPDX-License-Identifier: MIT */
/*
 * Messages, notifications, endpoints and handles.
 *
 * A message is nine registers (secos/ipc.h). The four ipc_ functions carry them
 * in and out of a struct ipc_message; on any failure the message is all zero.
 * A server's hot loop uses ipc_reply_receive_inline, with which the compiler
 * can keep the message in the registers it arrived in:
 *
 *      struct ipc_message m = { 0 };
 *      status = ipc_receive(endpoint, &m, 0);
 *      for (;;) {
 *          ... read m, write the answer into m ...
 *          status = ipc_reply_receive_inline(endpoint, &m, 0);
 *      }
 *
 * Deadlines are absolute, in nanoseconds of process_clock(); 0 means none.
 */
#pragma once

#include <stdint.h>

#include <secos/fault.h>
#include <secos/ipc.h>

#include <libsecos/syscall.h>

/* Call @endpoint: send @m, wait for the reply, which replaces *@m.
 * @give   a handle to move to the receiver, or HANDLE_NONE
 * Returns ST_OK; ST_EBADF, ST_EPERM: no such endpoint, no RIGHT_CALL;
 *         ST_EPIPE: nobody will ever answer; ST_ETIMEDOUT; ST_EDEADLK. */
int64_t ipc_call(handle_t endpoint, handle_t give, struct ipc_message *m,
                 uint64_t deadline_ns);

/* Wait for a message. @m->slot on entry: a slot that may be filled with a
 * handle, with IPC_SLOT_OPEN, or 0. */
int64_t ipc_receive(handle_t endpoint, struct ipc_message *m,
                    uint64_t deadline_ns);

/* Answer @m->reply_id with label and words, then wait for the next message in
 * the same kernel entry. ST_EGONE: what the reply was for no longer exists. */
int64_t ipc_reply_receive(handle_t endpoint, struct ipc_message *m,
                          uint64_t deadline_ns);

/* Answer and go on. */
int64_t ipc_reply(struct ipc_message *m);

/* The four above are this, with the call's number (syscall_stub.asm).
 * @target  endpoint | handle to give << 32 */
int64_t ipc_exchange(uint64_t number, uint64_t target, struct ipc_message *m,
                     uint64_t deadline_ns);

/* ipc_exchange without a function around it; the whole message travels in
 * registers, so that none of it need ever be stored. */
static ALWAYS_INLINE int64_t
ipc_exchange_inline(enum sys_number number, uint64_t target,
                    struct ipc_message *m, uint64_t deadline_ns)
{
    uint64_t rax = (uint64_t)number;
    uint64_t rdi = target;
    uint64_t rsi = m->label;
    uint64_t rdx = m->words[0];
    uint64_t rbx = m->words[4];
    register uint64_t r10 __asm__("r10") = m->words[1];
    register uint64_t r8 __asm__("r8") = m->words[2];
    register uint64_t r9 __asm__("r9") = m->words[3];
    register uint64_t r12 __asm__("r12") = m->reply_id;
    register uint64_t r13 __asm__("r13") = m->slot;
    register uint64_t r14 __asm__("r14") = deadline_ns;

    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+b"(rbx),
                       "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12), "+r"(r13)
                     : "r"(r14)
                     : "rcx", "r11", "memory");
    m->reply_id = rdi;
    m->label = rsi;
    m->words[0] = rdx;
    m->words[1] = r10;
    m->words[2] = r8;
    m->words[3] = r9;
    m->words[4] = rbx;
    m->badge = r12;
    m->slot = r13;
    return (int64_t)rax;
}

static ALWAYS_INLINE int64_t
ipc_receive_inline(handle_t endpoint, struct ipc_message *m,
                   uint64_t deadline_ns)
{
    return ipc_exchange_inline(SYS_ipc_receive, endpoint, m, deadline_ns);
}

static ALWAYS_INLINE int64_t
ipc_reply_receive_inline(handle_t endpoint, struct ipc_message *m,
                         uint64_t deadline_ns)
{
    return ipc_exchange_inline(SYS_ipc_reply_receive, endpoint, m, deadline_ns);
}

static ALWAYS_INLINE int64_t
ipc_call_inline(handle_t endpoint, struct ipc_message *m, uint64_t deadline_ns)
{
    return ipc_exchange_inline(SYS_ipc_call, endpoint, m, deadline_ns);
}

/* Create a notification: 63 bits that anybody may set and one waits for.
 * Returns its handle, or ST_EMFILE, ST_ENOMEM. */
static inline int64_t
notify_create(void)
{
    return syscall0(SYS_notify_create);
}

/* Set @bits; never waits. */
static inline int64_t
notify_signal(handle_t notification, uint64_t bits)
{
    return syscall2(SYS_notify_signal, notification, bits);
}

/* Wait until one of @mask is set, then take those that are.
 * Returns the bits taken (never 0), or ST_ETIMEDOUT, ST_EAGAIN (128 threads wait
 * there) and the like. */
static inline int64_t
notify_wait(handle_t notification, uint64_t mask, uint64_t deadline_ns)
{
    return syscall3(SYS_notify_wait, notification, mask, deadline_ns);
}

/* Create an endpoint of @rank (RANK_SERVER and its like). Returns a handle. */
static inline int64_t
endpoint_create(uint64_t rank)
{
    return syscall1(SYS_endpoint_create, rank);
}

/* Make a handle with @badge and @rights to @endpoint, which needs
 * RIGHT_MANAGE. Whoever calls through it is known to the receiver as @badge. */
static inline int64_t
endpoint_mint(handle_t endpoint, uint64_t badge, uint32_t rights)
{
    return syscall3(SYS_endpoint_mint, endpoint, badge, rights);
}

/* Make a bind handle: regions made with it fault to @endpoint as @badge, with
 * at most @max_prot and @pages pages. */
static inline int64_t
binding_create(handle_t endpoint, uint64_t badge, uint32_t max_prot,
               uint64_t pages)
{
    return syscall4(SYS_binding_create, endpoint, badge, max_prot, pages);
}

/* How long @endpoint's pager may take, by enum pager_limit, in milliseconds.
 * Returns ST_EPERM without RIGHT_MANAGE, ST_EINVAL for a soft limit above its
 * hard one, or outside PAGER_LIMIT_MS_LEAST and PAGER_LIMIT_MS_MOST. */
static inline int64_t
endpoint_limits(handle_t endpoint, const uint64_t ms[PAGER_LIMITS])
{
    return syscall6(SYS_endpoint_limits,
                    (struct syscall_args){
                        { endpoint, ms[PAGER_LIMIT_SOFT], ms[PAGER_LIMIT_HARD],
                          ms[PAGER_LIMIT_RUN_SOFT], ms[PAGER_LIMIT_RUN_HARD],
                          ms[PAGER_LIMIT_GRACE] } });
}

/* Close @handle. A handle of the slot's next tenant will never equal it. */
static inline int64_t
handle_close(handle_t handle)
{
    return syscall1(SYS_handle_close, handle);
}

/* A second handle with @rights, which must be among the first one's. */
static inline int64_t
handle_copy(handle_t handle, uint32_t rights)
{
    return syscall2(SYS_handle_copy, handle, rights);
}

/* Returns enum object_kind | rights << 8, or ST_EBADF. */
static inline int64_t
handle_info(handle_t handle)
{
    return syscall1(SYS_handle_info, handle);
}
