/* SPDX-License-Identifier: MIT */
/*
 * Claim (H94): in a random graph of processes that call each other, some of which
 * are killed at random instants, every call comes to an end and no wake-up is
 * lost.
 *
 *      graph NODES CALLS SEED
 *
 *                     hub endpoint (the first process receives)
 *            fetch, report |  ^
 *                          v  |
 *      node 0 --- node 1 --- node 2 ...     each has an endpoint of its own,
 *        \________________/                 which outlives it
 *
 * A node calls random others and serves whoever calls it; every few steps it tells
 * the hub what its calls answered. The hub kills one of the nodes now and then and
 * starts another on the same endpoint: calls queued there go on, a call that the
 * dead one held answers EPIPE. Round in a circle the answer is EDEADLK. Nothing
 * else may be answered; above all no deadline may pass, for every call has one so
 * late that only a lost wake-up can reach it. When @CALLS calls are done, each
 * node has to report a last time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define NODES_MOST 64u
#define STEPS      16u /* between two reports */
#define KILL_EVERY 20u /* reports */
#define SECOND     1000000000ull
#define LATE       (600 * SECOND)
#define PAUSE      (SECOND / 1000)

enum label {
    LABEL_OWN = 1,  /* hub: the endpoint to receive from */
    LABEL_PEER = 2, /* hub: the endpoint of node word 0  */
    LABEL_REPORT = 3,
    LABEL_WORK = 4, /* node: answer word 0 plus one      */
};

enum answer {
    ANSWER_OK,
    ANSWER_EPIPE,
    ANSWER_EDEADLK,
    ANSWER_OTHER,
    ANSWERS
};

static uint64_t random_state;

/* xorshift64* (Vigna 2016). */
static uint64_t
random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Dull;
}

/* ---- node -------------------------------------------------------------------- */

static handle_t node_peers[NODES_MOST];
static uint64_t node_answers[ANSWERS];

/* Ask the hub for a handle, which it puts into @slot. */
static handle_t
node_fetch(enum label label, uint64_t index, uint64_t slot)
{
    struct ipc_message m = { .label = label, .slot = slot | IPC_SLOT_OPEN };

    m.words[0] = index;
    if (ipc_call(HANDLE_SLOT_GIVEN, 0, &m, process_clock() + LATE) != ST_OK) {
        exit(3);
    }
    return (handle_t)(m.slot & ~(uint64_t)IPC_SLOT_OPEN);
}

static void
node_call(handle_t peer)
{
    struct ipc_message m = { .label = LABEL_WORK };
    uint64_t number = random_next();
    int64_t status;

    m.words[0] = number;
    status = ipc_call(peer, 0, &m, process_clock() + LATE);
    if (status == ST_OK && m.words[0] == number + 1) {
        node_answers[ANSWER_OK]++;
    } else if (status == ST_EPIPE) {
        node_answers[ANSWER_EPIPE]++;
    } else if (status == ST_EDEADLK) {
        node_answers[ANSWER_EDEADLK]++;
    } else {
        node_answers[ANSWER_OTHER]++;
    }
}

/* Answer whoever calls, until nobody has for a while; @deadline 0: for ever. */
static void
node_serve(handle_t own, uint64_t deadline)
{
    struct ipc_message m = { .slot = 0 };
    int64_t status = ipc_receive(own, &m, deadline);

    while (status == ST_OK) {
        m.words[0]++;
        status = ipc_reply_receive(own, &m, deadline);
        if (status == ST_EGONE) { /* the caller was killed meanwhile */
            m.slot = 0;
            status = ipc_receive(own, &m, deadline);
        }
    }
}

/* Tell the hub; returns whether it wants more. */
static int
node_report(void)
{
    struct ipc_message m = { .label = LABEL_REPORT };

    memcpy(m.words, node_answers, sizeof(node_answers));
    memset(node_answers, 0, sizeof(node_answers));
    if (ipc_call(HANDLE_SLOT_GIVEN, 0, &m, process_clock() + LATE) != ST_OK) {
        exit(4);
    }
    return m.words[0] != 0;
}

/* A slot that a message may fill must be within the table, which grows as
 * handles are made and never shrinks. */
static void
node_make_slots(void)
{
    static handle_t copies[NODES_MOST + 8];

    for (unsigned i = 0; i < NODES_MOST + 8; i++) {
        copies[i] = (handle_t)handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
    }
    for (unsigned i = 0; i < NODES_MOST + 8; i++) {
        (void)handle_close(copies[i]);
    }
}

static int
node(unsigned nodes)
{
    handle_t own;

    node_make_slots();
    own = node_fetch(LABEL_OWN, 0, 5);
    for (unsigned i = 0; i < nodes; i++) {
        node_peers[i] = node_fetch(LABEL_PEER, i, 6 + i);
    }
    /* Who serves an endpoint is known from the first receive on; before it, a call
     * round in a circle would wait. */
    node_serve(own, process_clock() + PAUSE);
    do {
        for (unsigned i = 0; i < STEPS; i++) {
            if (random_next() % 3 == 0) {
                node_serve(own, process_clock() + PAUSE);
            } else {
                node_call(node_peers[random_next() % nodes]);
            }
        }
    } while (node_report());
    node_serve(own, 0);
    return 5;
}

