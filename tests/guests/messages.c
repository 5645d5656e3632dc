/* SPDX-License-Identifier: MIT */
/*
 * Claim: a message arrives whole, and no register but the documented ones changes,
 * whichever doors caller and server use and whether the call goes the direct way
 * or the general one (a deadline takes it off the direct one).
 * Method: caller and server are two threads; every register of both is filled and
 * looked at on either side of every call.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define ROUNDS       50u
#define BADGE        77u
#define FAR_DEADLINE (1ull << 60)
#define STOP_LABEL   0xFFFFu

/* As messages.asm has it. */
struct messages_state {
    uint64_t rax;
    uint64_t rdi;
    uint64_t message[7]; /* rsi rdx r10 r8 r9 rbx: label and words; r12 */
    uint64_t r13;
    uint64_t r14;
    uint64_t rbp;
    uint64_t r15;
};
#define LABEL   0
#define MESSAGE 6u /* label and five words */
#define R12     6

typedef void (*door_fn)(struct messages_state *state);

void messages_syscall(struct messages_state *state);
void messages_int80(struct messages_state *state);

static const struct {
    const char *name;
    door_fn enter;
} doors[] = { { "syscall", messages_syscall }, { "int80", messages_int80 } };

static handle_t messages_endpoint;
static handle_t
    messages_source; /* it, to receive from: who serves calls nobody */
static volatile door_fn messages_server_door;
static int64_t messages_wrong; /* found by the server */
static char messages_stack[8192] __attribute__((aligned(16)));

/* Word @i of message @round, one way or the other. */
static uint64_t
messages_word(uint64_t round, unsigned i, bool reply)
{
    return 0x9E3779B97F4A7C15u * (round * 16 + i * 2 + reply + 1)
           >> (i == LABEL);
}

static void
messages_fill(struct messages_state *s, uint64_t number, uint64_t round,
              bool reply)
{
    for (unsigned i = 0; i < MESSAGE; i++) {
        s->message[i] = messages_word(round, i, reply);
    }
    s->rax = number;
    s->rbp = ~round;
    s->r15 = round * 3;
}

/* How many of the message's registers are not as they should be. */
static int64_t
messages_differ(const struct messages_state *s, uint64_t round, bool reply)
{
    int64_t wrong = 0;

    for (unsigned i = 0; i < MESSAGE; i++) {
        wrong += s->message[i] != messages_word(round, i, reply);
    }
    return wrong;
}

static void
messages_serve(UNUSED void *nothing)
{
    struct messages_state s = { .rax = SYS_ipc_receive,
                                .rdi = messages_source };
    uint64_t round = 0;

    messages_server_door(&s);
    while (s.rax == ST_OK && s.message[LABEL] != STOP_LABEL) {
        uint64_t reply_id = s.rdi;

        messages_wrong += messages_differ(&s, round, false);
        messages_wrong += s.message[R12] != BADGE || s.r13 != 0
                          || reply_id == 0;
        messages_fill(&s, SYS_ipc_reply_receive, round, true);
        s.rdi = messages_source;
        s.message[R12] = reply_id;
        s.r13 = 0;
        s.r14 = 0;
        messages_server_door(&s);
        messages_wrong += s.rbp != ~round || s.r15 != round * 3 || s.r14 != 0;
        round++;
    }
    thread_exit((int)messages_wrong);
}

/* ROUNDS calls by @enter; how many registers were wrong afterwards. */
static int64_t
messages_call(door_fn enter, handle_t handle, uint64_t deadline_ns)
{
    struct messages_state s;
    int64_t wrong = 0;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        messages_fill(&s, SYS_ipc_call, round, false);
        s.rdi = handle;
        s.message[R12] = 1;
        s.r13 = 0;
        s.r14 = deadline_ns;
        enter(&s);
        wrong += s.rax != ST_OK || messages_differ(&s, round, true) != 0;
        wrong += s.rdi != 0 || s.message[R12] != 0 || s.r13 != 0;
        wrong += s.rbp != ~round || s.r15 != round * 3 || s.r14 != deadline_ns;
    }
    return wrong;
}

static void
messages_pair(unsigned client, unsigned server, uint64_t deadline_ns)
{
    struct ipc_message stop = { .label = STOP_LABEL };
    int64_t handle = endpoint_mint(messages_endpoint, BADGE, RIGHT_CALL);
    char name[64];
    int64_t thread;

    messages_wrong = 0;
    messages_server_door = doors[server].enter;
    thread = thread_create(messages_serve, NULL,
                           messages_stack + sizeof(messages_stack) - 8, 0);
    snprintf(name, sizeof(name), "%s to %s%s", doors[client].name,
             doors[server].name, deadline_ns == 0 ? "" : " with a deadline");
    claim_equal(
        name, messages_call(doors[client].enter, (handle_t)handle, deadline_ns),
        0);
    /* Nobody answers the last call: the server ends when it has come. */
    (void)ipc_call((handle_t)handle, HANDLE_NONE, &stop,
                   process_clock() + 1000000);
    snprintf(name, sizeof(name), "at the server, %s to %s%s",
             doors[client].name, doors[server].name,
             deadline_ns == 0 ? "" : " with a deadline");
    claim_equal(name, thread_join((handle_t)thread, 0), 0);
    (void)handle_close((handle_t)thread);
    (void)handle_close((handle_t)handle);
}

int
main(void)
{
    messages_endpoint = (handle_t)endpoint_create(RANK_SERVER);
    messages_source = (handle_t)handle_copy(messages_endpoint, RIGHT_RECEIVE);
    for (unsigned client = 0; client < 2; client++) {
        for (unsigned server = 0; server < 2; server++) {
            messages_pair(client, server, 0);
            messages_pair(client, server, FAR_DEADLINE);
        }
    }
    return claim_end();
}
