/* SPDX-License-Identifier: MIT */
/*
 * Claims about DETACH: a pager is told of each page that goes away, once, in
 * order, and at nobody's cost but his whose pages they were.
 *
 *      detach GROUP           the supervisor; its second thread is the pager
 *        |-- client           makes and destroys regions as it is told
 *        |-- absent           a pager that attaches, and takes nothing
 *        `-- mint             hands out a binding, and ends
 *
 * The client calls the supervisor, and the reply is its next order. The pager
 * writes down what it is told; faults it answers with zeroes.
 */
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>

#include "claim.h"
#include "detach/client.h"
#include "detach/pager.h"
#include "detach/stage.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define MS             1000000ull
#define RW             (PROT_READ | PROT_WRITE)
#define MANY           10000u
#define SMALL          (1ull << 20) /* memory of a client that is to run out */
#define IS(call, want) claim_status(#call, (int64_t)(call), want)

/* ---- what the pager was told -------------------------------------------- */

static void
claim_told(const char *what, uint64_t badge, uint64_t page, uint64_t pages,
           uint64_t spaces)
{
    static unsigned next;
    const struct pager_detach *got = &pager_told[next];

    if (what == NULL) { /* from the start */
        next = 0;
        pager_told_count = 0;
        return;
    }
    if (next >= pager_told_count) {
        claim_equal(what, 0, 1);
        return;
    }
    next++;
    if (!claim_true(what, got->badge == badge && got->page == page
                              && got->pages == pages
                              && got->spaces == spaces)) {
        printf("        badge %lu page %lu pages %lu spaces %lu\n", got->badge,
               got->page, got->pages, got->spaces);
    }
}

static void
told_from_here(void)
{
    claim_told(NULL, 0, 0, 0, 0);
}

static void
end_client(handle_t process, uint64_t reply_id)
{
    stage_send(reply_id, ORDER_EXIT, 0, 0, HANDLE_NONE);
    IS(process_wait(process, 0), 0);
    (void)handle_close(process);
}

static void
begin(void)
{
    stage_open();
    told_from_here();
}

/* ---- what is told ------------------------------------------------------------ */

static void
group_pieces(void)
{
    handle_t five;
    handle_t plain;
    uint64_t id;
    handle_t process;

    begin();
    five = stage_bind(5, BINDING_TELLS);
    plain = stage_bind(6, 0);
    pager_start();
    process = stage_client(0, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 8, 20, five), 0);
    IS(stage_order(&id, ORDER_TOUCH, 3, 0), 0);
    IS(stage_order(&id, ORDER_DESTROY, 2, 3), 0);
    IS(stage_order(&id, ORDER_DESTROY, 0, 8), 0);
    IS(stage_order_giving(&id, ORDER_CREATE, 4, 30, plain), 0);
    IS(stage_order(&id, ORDER_TOUCH, 0, 0), 0);
    IS(stage_order(&id, ORDER_DESTROY, 0, 4), 0);
    end_client(process, id);
    pager_end();
    claim_told("the fault", 5, 23, 0, 0);
    claim_told("a piece from the middle", 5, 22, 3, 0);
    claim_told("what was below it", 5, 20, 2, 0);
    claim_told("what was above it", 5, 25, 3, 0);
    claim_told("a plain region's fault", 6, 30, 0, 0);
    claim_equal("and nothing of its end", pager_told_count, 5);
}

/* A space ends: once for each binding, whatever its regions. */
static void
group_death(void)
{
    handle_t process;
    uint64_t id;

    begin();
    pager_start();
    process = stage_client(0, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 8, 20,
                          stage_bind(5, BINDING_TELLS)),
       0);
    IS(stage_order(&id, ORDER_CREATE, 8, 40), 0);
    IS(stage_order(&id, ORDER_CREATE, 8, 60), 0);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 0,
                          stage_bind(6, BINDING_TELLS)),
       0);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 0, stage_bind(7, 0)), 0);
    end_client(process, id);
    pager_end();
    claim_told("the end, as badge 5", 5, 0, STAGE_BINDING, 1);
    claim_told("the end, as badge 6", 6, 0, STAGE_BINDING, 1);
    claim_equal("and no more", pager_told_count, 2);
}

/* Two spaces under one badge end untold: said as one, with their number. */
static void
group_shared(void)
{
    handle_t shared;
    handle_t processes[2];
    uint64_t ids[2];

    begin();
    shared = stage_bind(5, BINDING_TELLS);
    for (unsigned i = 0; i < 2; i++) {
        processes[i] = stage_client(0, &ids[i]);
        IS(stage_order_giving(&ids[i], ORDER_CREATE, 2, 4 * i, shared), 0);
    }
    end_client(processes[0], ids[0]);
    end_client(processes[1], ids[1]);
    pager_take(0);
    claim_told("two spaces ended", 5, 0, STAGE_BINDING, 2);
    processes[0] = stage_client(0, &ids[0]);
    IS(stage_order_giving(&ids[0], ORDER_CREATE, 2, 4, shared), 0);
    end_client(processes[0], ids[0]);
    pager_take(0);
    claim_told("a third ended", 5, 0, STAGE_BINDING, 1);
    claim_equal("and no more", pager_told_count, 2);
}

