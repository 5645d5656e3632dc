/* SPDX-License-Identifier: MIT */
/*
 * Claim: a thousand threads at one place, or thousands of places for one thread,
 * are no reason to keep interrupts away.
 *
 *      throng MODE               the place, and what happens to it
 *        `-- throng be MODE      ten processes of a hundred threads that wait there
 *
 *      bell        a notification: rung for nobody, for all, and gone
 *      queue       an endpoint: nobody receives there any more
 *      mixed       the same, and the faults of hundreds of processes go before
 *      gifts       an endpoint: a receiver with no slot for what each one gives
 *      held        a server of low priority: callers whose calls it took are killed,
 *                  or their time is up
 *      owed        a process of two threads owes four thousand answers: one ends
 *      end         a process: all wait for its end
 *      page        one page, and its region goes
 *      rights      a page for each thread, which wants to write to it; all go
 *      faults      a page for each thread, that nobody brings, and the process is
 *                  killed
 *      serve       4,000 endpoints that one process serves, and its end
 *
 * tests/qemu/test_irq_off.py counts meanwhile how long interrupts are off.
 */
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "area.h"
#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PROCESSES      10u
#define OWED           40u  /* processes of callers */
#define WANTING        400u /* processes, for a page each */
#define THREADS        100u
#define CLIENTS        128u /* all that a process can have */
#define ENDPOINTS      4000u
#define BASE           0x10000000000u
#define RW             (PROT_READ | PROT_WRITE)
#define CROWDED        11 /* how a process ends that had no room */
#define LAST_BIT       (1ull << 62)
#define MS             1000000ull
#define LATE_STEP      (500 * MS)
#define LOW            2u
#define CROWD_PRIORITY 8u

/* ---- those who wait --------------------------------------------------------- */

static int64_t
wait_for_bell(void)
{
    return notify_wait(HANDLE_SLOT_GIVEN, 1, 0);
}

static int64_t
wait_in_queue(void)
{
    struct ipc_message m = { .label = 1 };

    return ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0);
}

static int64_t
wait_with_gift(void)
{
    struct ipc_message m = { .label = 1 };

    return ipc_call(HANDLE_SLOT_GIVEN, HANDLE_SLOT_CONSOLE, &m, 0);
}

/* Until a moment that all of them have in common. */
static int64_t
wait_until_late(void)
{
    struct ipc_message m = { .label = 1 };
    uint64_t moment = (process_clock() / LATE_STEP + 2) * LATE_STEP;

    return ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, moment);
}

static int64_t
wait_for_end(void)
{
    return process_wait(HANDLE_SLOT_GIVEN, 0);
}

static const struct mode {
    const char *name;
    int64_t (*wait)(void);
} modes[] = {
    { "bell", wait_for_bell },   { "queue", wait_in_queue },
    { "gifts", wait_with_gift }, { "late", wait_until_late },
    { "end", wait_for_end },
};

static int64_t (*wait_here)(void);

static void
crowd_thread(void *unused)
{
    (void)unused;
    (void)wait_here();
    thread_exit(0);
}

/* Start @count - 1 of @body, and give each a turn to come to where it waits. */
static void
crowd_start(void (*body)(void *), uint64_t count)
{
    static char stacks[CLIENTS][1024] __attribute__((aligned(16)));

    memset(stacks, 0, sizeof(stacks));
    for (uintptr_t i = 1; i < count; i++) {
        if (thread_create(body, (void *)i, stacks[i] + sizeof(stacks[i]) - 8, 0)
            < 0) {
            exit(255);
        }
    }
    for (unsigned i = 0; i < 8 * count; i++) {
        (void)thread_yield();
    }
}

static int
be_crowd(int64_t (*wait)(void))
{
    wait_here = wait;
    crowd_start(crowd_thread, THREADS);
    return wait() == ST_EAGAIN ? CROWDED : 0;
}

/* ---- those who want pages --------------------------------------------------- */

static bool one_page;

