/* SPDX-License-Identifier: MIT */
/*
 * Claims about messages: what arrives, what is refused, and who wakes when the
 * other side dies. The first process is the one that claims; its children are
 * this program too:
 *
 *      talk relay     serves the endpoint it was given: does as it is told
 *      talk client N  calls the endpoint it was given N times
 *      talk block HOW waits for something that never comes
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define MS      1000000u
#define CLIENTS 20u
#define CALLS   500u
#define ORPHANS 40u

#define IS(call, want)  claim_status(#call, call, want)
#define SAYS(condition) claim_true(#condition, condition)

/* What a relay is told by the label; it answers with a status in word 0. */
enum relay {
    RELAY_ECHO = 1,  /* the words, each plus one, and the badge as label     */
    RELAY_KEEP = 2,  /* keep the handle that comes with this                 */
    RELAY_CALL = 3,  /* call the kept handle, told word 0 in its label       */
    RELAY_REPLY = 4, /* answer reply id word 0, which is not for us          */
    RELAY_RING = 5,  /* set bit 1 of the kept notification                   */
    RELAY_DIE = 6,   /* end without an answer                                */
    RELAY_CLOSE = 7, /* answer, close the endpoint, sleep                    */
    RELAY_INFO = 8,  /* word 0 = kind and rights of the kept handle          */
};

static handle_t
spawn(const char *mode, const char *more, handle_t give, uint32_t priority)
{
    struct spawn_request request = { .name = "talk", .give = give };
    char args[64];
    int bytes = snprintf(args, sizeof(args), "talk%c%s%c%s", 0, mode, 0, more);
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)bytes + 1;
    request.priority = priority;
    process = process_spawn(&request);
    if (process < 0) {
        printf("talk: spawn: %s\n", syscall_status_name(process));
        exit(2);
    }
    return (handle_t)process;
}

static int64_t
end(handle_t process)
{
    int64_t word;

    (void)process_kill(process);
    word = process_wait(process, 0);
    (void)handle_close(process);
    return word;
}

/* ---- relay ------------------------------------------------------------------- */

static void
relay_do(struct ipc_message *m, handle_t kept)
{
    struct ipc_message own = { .slot = 0 };
    uint64_t word = m->words[0];

    switch (m->label) {
    case RELAY_ECHO:
        m->label = m->badge;
        for (unsigned i = 0; i < IPC_WORDS; i++) {
            m->words[i]++;
        }
        break;
    case RELAY_CALL:
        own.label = word;
        own.words[0] = RELAY_CALL;
        m->words[0] =
            (uint64_t)ipc_call(kept, 0, &own, process_clock() + 200 * MS);
        /* The next relay's answer, if there is one. */
        if (m->words[0] == 0 && word == RELAY_CALL) {
            m->words[0] = own.words[0];
        }
        break;
    case RELAY_REPLY:
        own.reply_id = word;
        m->words[0] = (uint64_t)ipc_reply(&own);
        break;
    case RELAY_RING:
        m->words[0] = (uint64_t)notify_signal(kept, 2);
        break;
    case RELAY_DIE:
        process_exit(0);
    case RELAY_CLOSE:
        (void)ipc_reply(m);
        (void)handle_close(HANDLE_SLOT_GIVEN);
        (void)process_sleep_until(UINT64_MAX >> 1);
        break;
    case RELAY_INFO:
        m->words[0] = (uint64_t)handle_info(kept);
        break;
    default:
        break;
    }
}

static int
relay(void)
{
    struct ipc_message m = { .slot = 10 | IPC_SLOT_OPEN };
    int64_t status = ipc_receive(HANDLE_SLOT_GIVEN, &m, 0);
    handle_t kept = HANDLE_NONE;

    while (status == ST_OK) {
        uint64_t id = m.reply_id;

        if (m.label == RELAY_KEEP) {
            kept = (handle_t)m.slot;
            m.words[0] = m.slot;
        }
        relay_do(&m, kept);
        m.reply_id = id;
        m.slot = kept == HANDLE_NONE ? (10 | IPC_SLOT_OPEN) : 0;
        status = ipc_reply_receive(HANDLE_SLOT_GIVEN, &m, 0);
        if (status == ST_EGONE) {
            m = (struct ipc_message){ .slot = 0 };
            status = ipc_receive(HANDLE_SLOT_GIVEN, &m, 0);
        }
    }
    return 1;
}