/* Events that ORDER_CHURN made, @count of them, in order. */
static void
claim_churn(const char *what, unsigned count)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < count && i < pager_told_count; i++) {
        wrong += pager_told[i].badge != 5 || pager_told[i].spaces != 0
                 || pager_told[i].page != i % 50
                 || pager_told[i].pages != 1 + i % 3;
    }
    claim_equal(what, pager_told_count, count);
    claim_equal("each in its turn", wrong, 0);
}

/* A record stays charged to the client until the pager takes it. */
static void
group_charged(void)
{
    handle_t process;
    uint64_t id;
    int64_t churned;

    begin();
    process = stage_client(SMALL, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 60,
                          stage_bind(5, BINDING_TELLS)),
       0);
    churned = stage_order(&id, ORDER_CHURN, MANY, 0);
    claim_true("it runs out", churned > 500 && churned < MANY);
    IS(stage_order(&id, ORDER_CREATE, 1, 70), ST_ENOMEM);
    pager_take(0);
    claim_churn("as many events", (unsigned)churned);
    told_from_here();
    IS(stage_order(&id, ORDER_CHURN, (uint64_t)churned, 0), churned);
    end_client(process, id);
    pager_take(0);
    claim_told("nothing but the end", 5, 0, STAGE_BINDING, 1);
    claim_equal("is told", pager_told_count, 1);
}

static void
group_many(void)
{
    handle_t process;
    uint64_t id;

    begin();
    pager_start();
    process = stage_client(SMALL, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 60,
                          stage_bind(5, BINDING_TELLS)),
       0);
    IS(stage_order(&id, ORDER_CHURN, MANY, 0), MANY);
    pager_end();
    pager_take(0);
    claim_churn("ten thousand regions", MANY);
    end_client(process, id);
}

/* A pager that never takes any: the space's end is all that is left of them. */
static void
group_never(void)
{
    handle_t process;
    uint64_t id;

    begin();
    process = stage_client(0, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 60,
                          stage_bind(5, BINDING_TELLS)),
       0);
    IS(stage_order(&id, ORDER_CHURN, MANY, 0), MANY);
    end_client(process, id);
    pager_take(0);
    claim_told("the end", 5, 0, STAGE_BINDING, 1);
    claim_equal("and no more", pager_told_count, 1);
}

/* A pager dies with events untaken: they are told to the next one. */
static void
group_heir(void)
{
    struct ipc_message m = { .slot = 0 };
    handle_t pager;
    handle_t process;
    uint64_t id;

    begin();
    pager = stage_start("absent", 0, &m.reply_id);
    (void)ipc_exchange(SYS_ipc_reply, (uint64_t)pager_served << 32, &m, 0);
    IS(ipc_receive(stage_control, &m, 0), ST_OK); /* it has attached */
    IS(ipc_receive(pager_served, &m, 1), ST_EBUSY);
    process = stage_client(0, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 60,
                          stage_bind(5, BINDING_TELLS)),
       0);
    IS(stage_order(&id, ORDER_CHURN, 100, 0), 100);
    IS(process_kill(pager), ST_OK);
    IS(process_wait(pager, 0), EXIT_BY_KILL);
    (void)handle_close(pager);
    pager_take(0);
    claim_churn("what the dead one did not take", 100);
    end_client(process, id);
}

/* Nobody will ever take them: the client gets back what they cost. */
static void
group_closed(void)
{
    struct ipc_message m = { .slot = 0 };
    handle_t process;
    uint64_t id;
    int64_t churned;

    begin();
    process = stage_client(SMALL, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 60,
                          stage_bind(5, BINDING_TELLS)),
       0);
    churned = stage_order(&id, ORDER_CHURN, MANY, 0);
    claim_true("it runs out", churned > 500 && churned < MANY);
    stage_send(id, ORDER_RETRY, (uint64_t)churned, 0, HANDLE_NONE);
    IS(handle_close(pager_served), ST_OK);
    (void)ipc_receive(stage_control, &m, 0);
    claim_equal("and goes on", (int64_t)m.label, churned);
    end_client(process, m.reply_id);
}

