/* SPDX-License-Identifier: MIT */
/* What the general and the direct path of messages share. */
#pragma once

#include <task/call.h>
#include <task/process.h>
#include <task/thread.h>

#include "endpoint.h"

extern const struct wait_class ipc_call_wait;
extern const struct wait_class ipc_receive_wait;

/* @call, a message and in no queue, is @receiver's to answer from now on. */
static ALWAYS_INLINE void
ipc_mark_delivered(struct call *call, struct thread *receiver)
{
    struct process *server = receiver->process;

    call->phase = CALL_PHASE_MESSAGE;
    call->server = server;
    call->receiver = receiver;
    list_add_tail(&server->delivered, &call->delivered_link);
}

/* @server is who received last at @endpoint, instead of whoever did before. */
static ALWAYS_INLINE void
ipc_set_server(struct endpoint *endpoint, struct thread *server)
{
    /* What the caller compared is read again: so the common path needs no register
     * for it, and no instruction to load it. */
    __asm__("" : "+m"(endpoint->server));
    if (endpoint->server != NULL) {
        endpoint->server->served = NULL;
    }
    if (server->served != NULL) {
        *server->served = NULL;
    }
    endpoint->server = server;
    server->served = &endpoint->server;
}

/* @server is who received last at @endpoint. */
static ALWAYS_INLINE void
ipc_receives_at(struct thread *server, struct endpoint *endpoint)
{
    if (UNLIKELY(endpoint->server != server)) {
        ipc_set_server(endpoint, server);
    }
}

/* @server, in no list, waits at @endpoint. */
static ALWAYS_INLINE void
ipc_wait_at(struct thread *server, struct endpoint *endpoint, bool serves)
{
    ipc_receives_at(server, endpoint);
    list_add_tail(serves ? &endpoint->servers : &endpoint->receivers,
                  &server->wait_link);
    thread_set_waiting(server, &ipc_receive_wait, endpoint, RESUME_USER);
}

/* The answer to the message @call is being given: its id names it no longer. */
static ALWAYS_INLINE void
ipc_close_call(struct call *call)
{
    list_unlink(&call->delivered_link);
    call->phase = CALL_IDLE;
    call_renew(call);
}