static int
client(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++) {
        struct ipc_message m = { .label = RELAY_ECHO,
                                 .words = { i, 1, 2, 3, 4 } };
        int64_t status = ipc_call(HANDLE_SLOT_GIVEN, 0, &m, 0);

        if (status != ST_OK) {
            return status == ST_EPIPE ? 32 : 1;
        }
        if (m.words[0] != i + 1 || m.words[4] != 5) {
            return 2;
        }
    }
    return 0;
}

/* ---- block -------------------------------------------------------------------- */

static void
block_fault(void)
{
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = 1,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (base > 0) {
        *(volatile uint64_t *)(uintptr_t)base = 1;
    }
}

/* The same from inside a system call. */
static void
block_copy_fault(void)
{
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = 1,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    (void)console_write(HANDLE_SLOT_CONSOLE, (void *)(uintptr_t)base, 8);
}

static int
block(const char *how)
{
    struct ipc_message m = { .label = RELAY_ECHO };

    for (unsigned i = 0; i < 100; i++) {
        (void)handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
        (void)notify_create();
    }
    if (strcmp(how, "call") == 0) {
        (void)ipc_call(HANDLE_SLOT_GIVEN, 0, &m, 0);
    } else if (strcmp(how, "receive") == 0) {
        (void)ipc_receive(HANDLE_SLOT_GIVEN, &m, 0);
    } else if (strcmp(how, "notify") == 0) {
        (void)notify_wait((handle_t)notify_create(), 1, 0);
    } else if (strcmp(how, "wait") == 0) {
        (void)process_wait(spawn("block", "sleep", 0, 0), 0);
    } else if (strcmp(how, "sleep") == 0) {
        (void)process_sleep_until(UINT64_MAX >> 1);
    } else if (strcmp(how, "fault") == 0) {
        block_fault();
    } else if (strcmp(how, "copy-fault") == 0) {
        block_copy_fault();
    } else if (strcmp(how, "spin") == 0) {
        for (;;) {
            __asm__ volatile("");
        }
    }
    return 5;
}

/* An endpoint for messages only: who receives with SERVE becomes a pager, which may
 * call downwards only. */
static handle_t
plain_endpoint(void)
{
    handle_t all = (handle_t)endpoint_create(0);
    int64_t plain = handle_copy(all, RIGHT_CALL | RIGHT_RECEIVE | RIGHT_GRANT
                                         | RIGHT_MANAGE);

    (void)handle_close(all);
    return (handle_t)plain;
}

/* ---- messages ------------------------------------------------------------------ */

/* Tell a relay, with a word. Returns the status of the call. */
static int64_t
tell(int64_t relay_handle, uint64_t label, uint64_t word,
     struct ipc_message *answer)
{
    *answer = (struct ipc_message){ .label = label, .words = { word } };
    return ipc_call((handle_t)relay_handle, 0, answer, 0);
}

static void
messages_round_trip(int64_t endpoint)
{
    handle_t process = spawn("relay", "", (handle_t)endpoint, 0);
    int64_t seven = endpoint_mint((handle_t)endpoint, 7, RIGHT_CALL);
    int64_t most = endpoint_mint((handle_t)endpoint, ~BADGE_KERNEL, RIGHT_CALL);
    struct ipc_message m = {
        .reply_id = 0x1234567890, /* r12: the badge cannot be chosen by it */
        .label = RELAY_ECHO,
        .words = { 10, 20, 30, 40, UINT64_MAX },
        .badge = 99,
        .slot = 0,
    };

    IS(ipc_call((handle_t)seven, 0, &m, 0), ST_OK);
    SAYS(m.words[0] == 11 && m.words[1] == 21 && m.words[2] == 31);
    SAYS(m.words[3] == 41 && m.words[4] == 0);
    claim_equal("H92 the kernel stamps the sender", (int64_t)m.label, 7);
    SAYS(m.reply_id == 0 && m.badge == 0 && m.slot == 0);
    IS(tell(most, RELAY_ECHO, 1, &m), ST_OK);
    SAYS(m.label == ~BADGE_KERNEL);
    IS(tell(endpoint, RELAY_ECHO, 1, &m), ST_OK);
    SAYS(m.label == 0); /* the endpoint's own handle has no badge */
    /* A label of the kernel's does not make a kernel's message. */
    IS(tell(seven, EVENT_FAULT, 1, &m), ST_OK);
    IS(end(process), EXIT_BY_KILL);
    (void)handle_close((handle_t)seven);
    (void)handle_close((handle_t)most);
}