/* What went is told before a fault of the same space, and not before others'. */
static void
group_order(void)
{
    handle_t processes[2];
    uint64_t ids[2];
    unsigned place[2] = { 0, 0 };

    begin();
    for (unsigned i = 0; i < 2; i++) {
        processes[i] = stage_client(0, &ids[i]);
        IS(stage_order_giving(&ids[i], ORDER_CREATE, 1, 60,
                              stage_bind(5 + i, BINDING_TELLS)),
           0);
    }
    IS(stage_order(&ids[0], ORDER_CHURN, 50, 0), 50);
    IS(stage_order(&ids[0], ORDER_CREATE, 1, 70), 0);
    for (unsigned i = 0; i < 2; i++) {
        stage_send(ids[i], ORDER_TOUCH, 0, 0, HANDLE_NONE);
        (void)process_sleep_until(process_clock() + 20 * MS);
    }
    pager_take(0);
    for (unsigned i = 0; i < pager_told_count; i++) {
        if (pager_told[i].pages == 0) {
            place[pager_told[i].badge - 5] = i;
        }
    }
    claim_equal("everything is told", pager_told_count, 52);
    claim_equal("its own events come before its fault", place[0], 51);
    claim_equal("another's fault waits for one of them", place[1], 1);
    for (unsigned i = 0; i < 2; i++) {
        (void)process_kill(processes[i]);
        IS(process_wait(processes[i], 0), EXIT_BY_KILL);
    }
}

/* Who minted the binding pays for ends that are untold, and ends with them. */
static void
group_minter(void)
{
    struct ipc_message m = { .slot = 0 };
    handle_t minter;
    handle_t minted;
    handle_t process;
    uint64_t id;

    begin();
    minter = stage_start("mint", 0, &id);
    m.reply_id = id;
    (void)ipc_exchange(SYS_ipc_reply, (uint64_t)pager_served << 32, &m, 0);
    m.slot = IPC_SLOT_OPEN | STAGE_SLOT;
    IS(ipc_receive(stage_control, &m, 0), ST_OK);
    minted = (handle_t)m.slot;
    process = stage_client(0, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 4, 0, minted), 0);
    end_client(process, id);
    IS(ipc_reply(&m), ST_OK); /* it ends */
    IS(process_wait(minter, 0), 0);
    pager_take(0);
    claim_equal("an end whose payer ended is not told", pager_told_count, 0);
    process = stage_client(0, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 4, 0, minted), 0);
    IS(stage_order(&id, ORDER_DESTROY, 1, 2), 0);
    pager_take(0);
    claim_told("but a piece that went, is", 9, 1, 2, 0);
    end_client(process, id);
    pager_take(0);
    claim_equal("and no more", pager_told_count, 1);
}

/* The boot pager's program takes them, and goes on serving. */
static void
group_boot(void)
{
    struct spawn_request request = { .name = "pager", .give = HANDLE_NONE };
    int64_t pager;
    handle_t process;
    uint64_t id;

    begin();
    request.give = pager_served;
    pager = process_spawn(&request);
    claim_true("it starts", pager > 0);
    process = stage_client(SMALL, &id);
    IS(stage_order_giving(&id, ORDER_CREATE, 1, 60,
                          stage_bind(5, BINDING_TELLS)),
       0);
    for (unsigned i = 0; i < 3; i++) {
        IS(stage_order(&id, ORDER_CHURN, MANY / 4, 0), MANY / 4);
        IS(stage_order(&id, ORDER_CREATE, 1, i), 0);
        IS(stage_order(&id, ORDER_TOUCH, 0, 0), 0);
    }
    end_client(process, id);
    IS(process_kill((handle_t)pager), ST_OK);
    IS(process_wait((handle_t)pager, 0), EXIT_BY_KILL);
}

/* Image, stack and heap by such a binding: the end is told all the same. */
static void
group_born(void)
{
    struct spawn_request request = { .name = "hello" };
    int64_t process;
    int64_t wrong = 0;

    begin();
    request.pager = (handle_t)binding_create(pager_served, 5,
                                             RW | PROT_EXEC | BINDING_TELLS, 0);
    pager_start();
    process = process_spawn(&request);
    claim_true("it starts", process > 0);
    IS(process_wait((handle_t)process, 0), 0);
    pager_end();
    claim_true("something is told", pager_told_count > 0);
    for (unsigned i = 0; i + 1 < pager_told_count; i++) {
        wrong += pager_told[i].spaces != 0;
    }
    claim_equal("its end last",
                (int64_t)pager_told[pager_told_count - 1].spaces, 1);
    claim_equal("and once", wrong, 0);
}

/* ---- all of them ---------------------------------------------------------- */

static const struct group {
    const char *name;
    void (*run)(void);
} groups[] = {
    { "pieces", group_pieces }, { "death", group_death },
    { "shared", group_shared }, { "charged", group_charged },
    { "many", group_many },     { "never", group_never },
    { "heir", group_heir },     { "closed", group_closed },
    { "order", group_order },   { "minter", group_minter },
    { "boot", group_boot },     { "born", group_born },
};

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "client") == 0) {
        return client_main();
    }
    if (strcmp(mode, "absent") == 0) {
        return stage_absent();
    }
    if (strcmp(mode, "mint") == 0) {
        return stage_mint();
    }
    for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strcmp(mode, groups[i].name) == 0) {
            groups[i].run();
        }
    }
    return claim_end();
}