/* ---- hub --------------------------------------------------------------------- */

static handle_t hub;
static unsigned hub_nodes;
static handle_t hub_process[NODES_MOST];
static handle_t hub_endpoint[NODES_MOST];
static int hub_done[NODES_MOST];
static uint64_t hub_answers[ANSWERS];
static unsigned hub_kills;

static void
hub_start(unsigned index)
{
    struct spawn_request request = { .name = "graph" };
    char args[64];
    int bytes = snprintf(args, sizeof(args), "graph%cnode%c%u%c%lu", 0, 0,
                         hub_nodes, 0, random_next() | 1);
    int64_t given = endpoint_mint(hub, index, RIGHT_CALL | RIGHT_GRANT);

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)bytes + 1;
    request.give = (handle_t)given;
    hub_process[index] = (handle_t)process_spawn(&request);
    if ((int64_t)(int32_t)hub_process[index] < 0) {
        printf("graph: spawn: %s\n",
               syscall_status_name((int32_t)hub_process[index]));
        exit(2);
    }
    hub_done[index] = 0;
    (void)handle_close((handle_t)given);
}

static void
hub_kill(unsigned index)
{
    (void)process_kill(hub_process[index]);
    (void)process_wait(hub_process[index], 0);
    (void)handle_close(hub_process[index]);
    hub_kills++;
}

static uint64_t
hub_calls(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < ANSWERS; i++) {
        sum += hub_answers[i];
    }
    return sum;
}

/* Whether every node has been told that it is enough. */
static int
hub_is_over(void)
{
    for (unsigned i = 0; i < hub_nodes; i++) {
        if (!hub_done[i]) {
            return 0;
        }
    }
    return 1;
}

/* Take in one message; returns the handle that its answer gives, or none. */
static handle_t
hub_take(struct ipc_message *m, uint64_t calls)
{
    unsigned index = (unsigned)m->badge;

    switch (m->label) {
    case LABEL_OWN:
        return (handle_t)handle_copy(hub_endpoint[index],
                                     RIGHT_RECEIVE | RIGHT_GRANT);
    case LABEL_PEER:
        return (handle_t)endpoint_mint(hub_endpoint[m->words[0] % hub_nodes],
                                       index, RIGHT_CALL | RIGHT_GRANT);
    default:
        for (unsigned i = 0; i < ANSWERS; i++) {
            hub_answers[i] += m->words[i];
        }
        hub_done[index] = hub_calls() >= calls;
        m->words[0] = !hub_done[index];
        return HANDLE_NONE;
    }
}

static void
hub_answer(struct ipc_message *m, handle_t give)
{
    /* A reply gives a handle as a call does: in the upper half of its target. */
    int64_t status = ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, m, 0);

    if (status != ST_OK) {
        printf("graph: reply: %s\n", syscall_status_name(status));
        exit(2);
    }
    if (give != HANDLE_NONE) {
        (void)handle_close(give);
    }
}

static void
hub_run(uint64_t calls)
{
    unsigned reports = 0;

    while (!hub_is_over()) {
        struct ipc_message m = { .slot = 0 };

        if (ipc_receive(hub, &m, process_clock() + LATE) != ST_OK) {
            printf("graph: nobody calls the hub\n");
            return;
        }
        reports += m.label == LABEL_REPORT;
        hub_answer(&m, hub_take(&m, calls));
        if (reports == KILL_EVERY && hub_calls() < calls) {
            unsigned victim = (unsigned)(random_next() % hub_nodes);

            reports = 0;
            hub_kill(victim);
            hub_start(victim);
        }
    }
}

int
main(int argc, char **argv)
{
    uint64_t calls;

    if (argc < 4) {
        return 2;
    }
    random_state = strtoul(argv[3], NULL, 0) | 1;
    if (strcmp(argv[1], "node") == 0) {
        return node((unsigned)strtoul(argv[2], NULL, 0));
    }
    hub_nodes = (unsigned)strtoul(argv[1], NULL, 0) % (NODES_MOST + 1);
    calls = strtoul(argv[2], NULL, 0);
    hub = (handle_t)endpoint_create(RANK_SERVER);
    for (unsigned i = 0; i < hub_nodes; i++) {
        hub_endpoint[i] = (handle_t)endpoint_create(RANK_SERVER);
    }
    for (unsigned i = 0; i < hub_nodes; i++) {
        hub_start(i);
    }
    hub_run(calls);
    printf("%lu calls: %lu answered, %lu EPIPE, %lu EDEADLK; %u killed\n",
           hub_calls(), hub_answers[ANSWER_OK], hub_answers[ANSWER_EPIPE],
           hub_answers[ANSWER_EDEADLK], hub_kills);
    claim_true("as many calls as planned", hub_calls() >= calls);
    claim_equal("calls with another answer", (int64_t)hub_answers[ANSWER_OTHER],
                0);
    claim_true("most were answered", hub_answers[ANSWER_OK] > calls / 2);
    claim_true("some were killed", hub_kills > 0);
    for (unsigned i = 0; i < hub_nodes; i++) {
        hub_kill(i);
    }
    return claim_end();
}