static void
messages_refused(int64_t endpoint)
{
    int64_t client_end = endpoint_mint((handle_t)endpoint, 1, RIGHT_CALL);
    int64_t mute = endpoint_mint((handle_t)endpoint, 1, 0);
    struct ipc_message m = { .label = RELAY_ECHO };

    IS(ipc_call(99, 0, &m, 0), ST_EBADF);
    IS(ipc_call(0, 0, &m, 0), ST_EBADF);
    IS(ipc_call(HANDLE_SLOT_SELF, 0, &m, 0), ST_EBADF);
    IS(ipc_call(HANDLE_SLOT_CONSOLE, 0, &m, 0), ST_EBADF);
    IS(ipc_call((handle_t)mute, 0, &m, 0), ST_EPERM);
    IS(ipc_receive((handle_t)client_end, &m, 1), ST_EPERM);
    IS(ipc_receive(HANDLE_SLOT_SELF, &m, 1), ST_EBADF);
    IS(ipc_receive((handle_t)endpoint, &m, 1), ST_ETIMEDOUT);
    IS(ipc_receive((handle_t)endpoint, &m, process_clock() + 8 * MS),
       ST_ETIMEDOUT);
    /* H90: to oneself. */
    m.label = RELAY_ECHO;
    IS(ipc_call((handle_t)endpoint, 0, &m, process_clock() + 200 * MS),
       ST_EDEADLK);
    IS(ipc_call((handle_t)client_end, 0, &m, 0), ST_EDEADLK);
    /* H92: replies that answer nothing. */
    for (uint64_t id = 0; id < 3; id++) {
        m = (struct ipc_message){ .reply_id = id << 31 | id };
        IS(ipc_reply(&m), ST_EGONE);
    }
    m = (struct ipc_message){ .reply_id = UINT64_MAX };
    IS(ipc_reply(&m), ST_EGONE);
    m = (struct ipc_message){ .reply_id = 0x100000001 };
    IS(ipc_reply_receive((handle_t)endpoint, &m, 1), ST_EGONE);
    (void)handle_close((handle_t)client_end);
    (void)handle_close((handle_t)mute);
}

/* One client's call in hand: answer it wrong, right, and again. */
static void
messages_reply_once(int64_t endpoint)
{
    handle_t minted = (handle_t)endpoint_mint((handle_t)endpoint, 1,
                                              RIGHT_CALL | RIGHT_GRANT);
    handle_t process = spawn("client", "1", minted, 0);
    handle_t other_end = plain_endpoint();
    handle_t other = spawn("relay", "", other_end, 0);
    struct ipc_message m = { .slot = 0 };
    struct ipc_message wrong;
    struct ipc_message answer;

    IS(ipc_receive((handle_t)endpoint, &m, 0), ST_OK);
    wrong = m;
    wrong.reply_id += 1ull << 32; /* the next generation */
    IS(ipc_reply(&wrong), ST_EGONE);
    wrong.reply_id = m.reply_id + 1; /* another slot */
    IS(ipc_reply(&wrong), ST_EGONE);
    wrong.reply_id = m.reply_id | 1ull << 63;
    IS(ipc_reply(&wrong), ST_EGONE);
    /* Somebody else answers with the right number. */
    IS(tell(other_end, RELAY_REPLY, m.reply_id, &answer), ST_OK);
    claim_status("H76 a reply by whom it was not for", (int64_t)answer.words[0],
                 ST_EGONE);
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        m.words[i]++;
    }
    answer = m;
    IS(ipc_reply(&answer), ST_OK);
    answer = m;
    IS(ipc_reply(&answer), ST_EGONE);
    IS(process_wait(process, 0), 0);
    (void)handle_close(process);
    IS(end(other), EXIT_BY_KILL);
    (void)handle_close(minted);
    (void)handle_close(other_end);
}