static void
want_page(void *number)
{
    uint64_t page = one_page ? 0 : (uintptr_t)number;
    volatile char *at = (volatile char *)(BASE + page * PAGE_BYTES);

    if (!one_page) {
        (void)*at;
    }
    *at = 1;
    thread_exit(0);
}

static int
be_clients(const char *mode)
{
    one_page = strcmp(mode, "page") == 0;
    if (area_at(HANDLE_SLOT_GIVEN, BASE, CLIENTS) == 0) {
        return 255;
    }
    crowd_start(want_page, CLIENTS);
    if (strcmp(mode, "faults") == 0) {
        want_page(NULL);
    }
    if (region_destroy(BASE, CLIENTS) != ST_OK) {
        return 254;
    }
    for (;;) { /* until they run again: without a region that is our end */
        (void)thread_yield();
    }
}

static int
be_wanting(void)
{
    if (area_at(HANDLE_SLOT_GIVEN, BASE, 1) == 0) {
        return 255;
    }
    *(volatile char *)BASE = 1;
    return 0;
}

static int
be_server(void)
{
    struct ipc_message m = { .label = 0 };
    unsigned served = 0;

    for (unsigned i = 0; i < ENDPOINTS; i++) {
        int64_t endpoint = endpoint_create(RANK_SERVER);

        served += endpoint > 0
                  && ipc_receive((handle_t)endpoint, &m, 1) == ST_ETIMEDOUT;
    }
    (void)process_sleep_until(process_clock() + 50 * MS);
    return served == ENDPOINTS ? 0 : 255;
}

/* ---- the place --------------------------------------------------------------- */

static handle_t
start(const char *mode, handle_t give)
{
    char args[32];
    struct spawn_request request = { .name = "throng",
                                     .give = give,
                                     .priority = CROWD_PRIORITY,
                                     .args = syscall_address(args) };
    int64_t child;

    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "throng%cbe%c%s", 0, 0, mode)
        + 1;
    child = process_spawn(&request);
    if (child < 0) {
        printf("throng: spawn: %s\n", syscall_status_text(child));
        exit(1);
    }
    return (handle_t)child;
}

/* Until there are @threads in programs of this name, and all of them wait. */
static void
until_waiting(uint64_t threads)
{
    static struct process_info rows[WANTING + 64];
    uint64_t waiting;

    do {
        int64_t count = sys_processes(0, rows, sizeof(rows));

        waiting = 0;
        for (int64_t i = 0; i < count; i++) {
            if (rows[i].state != PROCESS_RUNNING
                && strcmp(rows[i].name, "throng") == 0) {
                waiting += rows[i].threads;
            }
        }
        (void)thread_yield();
    } while (waiting < threads);
}

static handle_t children[OWED];

static void
start_all(const char *mode, handle_t give)
{
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = start(mode, give);
    }
}

static void
end_all(const char *what)
{
    int64_t ended = 0;

    for (unsigned i = 0; i < PROCESSES; i++) {
        ended += process_wait(children[i], 0) == 0;
        (void)handle_close(children[i]);
    }
    claim_equal(what, ended, PROCESSES);
}

/* There is room for 128 threads: the first process, and a part of the next one,
 * whose first thread is told so, and ends it; and so the next. */
static void
place_bell(void)
{
    handle_t bell = (handle_t)notify_create();
    unsigned crowded = 0;

    children[0] = start("bell", bell);
    until_waiting(THREADS);
    for (unsigned i = 1; i < PROCESSES; i++) {
        handle_t child = start("bell", bell);

        crowded += process_wait(child, 0) == CROWDED;
        (void)handle_close(child);
    }
    claim_equal("too many", crowded, PROCESSES - 1);
    claim_status("rung for nobody", notify_signal(bell, LAST_BIT), ST_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        (void)notify_signal(bell, 1);
    }
    claim_equal("rung for each", process_wait(children[0], 0), 0);
    (void)handle_close(children[0]);
    (void)handle_close(bell);
}

