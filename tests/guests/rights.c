/* SPDX-License-Identifier: MIT */
/*
 * Claims about what a pager may do, who may be one, and who pays.
 *
 *      rights GROUP        the pager, which claims
 *        |-- intrude       wants to be the pager too, and answers its faults  (H84)
 *        |-- toucher N     writes to N pages of a region, and ends
 *        |-- starve        a pager without a page to spare                    (H88)
 *        `-- remaker       destroys its region under its own fault           (H115)
 *
 * Children get their handles in the replies to calls.
 */
#include <stdlib.h>
#include <string.h>

#include <base/align.h>

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

#define IS(call, want) claim_status(#call, (int64_t)(call), want)
#define MS             1000000ull
#define RW             (PROT_READ | PROT_WRITE)
#define WORDS          (PAGE_BYTES / sizeof(uint64_t))
#define LOW            4u /* priority of children: ours is the higher */
#define RANK_BELOW     50u
#define SLOT           9u /* where children get handles */
#define ROUNDS         10000u
#define KERNEL         0xFFFF800000000000ull
#define CHILD_MEMORY   (1ull << 20)

static handle_t control; /* where children call us */
static handle_t served;

/* ---- children ------------------------------------------------------------- */

/* Ask for the next handle; w0 of the answer is in *@number. */
static handle_t
child_ask(uint64_t slot, uint64_t *number)
{
    struct ipc_message m = { .slot = IPC_SLOT_OPEN | slot };

    if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK) {
        exit(90);
    }
    if (number != NULL) {
        *number = m.words[0];
    }
    return (handle_t)m.slot;
}

static int64_t
child_region(handle_t binding, uint64_t base, uint64_t pages)
{
    struct region_request request = {
        .binding = binding,
        .base = base,
        .pages = pages,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };

    return region_create(&request);
}

static int
toucher(uint64_t pages)
{
    handle_t binding = child_ask(SLOT, NULL);
    volatile uint64_t *at =
        (volatile uint64_t *)(uintptr_t)child_region(binding, 0, pages);

    for (uint64_t page = 0; page < pages; page++) {
        if (at[page * WORDS] != 0) {
            return 2;
        }
        at[page * WORDS] = page;
    }
    return 0;
}

/* Each claim is its own; the sum is the status. */
static int
intruder(void)
{
    uint64_t id;
    handle_t caller = child_ask(SLOT, &id);        /* may call           */
    handle_t receiver = child_ask(SLOT + 1, NULL); /* may receive calls  */
    handle_t server = child_ask(SLOT + 2, NULL);   /* may serve          */
    handle_t binding = child_ask(SLOT + 3, NULL);
    struct ipc_message m = { .slot = 0 };
    unsigned wrong = 0;

    IS(ipc_receive(caller, &m, 1), ST_EPERM);
    IS(ipc_receive(binding, &m, 1), ST_EBADF);
    IS(ipc_receive(receiver, &m, process_clock() + 20 * MS), ST_ETIMEDOUT);
    IS(ipc_receive(server, &m, 1), ST_EBUSY);
    IS(ipc_receive((handle_t)handle_copy(caller, RIGHT_ALL), &m, 1), ST_EPERM);
    IS(endpoint_mint(caller, 1, RIGHT_CALL), ST_EPERM);
    IS(binding_create(receiver, 1, RW, 0), ST_EPERM);
    for (uint64_t verdict = VERDICT_ZERO; verdict <= VERDICT_DEFER; verdict++) {
        for (uint64_t near = 0; near < 4; near++) {
            m = (struct ipc_message){ .reply_id = id + near,
                                      .label = verdict,
                                      .words = { 1, receiver, 0 } };
            wrong += ipc_reply(&m) != ST_EGONE;
            m = (struct ipc_message){ .reply_id = id + (near << 32),
                                      .label = verdict,
                                      .words = { 1, receiver, 0 } };
            wrong += ipc_reply_receive(receiver, &m, 1) != ST_EGONE;
        }
    }
    claim_equal("answers to another's fault that were not refused", wrong, 0);
    IS(sys_pager(PAGER_KILL, NULL), ST_EPERM);
    return claim_end();
}