static void
messages_handles(void)
{
    handle_t endpoint = plain_endpoint();
    handle_t process = spawn("relay", "", endpoint, 0);
    handle_t bell = (handle_t)notify_create();
    handle_t kept_back = (handle_t)handle_copy(bell, RIGHT_CALL);
    struct ipc_message m;

    m = (struct ipc_message){ .label = RELAY_KEEP };
    IS(ipc_call(endpoint, kept_back, &m, 0), ST_EPERM); /* no GRANT */
    m = (struct ipc_message){ .label = RELAY_KEEP };
    IS(ipc_call(endpoint, 99, &m, 0), ST_EBADF);
    m = (struct ipc_message){ .label = RELAY_KEEP };
    IS(ipc_call(endpoint, bell, &m, 0), ST_OK);
    SAYS((m.words[0] & IPC_SLOT_OPEN) != 0);
    IS(tell(endpoint, RELAY_RING, 0, &m), ST_OK);
    IS((int64_t)m.words[0], ST_OK);
    IS(notify_wait(bell, 2, process_clock() + 1000 * MS), 2);
    /* The relay's slot is taken now, and it named none: nothing arrives. */
    m = (struct ipc_message){ .label = RELAY_DIE };
    IS(ipc_call(endpoint, bell, &m, 0), ST_EMFILE);
    IS(tell(endpoint, RELAY_INFO, 0, &m), ST_OK);
    SAYS((m.words[0] & 0xFF) == OBJECT_NOTIFICATION);
    IS(end(process), EXIT_BY_KILL);
    (void)handle_close(endpoint);
    (void)handle_close(bell);
    (void)handle_close(kept_back);
}

static void
group_messages(void)
{
    messages_refused(plain_endpoint());
    messages_reply_once(plain_endpoint());
    messages_handles();
    messages_round_trip(plain_endpoint());
}

/* ---- death: H89 --------------------------------------------------------------------- */

/* The server ends with our call in hand, or queued; or closes its endpoint. */
static void
death_of_server(uint64_t how, int64_t want)
{
    handle_t endpoint = plain_endpoint();
    handle_t process = spawn("relay", "", endpoint, 0);
    handle_t client_end =
        (handle_t)endpoint_mint(endpoint, 1, RIGHT_CALL | RIGHT_GRANT);
    handle_t clients[4];
    struct ipc_message m;

    (void)tell(client_end, RELAY_ECHO, 0, &m); /* it serves */
    (void)handle_close(endpoint); /* the relay's is the only one to receive */
    for (unsigned i = 0; i < 4; i++) {
        clients[i] = spawn("client", "1000000000", client_end, 0);
    }
    claim_status("H89 the server ends with the call in hand",
                 tell(client_end, how, 0, &m), want);
    claim_status("H89 a call to a dead endpoint",
                 tell(client_end, RELAY_ECHO, 0, &m), ST_EPIPE);
    for (unsigned i = 0; i < 4; i++) {
        claim_equal("H89 whoever waited is woken", process_wait(clients[i], 0),
                    32);
        (void)handle_close(clients[i]);
    }
    (void)end(process);
    (void)handle_close(client_end);
}

static uint64_t
free_frames(void)
{
    struct memory_info info;

    return sys_memory(&info) == ST_OK ? info.frames[FRAME_FREE] : 0;
}

/* Have all memory there is, full of ones, and give it back. */
static void
sweep_memory(void)
{
    static uint64_t bases[1024];
    unsigned count = 0;
    int64_t there = 64;

    while (there == 64 && count < 1024) {
        struct region_request request = {
            .pages = 64,
            .prot = PROT_READ | PROT_WRITE,
            .kind = REGION_ANONYMOUS,
        };
        int64_t base = region_create(&request);

        there = base < 0 ? 0 : region_populate((uint64_t)base, 64, PROT_WRITE);
        if (base > 0) {
            bases[count++] = (uint64_t)base;
        }
        if (there > 0) {
            memset((void *)(uintptr_t)base, 0xFF, (size_t)there * 4096);
        }
    }
    while (count > 0) {
        (void)region_destroy(bases[--count], 64);
    }
}

/* Servers end whose endpoints live on with us, and what the kernel kept of them is
 * other memory by the time of the next call, which must not look there. */
static void
death_of_one_of_two(void)
{
    handle_t endpoints[ORPHANS];
    handle_t processes[ORPHANS];
    struct ipc_message m;
    int64_t wrong = 0;

    /* Endpoints first: a page of the kernel's heap shall hold processes only. */
    for (unsigned i = 0; i < ORPHANS; i++) {
        endpoints[i] = plain_endpoint();
    }
    for (unsigned i = 0; i < ORPHANS; i++) {
        processes[i] = spawn("relay", "", endpoints[i], 0);
        (void)tell(endpoints[i], RELAY_ECHO, 0, &m);
    }
    for (unsigned i = 0; i < ORPHANS; i++) {
        (void)end(processes[i]);
    }
    (void)free_frames();
    sweep_memory();
    for (unsigned i = 0; i < ORPHANS; i++) {
        m = (struct ipc_message){ .label = RELAY_ECHO };
        wrong += ipc_call(endpoints[i], 0, &m, process_clock() + 4 * MS)
                 != ST_ETIMEDOUT;
        (void)handle_close(endpoints[i]);
    }
    claim_equal("H89 calls where a server was that is gone", wrong, 0);
}

