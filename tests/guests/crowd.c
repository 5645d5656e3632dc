/* SPDX-License-Identifier: MIT */
/*
 * Claim: a queue of faults goes by priority, and within a priority spaces take
 * turns: a flood from one does not keep the others waiting (H85).
 *
 *      crowd fair CLIENTS      the supervisor, which is the pager too
 *        |-- flood             64 threads that fault without an end
 *        `-- touch             each needs one page, and ends
 *
 * The pager waits until everybody's fault is queued, and then serves; `place` is
 * the number of a fault in the order in which the pager got it.
 *
 *      crowd priority          the order of three clients and of a late waiter
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

#define CLIENTS_MOST 2000u
#define FLOOD        64u /* threads of the flood */
#define FLOOD_PAGES  4096u
#define FLOOD_BADGE  CLIENTS_MOST
#define LOW          4u /* priority of all children: ours is the higher */
#define MS           1000000ull
#define RW           (PROT_READ | PROT_WRITE)

/* ---- children ---------------------------------------------------------- */

static volatile uint64_t *
bound_region(uint64_t pages)
{
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = pages,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (base < 0) {
        exit(9);
    }
    return (volatile uint64_t *)(uintptr_t)base;
}

static int
touch(void)
{
    volatile uint64_t *page = bound_region(1);

    if (*page != 0) {
        return 1;
    }
    *page = 1;
    return 0;
}

static volatile uint64_t *flood_base;

static NORETURN void
flood_thread(void *number)
{
    uint64_t page = (uint64_t)(uintptr_t)number;

    for (;; page += FLOOD) {
        flood_base[page % FLOOD_PAGES * (PAGE_BYTES / 8)] = 1;
    }
}

static int
flood(void)
{
    static _Alignas(16) uint64_t stacks[FLOOD][64];

    flood_base = bound_region(FLOOD_PAGES);
    for (unsigned i = 1; i < FLOOD; i++) {
        stacks[i][63] = 0;
        if (thread_create(flood_thread, (void *)(uintptr_t)i, &stacks[i][63], 0)
            < 0) {
            return 8;
        }
    }
    flood_thread(NULL);
}

/* Two threads need the same page: first one of low priority, then one of high. */
static int
late(void)
{
    static _Alignas(16) uint64_t stack[64];
    int64_t thread;

    flood_base = bound_region(1);
    stack[63] = 0;
    thread = thread_create(flood_thread, NULL, &stack[63], 1);
    (void)process_sleep_until(process_clock() + 20 * MS);
    if (thread < 0 || *flood_base > 1) {
        return 8;
    }
    process_exit(0);
}

/* ---- supervisor and pager ------------------------------------------------ */

static handle_t endpoint;

static handle_t
spawn_bound(const char *role, uint64_t badge, uint32_t priority)
{
    int64_t binding = binding_create(endpoint, badge, RW, FLOOD_PAGES);
    struct spawn_request request = {
        .name = "crowd",
        .give = (handle_t)binding,
        .priority = priority,
    };
    char args[64];
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "crowd%c%s", 0, role) + 1;
    process = process_spawn(&request);
    (void)handle_close((handle_t)binding);
    if (process < 0) {
        printf("crowd: no %s: %ld\n", role, process);
        exit(1);
    }
    return (handle_t)process;
}

/* How many processes called crowd wait for their pager. */
static unsigned
count_faulting(void)
{
    static struct process_info rows[64];
    unsigned count = 0;
    uint64_t next = 0;

    for (;;) {
        int64_t got = sys_processes(next, rows, sizeof(rows));

        if (got <= 0) {
            return count;
        }
        for (int64_t i = 0; i < got; i++) {
            count += rows[i].state == PROCESS_FAULTING
                     && strcmp(rows[i].name, "crowd") == 0;
        }
        next = rows[got - 1].id % SYSTEM_PROCESS_SLOTS + 1;
    }
}

static void
wait_for_faults(unsigned count)
{
    while (count_faulting() < count) {
        (void)process_sleep_until(process_clock() + 4 * MS);
    }
    (void)process_sleep_until(process_clock() + 20 * MS);
}

/* Be the pager, but take nothing yet. */
static void
attach(void)
{
    struct ipc_message m = { .slot = 0 };

    endpoint = (handle_t)endpoint_create(0);
    claim_status("attached", ipc_receive(endpoint, &m, 1), ST_ETIMEDOUT);
}

/* Take one fault and answer it; returns its badge. */
static uint64_t
serve_one(struct ipc_message *m)
{
    for (;;) {
        int64_t status = m->reply_id == 0 ? ipc_receive(endpoint, m, 0)
                                          : ipc_reply_receive(endpoint, m, 0);

        if (status == ST_OK && pager_is_fault(m)) {
            uint64_t badge = pager_fault_of(m).badge;

            pager_answer_zero(m, 1);
            return badge;
        }
        m->reply_id = 0;
    }
}

static void
fair(unsigned clients)
{
    static handle_t processes[CLIENTS_MOST];
    struct ipc_message m = { .reply_id = 0 };
    unsigned served = 0;
    unsigned floods = 0;
    unsigned place = 0;
    handle_t flooder;
    int64_t wrong = 0;

    attach();
    flooder = spawn_bound("flood", FLOOD_BADGE, LOW);
    wait_for_faults(1);
    for (unsigned i = 0; i < clients; i++) {
        processes[i] = spawn_bound("touch", i, LOW);
    }
    wait_for_faults(clients + 1);
    while (served < clients) {
        uint64_t badge = serve_one(&m);

        place++;
        served += badge != FLOOD_BADGE;
        floods += badge == FLOOD_BADGE;
    }
    (void)ipc_reply(&m);
    printf("crowd: %u clients served within %u faults, %u of the flood\n",
           clients, place, floods);
    claim_true("the flood had its turn", floods >= 1);
    claim_true("and not more than one before everybody else's", floods <= 2);
    (void)process_kill(flooder);
    claim_equal("the flood ends", process_wait(flooder, 0), EXIT_BY_KILL);
    for (unsigned i = 0; i < clients; i++) {
        wrong += process_wait(processes[i], 0) != 0;
        (void)handle_close(processes[i]);
    }
    claim_equal("clients that did not get their page", wrong, 0);
}

static void
priority(void)
{
    static const uint32_t priorities[] = { 3, 5, 4 };
    struct ipc_message m = { .reply_id = 0 };
    handle_t processes[4];

    attach();
    for (unsigned i = 0; i < 3; i++) {
        processes[i] = spawn_bound("touch", priorities[i], priorities[i]);
        wait_for_faults(i + 1);
    }
    processes[3] = spawn_bound("late", 7, 6);
    wait_for_faults(4);
    claim_equal("a late waiter of priority 6 comes first",
                (int64_t)serve_one(&m), 7);
    claim_equal("then priority 5", (int64_t)serve_one(&m), 5);
    claim_equal("then priority 4", (int64_t)serve_one(&m), 4);
    claim_equal("then priority 3", (int64_t)serve_one(&m), 3);
    (void)ipc_reply(&m);
    for (unsigned i = 0; i < 4; i++) {
        claim_equal("a client ends", process_wait(processes[i], 0), 0);
    }
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "touch") == 0) {
        return touch();
    }
    if (strcmp(mode, "flood") == 0) {
        return flood();
    }
    if (strcmp(mode, "late") == 0) {
        return late();
    }
    if (strcmp(mode, "priority") == 0) {
        priority();
    } else {
        fair(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 16);
    }
    return claim_end();
}