/* Eat what it may have; then serve. */
static int
poor(void)
{
    int64_t object = syscall1(SYS_memory_create, 4096);
    int64_t base = child_region((handle_t)object, 0, 4096);
    int64_t had = region_populate((uint64_t)base, 4096, PROT_WRITE);
    handle_t endpoint = child_ask(SLOT, NULL);
    struct ipc_message m = { .slot = 0 };
    unsigned more = 0;

    while (syscall1(SYS_memory_create, 512) > 0) {
        more++; /* until not even an empty object can be had */
    }
    if (had <= 0 || had >= 4096 || more > 256) {
        return 91;
    }
    (void)ipc_receive(endpoint, &m, 0);
    for (;;) {
        pager_answer_zero(&m, 1);
        if (ipc_reply_receive(endpoint, &m, 0) != ST_OK) {
            return 92;
        }
    }
}

static volatile uint64_t *remaker_page;

static NORETURN void
remaker_thread(void *nothing)
{
    (void)nothing;
    *remaker_page = 1;
    thread_exit(1);
}

/* A thread of low priority needs the page; each time the pager has the fault, the
 * region goes and comes again. */
static int
remaker(void)
{
    static _Alignas(16) uint64_t stack[64];
    handle_t binding = child_ask(SLOT, NULL);
    handle_t event = child_ask(SLOT + 1, NULL);
    int64_t base = child_region(binding, 0, 1);
    int64_t thread;

    remaker_page = (volatile uint64_t *)(uintptr_t)base;
    stack[63] = 0;
    thread = thread_create(remaker_thread, NULL, &stack[63], 1);
    while (notify_wait(event, 3, 0) == 1) {
        if (region_destroy((uint64_t)base, 1) != ST_OK
            || child_region(binding, (uint64_t)base, 1) != base) {
            return 93;
        }
    }
    return (int)thread_join((handle_t)thread, 0) + 1;
}

/* ---- the pager --------------------------------------------------------------- */

static handle_t
start(const char *role, uint64_t number, uint64_t max_mem)
{
    int64_t minted = endpoint_mint(control, 1, RIGHT_CALL | RIGHT_GRANT);
    struct spawn_request request = {
        .name = "rights",
        .give = (handle_t)minted,
        .priority = LOW,
        .max_mem = max_mem,
    };
    char args[64];
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)snprintf(args, sizeof(args),
                                            "rights%c%s%c%lu", 0, role, 0,
                                            number)
                         + 1;
    process = process_spawn(&request);
    (void)handle_close((handle_t)minted);
    if (process < 0) {
        printf("rights: no %s: %ld\n", role, process);
        exit(1);
    }
    return (handle_t)process;
}

/* Give @handle to the child that asks next, and tell it @number. */
static void
give(handle_t handle, uint64_t number)
{
    struct ipc_message m = { .slot = 0 };

    (void)ipc_receive(control, &m, 0);
    m.words[0] = number;
    (void)ipc_exchange(SYS_ipc_reply, (uint64_t)handle << 32, &m, 0);
}

static handle_t
bind_as(uint64_t badge)
{
    return (handle_t)binding_create(served, badge, RW, 0);
}

static int64_t
take(struct ipc_message *m, uint64_t deadline)
{
    *m = (struct ipc_message){ .slot = 0 };
    return ipc_receive(served, m, deadline);
}

static int64_t
answer_zero(const struct ipc_message *m)
{
    struct ipc_message copy = *m;

    pager_answer_zero(&copy, 1);
    return ipc_reply(&copy);
}

static void
claim_end_of(handle_t process, uint32_t wait, uint32_t reason)
{
    struct exit_report report = { .ended = 0 };

    claim_equal("how it ends", process_wait(process, 0), wait);
    (void)process_report(process, &report);
    claim_equal("why", report.reason, reason);
    (void)handle_close(process);
}

