/* SPDX-License-Identifier: MIT */
/*
 * A server: makes an endpoint, starts three clients with a handle to it, and
 * answers until the last has left.
 *
 *      tools/secos-cc examples/counter_server.c -o counter_server.elf
 *      tools/secos-cc examples/counter_client.c -o counter_client.elf
 *      tools/secos-run --with counter_client.elf counter_server.elf
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>

#include "counter.h"

/* To be called, to start clients, and to make endpoints. */
SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define CLIENTS 3

struct client {
    handle_t process;
    uint64_t sum;
    uint64_t calls;
};

static struct client clients[CLIENTS];

/* Start client @number with a handle whose badge is its number. */
static int64_t
start_client(handle_t endpoint, unsigned number)
{
    char args[32];
    struct spawn_request request = { .name = "counter_client" };
    int64_t give = endpoint_mint(endpoint, number, RIGHT_CALL | RIGHT_GRANT);
    int64_t process;

    if (give < 0) {
        return give;
    }
    request.give = (handle_t)give;
    request.args = syscall_address(args);
    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "client%c%u", '\0', number) + 1;
    process = process_spawn(&request);
    if (process >= 0) {
        clients[number].process = (handle_t)process;
    }
    (void)handle_close((handle_t)give); /* the child has its own */
    return process;
}

/* Turn the call in @m into its answer; returns whether a client has left. */
static int
answer(struct ipc_message *m)
{
    struct client *client = &clients[m->badge];
    uint64_t label = m->label;

    client->calls++;
    m->label = 0;
    if (label == COUNTER_ADD) {
        client->sum += m->words[0];
        m->words[0] = client->sum;
    } else if (label == COUNTER_LEAVE) {
        m->words[0] = client->calls;
    } else {
        m->label = 1;
    }
    return label == COUNTER_LEAVE;
}

int
main(void)
{
    int64_t endpoint = endpoint_create(RANK_SERVER);
    struct ipc_message m = { .label = 0 };
    int64_t status;
    int left = 0;

    if (endpoint < 0) {
        fprintf(stderr, "endpoint: %s\n", syscall_status_text(endpoint));
        return 1;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        status = start_client((handle_t)endpoint, i);
        if (status < 0) {
            fprintf(stderr, "client %u: %s\n", i, syscall_status_text(status));
            return 1;
        }
    }
    /* Reply and wait for the next call are one system call. */
    status = ipc_receive((handle_t)endpoint, &m, 0);
    while (status == ST_OK) {
        left += answer(&m);
        if (left == CLIENTS) {
            status = ipc_reply(&m);
            break;
        }
        status = ipc_reply_receive((handle_t)endpoint, &m, 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        int64_t end = process_wait(clients[i].process, 0);

        printf("client %u: %lu calls, sum %lu, status %ld\n", i,
               clients[i].calls, clients[i].sum, (long)EXIT_CODE(end));
    }
    return status == ST_OK ? 0 : 1;
}
