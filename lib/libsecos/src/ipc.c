/* SPDX-License-Identifier: MIT */
/* The four message calls on the one stub. */
#include <libsecos/ipc.h>

int64_t
ipc_call(handle_t endpoint, handle_t give, struct ipc_message *m,
         uint64_t deadline_ns)
{
    return ipc_exchange(SYS_ipc_call, endpoint | (uint64_t)give << 32, m,
                        deadline_ns);
}

int64_t
ipc_receive(handle_t endpoint, struct ipc_message *m, uint64_t deadline_ns)
{
    return ipc_exchange(SYS_ipc_receive, endpoint, m, deadline_ns);
}

int64_t
ipc_reply_receive(handle_t endpoint, struct ipc_message *m,
                  uint64_t deadline_ns)
{
    return ipc_exchange(SYS_ipc_reply_receive, endpoint, m, deadline_ns);
}

int64_t
ipc_reply(struct ipc_message *m)
{
    return ipc_exchange(SYS_ipc_reply, HANDLE_NONE, m, 0);
}
