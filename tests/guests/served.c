/* SPDX-License-Identifier: MIT */
/*
 * Claims about who serves an endpoint: whom a call waits for, who gets the caller's
 * priority, and whose time slice it all is.
 *
 *      served threads   several threads, one of which serves
 *      served copies    handles to receive by are copied, closed and given away
 *      served slice     a client and its server of equal priority take turns with others
 *      served priority  who changes its own priority keeps what callers donate
 *
 * Its children are this program too: `served back` answers one call with what a call
 * to whom it was given says, `served heir` serves what it was given after a while.
 */
#include <stdbool.h>
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

#define MS           1000000ull
#define LOW          2u
#define MIDDLE       5u
#define HIGH         7u
#define STACKS       8u
#define STACK_BYTES  2048u
#define BUSY_NS      (60 * MS)
#define SLICE_RUN_NS (1000 * MS)
/* Three ticks of the five of a slice: it ends while the server works. */
#define SLICE_WORK_NS (12 * MS)

#define IS(call, want) claim_status(#call, call, want)

static handle_t endpoint;

static void
start_thread(void (*entry)(void *), void *argument, uint32_t priority)
{
    static uint8_t stacks[STACKS][STACK_BYTES] __attribute__((aligned(16)));
    static unsigned used;

    if (thread_create(entry, argument, stacks[used] + STACK_BYTES - 8, priority)
        < 0) {
        printf("served: no thread\n");
        exit(2);
    }
    used++;
}

static handle_t
start_process(const char *mode, handle_t give)
{
    struct spawn_request request = { .name = "served", .give = give };
    char args[64];
    int bytes = snprintf(args, sizeof(args), "served%c%s", 0, mode);
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)bytes + 1;
    process = process_spawn(&request);
    if (process < 0) {
        printf("served: spawn: %s\n", syscall_status_name(process));
        exit(2);
    }
    return (handle_t)process;
}

static void
work(uint64_t ns)
{
    uint64_t end = process_clock() + ns;

    while (process_clock() < end) {
    }
}

static void
rest(uint64_t ns)
{
    (void)process_sleep_until(process_clock() + ns);
}

/* A handle to everything that may be done with a new endpoint. */
static handle_t
new_endpoint(void)
{
    handle_t whole = (handle_t)endpoint_create(RANK_SERVER);
    handle_t plain =
        (handle_t)handle_copy(whole, RIGHT_RECEIVE | RIGHT_CALL | RIGHT_GRANT);

    (void)handle_close(whole);
    return plain;
}

/* This thread receives at @from once, in vain. */
static void
receive_once(handle_t from)
{
    struct ipc_message m = { .slot = 0 };

    IS(ipc_receive(from, &m, process_clock() + 8 * MS), ST_ETIMEDOUT);
}

/* A thread that answers whoever calls, each after @ns of work. */
static void
serve_busily(void *ns)
{
    struct ipc_message m = { .slot = 0 };
    int64_t status = ipc_receive(endpoint, &m, 0);

    while (status == ST_OK) {
        work((uintptr_t)ns);
        m.slot = 0;
        status = ipc_reply_receive(endpoint, &m, 0);
    }
}

static void
call_once(UNUSED void *nothing)
{
    struct ipc_message m = { .slot = 0 };

    (void)ipc_call(endpoint, 0, &m, 0);
    thread_exit(0);
}

static void
spin(UNUSED void *nothing)
{
    for (;;) {
    }
}

/* ---- threads ----------------------------------------------------------------- */

/* The server is busy with one call when this thread, which received there once
 * itself, makes the next. */
static void
call_a_busy_server(const char *claim)
{
    struct ipc_message m = { .slot = 0 };

    start_thread(call_once, NULL, 0);
    rest(BUSY_NS / 4);
    claim_status(claim,
                 ipc_call(endpoint, 0, &m, process_clock() + 20 * BUSY_NS),
                 ST_OK);
}

static void
group_threads(void)
{
    struct ipc_message m = { .slot = 0 };

    endpoint = new_endpoint();
    receive_once(endpoint);
    IS(ipc_call(endpoint, 0, &m, 0), ST_EDEADLK);
    start_thread(serve_busily, (void *)BUSY_NS, LOW);
    rest(8 * MS);
    call_a_busy_server("a call to another thread of one's own process");
    /* Nothing of the priority between runs before the server, for it has ours. */
    start_thread(spin, NULL, MIDDLE);
    call_a_busy_server("who serves is raised, not who received once");
}

/* ---- copies: H90 --------------------------------------------------------------- */

static int
be_back(void)
{
    handle_t own = new_endpoint();
    struct ipc_message m = { .slot = 0 };
    struct ipc_message back = { .slot = 0 };

    if (ipc_call(HANDLE_SLOT_GIVEN, own, &m, 0) != ST_OK
        || ipc_receive(own, &m, 0) != ST_OK) {
        return 1;
    }
    m.words[0] = (uint64_t)ipc_call(HANDLE_SLOT_GIVEN, 0, &back,
                                    process_clock() + 1000 * MS);
    (void)ipc_reply(&m);
    return 0;
}

static int
be_heir(void)
{
    struct ipc_message m = { .slot = 0 };
    int64_t status;

    rest(200 * MS);
    status = ipc_receive(HANDLE_SLOT_GIVEN, &m, 0);
    while (status == ST_OK) {
        m.slot = 0;
        status = ipc_reply_receive(HANDLE_SLOT_GIVEN, &m, 0);
    }
    return 1;
}