static void
group_intruder(void)
{
    handle_t client = start("toucher", 1, 0);
    handle_t other;
    struct ipc_message m;
    struct ipc_message second;

    give(bind_as(5), 0);
    IS(take(&m, 0), ST_OK);
    other = start("intrude", 0, 0);
    give((handle_t)handle_copy(served, RIGHT_CALL | RIGHT_GRANT), m.reply_id);
    give((handle_t)handle_copy(served, RIGHT_RECEIVE | RIGHT_GRANT), 0);
    give((handle_t)handle_copy(served,
                               RIGHT_RECEIVE | RIGHT_SERVE | RIGHT_GRANT),
         0);
    /* While it tries, another fault is queued: it must not get it. */
    claim_true("a second client", start("toucher", 1, 0) > 0);
    give(bind_as(6), 0);
    give(bind_as(7), 0);
    claim_end_of(other, 0, REASON_NONE);
    IS(take(&second, 0), ST_OK);
    IS(answer_zero(&m), ST_OK);
    IS(answer_zero(&second), ST_OK);
    claim_end_of(client, 0, REASON_NONE);
}

/* One process serves endpoints of one rank. */
static void
group_rank(void)
{
    handle_t lower = (handle_t)endpoint_create(RANK_BELOW);
    handle_t equal = (handle_t)endpoint_create(0);
    struct ipc_message m = { .slot = 0 };

    IS(ipc_receive(lower, &m, 1), ST_EPERM);
    IS(ipc_receive(equal, &m, 1), ST_ETIMEDOUT);
    IS(ipc_receive((handle_t)handle_copy(lower, RIGHT_RECEIVE), &m, 1),
       ST_ETIMEDOUT);
    IS(endpoint_create(RANK_PAGER), ST_EPERM);
    IS(endpoint_create(RANK_CLIENT), ST_EINVAL);
    IS(child_region(bind_as(5), 0, 1), ST_EDEADLK);
    IS(child_region((handle_t)binding_create(equal, 5, RW, 0), 0, 1),
       ST_EDEADLK);
    claim_true("by a lower one it may be paged",
               child_region((handle_t)binding_create(lower, 5, RW, 0), 0, 1)
                   > 0);
}

/* What a pager can name is a page of an open fault, and its own regions. */
static void
group_reach(void)
{
    static const uint64_t places[] = {
        KERNEL,  0xFFFFFFFF80100000ull, UINT64_MAX - 4095, 1ull << 47, 0x1000,
        USER_END
    };
    uint64_t text = (uint64_t)(uintptr_t)&group_reach & ~4095ull;
    handle_t object = (handle_t)syscall1(SYS_memory_create, 4);
    handle_t client = start("toucher", 2, 0);
    struct ipc_message m;
    struct ipc_message copy;

    give(bind_as(5), 0);
    IS(take(&m, 0), ST_OK);
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        claim_status("no region there", child_region(object, places[i], 1),
                     ST_EINVAL);
    }
    claim_status("none over its own code", child_region(object, text, 1),
                 ST_EEXIST);
    claim_status("which it cannot make writable", region_protect(text, 1, RW),
                 ST_EPERM);
    /* Every word that the answer does not need names something: none counts. */
    copy = m;
    pager_answer_zero(&copy, 1);
    copy.words[1] = object;
    copy.words[2] = KERNEL;
    copy.words[3] = KERNEL >> PAGE_SHIFT;
    copy.words[4] = text;
    copy.badge = 0;
    IS(ipc_reply(&copy), ST_OK);
    IS(take(&m, 0), ST_OK);
    IS(answer_zero(&m), ST_OK);
    claim_end_of(client, 0, REASON_NONE);
}

/* Whose memory it is pays: the client fails, the pager does not notice. */
static void
group_client_pays(void)
{
    handle_t client = start("toucher", 4096, CHILD_MEMORY);
    unsigned served_faults = 0;
    struct ipc_message m;
    int64_t status = ST_OK;

    give(bind_as(5), 0);
    while (take(&m, process_clock() + 100 * MS) == ST_OK && status == ST_OK) {
        status = answer_zero(&m);
        served_faults++;
    }
    claim_status("each answer was taken", status, ST_OK);
    claim_true("more than one", served_faults > 10 && served_faults < 256);
    claim_end_of(client, EXIT_BY_FAULT | 14u, REASON_NO_MEMORY);
    client = start("toucher", 1, 0);
    give(bind_as(6), 0);
    IS(take(&m, 0), ST_OK);
    IS(answer_zero(&m), ST_OK);
    claim_end_of(client, 0, REASON_NONE);
}

