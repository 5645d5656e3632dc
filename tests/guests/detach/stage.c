/* SPDX-License-Identifier: MIT */
/* Processes and orders. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "pager.h"

#define MS  1000000ull
#define RW  (PROT_READ | PROT_WRITE)
#define LOW 4u /* priority of all children: ours is the higher */

handle_t stage_control;

static handle_t
stage_spawn(const char *role, handle_t give, uint64_t max_mem)
{
    struct spawn_request request = {
        .name = "detach",
        .give = give,
        .priority = LOW,
        .max_mem = max_mem,
    };
    char args[64];
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "detach%c%s", 0, role) + 1;
    process = process_spawn(&request);
    if (process < 0) {
        printf("detach: no %s: %ld\n", role, process);
        exit(1);
    }
    return (handle_t)process;
}

/* A child that has called us and waits; its reply id. */
handle_t
stage_start(const char *role, uint64_t max_mem, uint64_t *reply_id)
{
    handle_t minted =
        (handle_t)endpoint_mint(stage_control, 1, RIGHT_CALL | RIGHT_GRANT);
    handle_t process = stage_spawn(role, minted, max_mem);
    struct ipc_message m = { .slot = 0 };

    (void)handle_close(minted);
    (void)ipc_receive(stage_control, &m, 0);
    *reply_id = m.reply_id;
    return process;
}

handle_t
stage_client(uint64_t max_mem, uint64_t *reply_id)
{
    return stage_start("client", max_mem, reply_id);
}

void
stage_send(uint64_t reply_id, enum order order, uint64_t a, uint64_t b,
           handle_t give)
{
    struct ipc_message m = { .reply_id = reply_id, .words = { order, a, b } };

    (void)ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, &m, 0);
}

/* Order, and wait for the result. */
int64_t
stage_order_giving(uint64_t *reply_id, enum order order, uint64_t a, uint64_t b,
                   handle_t give)
{
    struct ipc_message m = { .slot = 0 };

    stage_send(*reply_id, order, a, b, give);
    (void)ipc_receive(stage_control, &m, 0);
    *reply_id = m.reply_id;
    return (int64_t)m.label;
}

int64_t
stage_order(uint64_t *reply_id, enum order what, uint64_t a, uint64_t b)
{
    return stage_order_giving(reply_id, what, a, b, HANDLE_NONE);
}

handle_t
stage_bind(uint64_t badge, uint32_t tells)
{
    return (handle_t)binding_create(pager_served, badge, RW | tells,
                                    STAGE_BINDING);
}

void
stage_open(void)
{
    handle_t all = (handle_t)endpoint_create(50);

    /* Whoever receives with the SERVE right is a pager: of `pager_served` alone. Its
     * rank is below that one's, so that another pager may call. */
    stage_control = (handle_t)handle_copy(all, RIGHT_RECEIVE | RIGHT_MANAGE);
    (void)handle_close(all);
    pager_served = (handle_t)endpoint_create(0);
}

/* ---- roles of children ---------------------------------------------------- */

/* A pager that attaches, and takes nothing. */
int
stage_absent(void)
{
    struct ipc_message m = { .slot = IPC_SLOT_OPEN | STAGE_SLOT };

    (void)ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0);
    (void)ipc_receive((handle_t)m.slot, &m, 1);
    return (int)ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0); /* for ever */
}

/* Gets an endpoint, hands out a binding to it, and ends when told to. */
int
stage_mint(void)
{
    struct ipc_message m = { .slot = IPC_SLOT_OPEN | STAGE_SLOT };
    int64_t binding;

    (void)ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0);
    binding =
        binding_create((handle_t)m.slot, 9, RW | BINDING_TELLS, STAGE_BINDING);
    (void)ipc_call(HANDLE_SLOT_GIVEN, (handle_t)binding, &m, 0);
    return 0;
}