/* What a call back to us is told whom we call, if @change was made before. */
static void
call_round(void (*change)(void), const char *claim, int64_t want)
{
    struct ipc_message m = { .slot = 0 };
    handle_t back;
    handle_t child;
    handle_t child_calls;

    endpoint = new_endpoint();
    back = (handle_t)handle_copy(endpoint, RIGHT_CALL | RIGHT_GRANT);
    child = start_process("back", back);
    (void)handle_close(back);
    m.slot = IPC_SLOT_OPEN | (back & HANDLE_SLOT_MASK);
    IS(ipc_receive(endpoint, &m, process_clock() + 1000 * MS), ST_OK);
    child_calls = (handle_t)m.slot;
    m.slot = 0;
    IS(ipc_reply(&m), ST_OK);
    change();
    IS(ipc_call(child_calls, 0, &m, process_clock() + 3000 * MS), ST_OK);
    claim_status(claim, (int64_t)m.words[0], want);
    IS(process_wait(child, 0), 0);
    (void)handle_close(child_calls);
    (void)handle_close(child);
    (void)handle_close(endpoint);
}

static void
change_nothing(void)
{
}

static void
close_a_copy(void)
{
    IS(handle_close((handle_t)handle_copy(endpoint, RIGHT_RECEIVE)), ST_OK);
}

/* A copy in a slot far above the others. */
static void
keep_a_copy(void)
{
    handle_t copies[300];

    for (unsigned i = 0; i < 300; i++) {
        copies[i] = (handle_t)handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
    }
    (void)handle_copy(endpoint, RIGHT_RECEIVE);
    IS(handle_close(endpoint), ST_OK);
    for (unsigned i = 0; i < 300; i++) {
        (void)handle_close(copies[i]);
    }
}

static handle_t heir;

static void
give_away(void)
{
    heir = start_process("heir", endpoint);
    IS(handle_close(endpoint), ST_OK);
}

static void
group_copies(void)
{
    call_round(change_nothing, "H90 a call back", ST_EDEADLK);
    call_round(close_a_copy, "H90 a call back, after a copy was closed",
               ST_EDEADLK);
    call_round(keep_a_copy, "H90 a call back, after all but a copy was closed",
               ST_EDEADLK);
    call_round(give_away, "a call to who will receive instead of us", ST_OK);
    IS(process_kill(heir), ST_OK);
    IS(process_wait(heir, 0), EXIT_BY_KILL);
}

/* ---- slice ------------------------------------------------------------------------ */

static volatile uint64_t slice_count;

static void
slice_victim(UNUSED void *nothing)
{
    for (;;) {
        slice_count++;
    }
}

/* Work in the server, by direct calls or by such as have a deadline. */
static void
slice_call(bool direct)
{
    uint64_t end = process_clock() + SLICE_RUN_NS;

    while (process_clock() < end) {
        struct ipc_message m = { .slot = 0 };
        int64_t status = direct ? ipc_call_inline(endpoint, &m, 0)
                                : ipc_call(endpoint, 0, &m, end + SLICE_RUN_NS);

        if (status != ST_OK) {
            exit(4);
        }
    }
}

static void
group_slice(void)
{
    uint64_t alone;
    uint64_t before;

    endpoint = new_endpoint();
    start_thread(slice_victim, NULL, 0);
    start_thread(serve_busily, (void *)SLICE_WORK_NS, 0);
    rest(20 * MS);
    before = slice_count;
    rest(SLICE_RUN_NS);
    alone = slice_count - before;
    for (unsigned direct = 0; direct < 2; direct++) {
        before = slice_count;
        slice_call(direct != 0);
        before = slice_count - before;
        printf("beside a client and its server: %lu%% of the processor\n",
               before * 100 / alone);
        claim_true("a thread of equal priority gets its share",
                   before > alone * 2 / 5);
    }
}

/* ---- priority ---------------------------------------------------------------------- */

static void
serve_and_change(UNUSED void *nothing)
{
    struct ipc_message m = { .slot = 0 };

    (void)ipc_receive(endpoint, &m, 0);
    m.words[0] = (uint64_t)thread_priority(0, LOW + 1);
    (void)ipc_reply(&m);
    (void)ipc_receive(endpoint, &m, 0);
    m.words[0] = (uint64_t)thread_priority(0, 0);
    (void)ipc_reply(&m);
    thread_exit(0);
}

static void
group_priority(void)
{
    struct ipc_message m = { .slot = 0 };

    endpoint = new_endpoint();
    IS(thread_priority(0, HIGH) > 0, true);
    start_thread(serve_and_change, NULL, LOW);
    rest(8 * MS);
    start_thread(spin, NULL, MIDDLE);
    IS(ipc_call(endpoint, 0, &m, process_clock() + 200 * MS), ST_OK);
    claim_equal("the priority before", (int64_t)m.words[0], LOW);
    IS(ipc_call(endpoint, 0, &m, process_clock() + 200 * MS), ST_OK);
    claim_equal("the priority it gave itself", (int64_t)m.words[0], LOW + 1);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "back") == 0) {
        return be_back();
    }
    if (strcmp(mode, "heir") == 0) {
        return be_heir();
    }
    if (strcmp(mode, "threads") == 0) {
        group_threads();
    } else if (strcmp(mode, "copies") == 0) {
        group_copies();
    } else if (strcmp(mode, "slice") == 0) {
        group_slice();
    } else if (strcmp(mode, "priority") == 0) {
        group_priority();
    }
    return claim_end();
}