/* A client ends with its call queued, and with its call in our hands. */
static void
death_of_client(void)
{
    handle_t endpoint = plain_endpoint();
    handle_t process = spawn("client", "1", endpoint, 0);
    struct ipc_message m = { .slot = 0 };

    (void)process_sleep_until(process_clock() + 30 * MS); /* it has called */
    IS(end(process), EXIT_BY_KILL);
    IS(ipc_receive(endpoint, &m, process_clock() + 8 * MS), ST_ETIMEDOUT);
    process = spawn("client", "1", endpoint, 0);
    m = (struct ipc_message){ .slot = 0 };
    IS(ipc_receive(endpoint, &m, 0), ST_OK);
    IS(end(process), EXIT_BY_KILL);
    IS(ipc_reply(&m), ST_EGONE);
    /* A client that timed out has gone on. */
    (void)handle_close(endpoint);
}

static void
death_by_timeout(void)
{
    handle_t endpoint = plain_endpoint();
    handle_t process = spawn("relay", "", endpoint, 0);
    handle_t silent_end = plain_endpoint();
    struct ipc_message m = { .label = RELAY_KEEP };

    /* The relay calls an endpoint where nobody answers; ours is queued then. */
    IS(ipc_call(endpoint, silent_end, &m, 0), ST_OK);
    m = (struct ipc_message){ .label = RELAY_CALL, .words = { RELAY_ECHO } };
    IS(ipc_call(endpoint, 0, &m, process_clock() + 20 * MS), ST_ETIMEDOUT);
    IS(tell(endpoint, RELAY_ECHO, 5, &m), ST_OK);
    SAYS(m.words[0] == 6);
    IS(end(process), EXIT_BY_KILL);
    (void)handle_close(endpoint);
    (void)handle_close(silent_end);
}

static void
group_death(void)
{
    death_of_server(RELAY_DIE, ST_EPIPE);
    death_of_server(RELAY_CLOSE, ST_OK);
    death_of_one_of_two();
    death_of_client();
    death_by_timeout();
}

/* ---- cycle: H90 ----------------------------------------------------------------------- */

/* Become the server of @own by taking a call that is queued, never waiting. */
static void
take_without_waiting(handle_t own, handle_t own_call)
{
    struct ipc_message m = { .slot = 0 };
    handle_t client = spawn("client", "1", own_call, 0);

    while (ipc_receive(own, &m, 1) == ST_ETIMEDOUT) {
        (void)process_sleep_until(process_clock() + 4 * MS);
    }
    IS(ipc_reply(&m), ST_OK);
    (void)end(client);
}

/* We call B, B calls C, C calls us: the last one is told. */
static void
cycle(unsigned relays, bool waits)
{
    handle_t own = plain_endpoint();
    handle_t own_call =
        (handle_t)endpoint_mint(own, 1, RIGHT_CALL | RIGHT_GRANT);
    handle_t ends[4];
    handle_t processes[4];
    struct ipc_message m = { .slot = 0 };

    /* Now we are its server. */
    if (waits) {
        (void)ipc_receive(own, &m, process_clock() + 8 * MS);
    } else {
        take_without_waiting(own, own_call);
    }
    for (unsigned i = 0; i < relays; i++) {
        ends[i] = plain_endpoint();
        processes[i] = spawn("relay", "", ends[i], 0);
    }
    for (unsigned i = 0; i < relays; i++) {
        handle_t next = i + 1 == relays
                            ? own_call
                            : (handle_t)endpoint_mint(ends[i + 1], i,
                                                      RIGHT_CALL | RIGHT_GRANT);

        m = (struct ipc_message){ .label = RELAY_KEEP };
        IS(ipc_call(ends[i], next, &m, 0), ST_OK);
    }
    IS(tell(ends[0], RELAY_CALL, RELAY_CALL, &m), ST_OK);
    claim_status("H90 the call that closes the circle", (int64_t)m.words[0],
                 ST_EDEADLK);
    for (unsigned i = 0; i < relays; i++) {
        (void)end(processes[i]);
    }
}