static void
place_queue(const char *mode)
{
    handle_t place = (handle_t)endpoint_create(RANK_SERVER);
    handle_t door = (handle_t)handle_copy(place, RIGHT_CALL | RIGHT_GRANT);

    start_all(mode, door);
    until_waiting(PROCESSES * THREADS);
    if (strcmp(mode, "gifts") == 0) {
        struct ipc_message m = { .label = 0 };

        claim_status("no slot for a thousand gifts",
                     ipc_receive(place, &m, process_clock() + MS),
                     ST_ETIMEDOUT);
    }
    (void)handle_close(place);
    end_all("nobody receives any more");
    (void)handle_close(door);
}

/* Start @child, and take all its calls. */
static void
hold(unsigned child, const char *mode, handle_t place, handle_t door)
{
    struct ipc_message m = { .label = 0 };
    unsigned taken = 0;

    children[child] = start(mode, door);
    until_waiting(THREADS);
    while (taken < THREADS
           && ipc_receive(place, &m, process_clock() + 50 * MS) == ST_OK) {
        taken++;
    }
    claim_equal("calls taken", taken, THREADS);
}

static void
place_held(void)
{
    handle_t place = (handle_t)endpoint_create(RANK_SERVER);
    handle_t door = (handle_t)handle_copy(place, RIGHT_CALL | RIGHT_GRANT);

    (void)thread_priority(HANDLE_NONE, LOW);
    /* So many, that whose call is looked at for who donates what are these. */
    hold(0, "queue", place, door);
    hold(1, "queue", place, door);
    claim_status("killed", process_kill(children[1]), ST_OK);
    claim_equal("its end", process_wait(children[1], 0), EXIT_BY_KILL);
    hold(2, "late", place, door);
    claim_equal("their time was up", process_wait(children[2], 0), 0);
    (void)process_kill(children[0]);
    claim_equal("the others too", process_wait(children[0], 0), EXIT_BY_KILL);
    (void)handle_close(place);
    (void)handle_close(door);
}

static void
place_mixed(void)
{
    static handle_t wanting[WANTING];
    handle_t place = (handle_t)endpoint_create(RANK_SERVER);
    handle_t door = (handle_t)handle_copy(place, RIGHT_CALL | RIGHT_GRANT);
    handle_t plain = (handle_t)handle_copy(place, RIGHT_RECEIVE);
    handle_t binding = (handle_t)binding_create(place, 1, RW, 1);
    struct ipc_message m = { .label = 0 };
    uint64_t ms[PAGER_LIMITS] = {
        [PAGER_LIMIT_SOFT] = 100,      [PAGER_LIMIT_HARD] = 1000,
        [PAGER_LIMIT_RUN_SOFT] = 100,  [PAGER_LIMIT_RUN_HARD] = 1000,
        [PAGER_LIMIT_GRACE] = 3600000,
    };
    int64_t killed = 0;

    (void)endpoint_limits(place, ms);
    for (unsigned i = 0; i < WANTING; i++) {
        wanting[i] = start("want", binding);
    }
    (void)process_sleep_until(process_clock() + 50 * MS);
    start_all("queue", door);
    until_waiting(PROCESSES * THREADS);
    claim_status("a message, and no fault",
                 ipc_receive(plain, &m, process_clock() + MS), ST_OK);
    claim_equal("from a caller", (int64_t)m.label, 1);
    (void)ipc_reply(&m);
    (void)handle_close(plain);
    (void)handle_close(place);
    end_all("nobody receives any more");
    for (unsigned i = 0; i < WANTING; i++) {
        killed += process_kill(wanting[i]) == ST_OK;
        (void)process_wait(wanting[i], 0);
        (void)handle_close(wanting[i]);
    }
    claim_equal("they waited for pages", killed, WANTING);
    (void)handle_close(binding);
    (void)handle_close(door);
}

static void
owed_thread(void *unused)
{
    (void)unused;
    thread_exit(0);
}