/* MOVE to a client that cannot pay: the page stays where it is. */
static void
group_move(void)
{
    handle_t client = start("toucher", 4096, CHILD_MEMORY);
    handle_t object = (handle_t)syscall1(SYS_memory_create, 1);
    uint64_t *content = (uint64_t *)(uintptr_t)child_region(object, 0, 1);
    struct ipc_message m;
    uint64_t moved = 0;

    give(bind_as(5), 0);
    while (take(&m, process_clock() + 100 * MS) == ST_OK) {
        memset(content, 0, PAGE_BYTES);
        content[1] = ++moved;
        m.label = VERDICT_MOVE;
        m.words[0] = 1;
        m.words[1] = object;
        m.words[2] = 0;
        claim_status("taken", ipc_reply(&m), ST_OK);
    }
    claim_end_of(client, EXIT_BY_FAULT | 14u, REASON_NO_MEMORY);
    claim_equal("the page that nobody could pay for is still there",
                (int64_t)content[1], (int64_t)moved);
}

static void
group_poor(void)
{
    handle_t pager = start("starve", 0, CHILD_MEMORY);
    handle_t client;

    give(served, 0);
    client = start("toucher", 1000, 0);
    give(bind_as(5), 0);
    claim_end_of(client, 0, REASON_NONE);
    IS(process_kill(pager), ST_OK);
    claim_end_of(pager, EXIT_BY_KILL, REASON_KILLED);
}

/* The region goes under each fault that is delivered; the answers come late. */
static void
group_remade(void)
{
    handle_t client = start("remaker", 0, 0);
    handle_t event = (handle_t)notify_create();
    struct ipc_message m = { .slot = 0 };
    struct ipc_message last;
    unsigned late = 0;

    give(bind_as(5), 0);
    give(event, 0);
    IS(take(&last, 0), ST_OK);
    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)notify_signal(event, 1);
        if (take(&m, 0) != ST_OK) {
            break;
        }
        late += answer_zero(&last) == ST_EGONE;
        last = m;
    }
    claim_equal("late answers, none of them a strike", late, ROUNDS);
    IS(answer_zero(&last), ST_OK);
    (void)notify_signal(event, 2);
    claim_end_of(client, 2, REASON_NONE);
}

static const struct group {
    const char *name;
    void (*run)(void);
    int attach; /* this process is the pager */
} groups[] = {
    { "intruder", group_intruder, 1 }, { "rank", group_rank, 1 },
    { "reach", group_reach, 1 },       { "client-pays", group_client_pays, 1 },
    { "move", group_move, 1 },         { "poor", group_poor, 0 },
    { "remade", group_remade, 1 },
};

static void
run_group(const struct group *group)
{
    handle_t all = (handle_t)endpoint_create(RANK_BELOW);
    struct ipc_message m;

    /* Whoever receives with the SERVE right is a pager: here of `served` alone. */
    control = (handle_t)handle_copy(all, RIGHT_RECEIVE | RIGHT_MANAGE);
    (void)handle_close(all);
    served = (handle_t)endpoint_create(0);
    if (group->attach) {
        claim_status("attached", take(&m, 1), ST_ETIMEDOUT);
    }
    group->run();
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "intrude") == 0) {
        return intruder();
    }
    if (strcmp(mode, "toucher") == 0 && argc > 2) {
        return toucher(strtoul(argv[2], NULL, 0));
    }
    if (strcmp(mode, "starve") == 0) {
        return poor();
    }
    if (strcmp(mode, "remaker") == 0) {
        return remaker();
    }
    for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strcmp(mode, groups[i].name) == 0) {
            run_group(&groups[i]);
        }
    }
    return claim_end();
}