/* ---- storm: H71 -------------------------------------------------------------------------- */

/* Twenty clients, five hundred calls each, of all priorities; every one is
 * answered once and in full. */
static void
group_storm(void)
{
    handle_t endpoint = plain_endpoint();
    handle_t minted =
        (handle_t)endpoint_mint(endpoint, 1, RIGHT_CALL | RIGHT_GRANT);
    handle_t server = spawn("relay", "", endpoint, 0);
    handle_t clients[CLIENTS];
    char calls[16];
    int64_t wrong = 0;

    snprintf(calls, sizeof(calls), "%u", CALLS);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = spawn("client", calls, minted, 1 + i % 8);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        wrong += process_wait(clients[i], 0) != 0;
        (void)handle_close(clients[i]);
    }
    claim_equal("clients that were not answered", wrong, 0);
    IS(end(server), EXIT_BY_KILL);
}

/* ---- ends: H67 ------------------------------------------------------------------------------ */

/* A process is killed while it waits in every way there is, with a hundred
 * notifications and two hundred handles. */
static void
ends_once(const char *how)
{
    handle_t endpoint = (handle_t)endpoint_create(0);
    handle_t binding =
        (handle_t)binding_create(endpoint, 5, PROT_READ | PROT_WRITE, 16);
    int faults = strstr(how, "fault") != NULL;
    handle_t process = spawn("block", how, faults ? binding : endpoint, 0);
    struct ipc_message m = { .slot = 0 };

    if (faults) {
        claim_status("its fault arrives", ipc_receive(endpoint, &m, 0), ST_OK);
        claim_true("as one", pager_is_fault(&m));
    } else {
        (void)process_sleep_until(process_clock() + 12 * MS);
    }
    claim_status(how, process_kill(process), ST_OK);
    claim_equal("it is killed", process_wait(process, 0), EXIT_BY_KILL);
    claim_status("and gone", process_kill(process), ST_ESRCH);
    if (faults) {
        pager_answer_zero(&m, 1);
        claim_status("the answer comes too late", ipc_reply(&m), ST_EGONE);
    }
    (void)handle_close(process);
    (void)handle_close(binding);
    (void)handle_close(endpoint);
}

static void
group_ends(void)
{
    static const char *const ways[] = { "call",  "receive", "notify",
                                        "sleep", "fault",   "copy-fault",
                                        "spin" };
    uint64_t before = 0;

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
            ends_once(ways[i]);
        }
        if (round == 0) {
            before = free_frames();
        }
    }
    claim_equal("H67 frames lost", (int64_t)(before - free_frames()), 0);
}

/* A server's own region cannot be paged by itself: H32, H81. */
static void
group_rank(void)
{
    handle_t endpoint = (handle_t)endpoint_create(0);
    handle_t binding =
        (handle_t)binding_create(endpoint, 5, PROT_READ | PROT_WRITE, 16);
    struct region_request request = {
        .binding = binding,
        .pages = 1,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    struct ipc_message m = { .slot = 0 };

    IS(ipc_receive(endpoint, &m, 1), ST_ETIMEDOUT); /* attached now */
    IS(region_create(&request), ST_EDEADLK);
    IS(ipc_call(endpoint, 0, &m, 0), ST_EDEADLK);
    IS(ipc_call(plain_endpoint(), 0, &m, 0), ST_EDEADLK);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    const char *more = argc > 2 ? argv[2] : "";

    if (strcmp(mode, "relay") == 0) {
        return relay();
    }
    if (strcmp(mode, "client") == 0) {
        return client(strtoul(more, NULL, 0));
    }
    if (strcmp(mode, "block") == 0) {
        return block(more);
    }
    if (strcmp(mode, "messages") == 0) {
        group_messages();
    } else if (strcmp(mode, "death") == 0) {
        group_death();
    } else if (strcmp(mode, "cycle") == 0) {
        cycle(1, true);
        cycle(2, true);
        cycle(4, true);
        cycle(2, false);
    } else if (strcmp(mode, "storm") == 0) {
        group_storm();
    } else if (strcmp(mode, "ends") == 0) {
        group_ends();
    } else if (strcmp(mode, "rank") == 0) {
        group_rank();
    }
    return claim_end();
}