static void
place_owed(void)
{
    static char stack[1024] __attribute__((aligned(16)));
    handle_t place = (handle_t)endpoint_create(RANK_SERVER);
    handle_t door = (handle_t)handle_copy(place, RIGHT_CALL | RIGHT_GRANT);
    int64_t thread;

    for (unsigned i = 0; i < OWED; i++) {
        hold(i, "queue", place, door);
    }
    thread = thread_create(owed_thread, NULL, stack + sizeof(stack) - 8, 0);
    claim_equal("a thread ended", thread_join((handle_t)thread, 0), 0);
    for (unsigned i = 0; i < OWED; i++) {
        (void)process_kill(children[i]);
        (void)process_wait(children[i], 0);
        (void)handle_close(children[i]);
    }
    (void)handle_close(place);
    (void)handle_close(door);
}

static void
place_end(void)
{
    handle_t bell = (handle_t)notify_create();
    handle_t victim = start("bell", bell);

    until_waiting(THREADS);
    start_all("end", victim);
    until_waiting((PROCESSES + 1) * THREADS);
    claim_status("killed", process_kill(victim), ST_OK);
    end_all("it ended, and all heard");
    (void)handle_close(bell);
    (void)handle_close(victim);
}

static void
place_pages(const char *mode)
{
    handle_t served = (handle_t)endpoint_create(RANK_SERVER);
    handle_t object = (handle_t)syscall1(SYS_memory_create, CLIENTS);
    handle_t binding = (handle_t)binding_create(served, 1, RW, CLIENTS);
    handle_t client;
    struct ipc_message m = { .label = 0 };
    unsigned asked = 0;

    claim_equal("pages to be shared",
                region_populate(area_at(object, 0, CLIENTS), CLIENTS,
                                PROT_WRITE),
                CLIENTS);
    client = start(mode, binding);
    while (ipc_receive(served, &m, process_clock() + 100 * MS) == ST_OK) {
        struct pager_fault fault = pager_fault_of(&m);

        if ((fault.access & (FAULT_WRITE | FAULT_PROTECTION)) != 0) {
            m.label = VERDICT_DEFER;
            asked++;
        } else {
            m.label = VERDICT_SHARE;
            m.words[0] = 1;
            m.words[1] = object;
            m.words[2] = fault.page;
        }
        (void)ipc_reply(&m);
    }
    claim_true("faults that were not answered", asked > 0);
    claim_equal("the region went, and then the process",
                process_wait(client, 0), EXIT_BY_FAULT | 14u);
}

static void
place_faults(void)
{
    handle_t served = (handle_t)endpoint_create(RANK_SERVER);
    handle_t binding = (handle_t)binding_create(served, 1, RW, CLIENTS);
    handle_t client = start("faults", binding);

    until_waiting(CLIENTS);
    claim_status("killed", process_kill(client), ST_OK);
    claim_equal("ended", process_wait(client, 0), EXIT_BY_KILL);
}

static void
place_serve(void)
{
    handle_t server = start("serve", HANDLE_NONE);

    claim_equal("4,000 endpoints served", process_wait(server, 0), 0);
    (void)handle_close(server);
}

int
main(int argc, char **argv)
{
    const char *mode = argv[argc - 1];

    if (argc > 2) {
        for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
            if (strcmp(mode, modes[i].name) == 0) {
                return be_crowd(modes[i].wait);
            }
        }
        if (strcmp(mode, "want") == 0) {
            return be_wanting();
        }
        return strcmp(mode, "serve") == 0 ? be_server() : be_clients(mode);
    }
    if (strcmp(mode, "bell") == 0) {
        place_bell();
    } else if (strcmp(mode, "end") == 0) {
        place_end();
    } else if (strcmp(mode, "serve") == 0) {
        place_serve();
    } else if (strcmp(mode, "mixed") == 0) {
        place_mixed();
    } else if (strcmp(mode, "owed") == 0) {
        place_owed();
    } else if (strcmp(mode, "faults") == 0) {
        place_faults();
    } else if (strcmp(mode, "held") == 0) {
        place_held();
    } else if (strcmp(mode, "queue") == 0 || strcmp(mode, "gifts") == 0) {
        place_queue(mode);
    } else {
        place_pages(mode);
    }
    return claim_end();
}
