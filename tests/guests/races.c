/* SPDX-License-Identifier: MIT */
/*
 * Claims about the table of races (docs/life_of_a_fault.md): what becomes of an
 * open fault when its waiters, its region or its process change under it; once
 * while it is queued, once when the pager has it.
 *
 *      races GROUP            the pager, which claims
 *        `-- client THREADS WHERE ACTION NUMBER
 *
 * The client's threads write to one page, or each to its own. When all of them
 * wait, its first thread acts. The status it ends with is the number of threads
 * that went on. Time is the machine's own, so each comes before the next.
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
#define THREADS        8u
#define PAGES          16u
#define PAGE           8u   /* the one that all of them want */
#define FIRST          100u /* what the pager knows the first page by  */
#define BASE           0x0000200000000000ull
#define SETTLED        (60 * MS)  /* the client's threads wait by then */
#define ACTED          (200 * MS) /* and by then it has acted          */

#define SPIN (1400 * MS) /* longer than the hard limit */

/* ---- client -------------------------------------------------------------- */

static int
client_region(uint64_t page, uint64_t pages)
{
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .base = BASE + page * PAGE_BYTES,
        .pages = pages,
        .first_page = FIRST + page,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };

    return region_create(&request) > 0;
}

static NORETURN void
client_thread(void *address)
{
    volatile uint64_t *at = address;

    *at += 1;
    thread_exit(1);
}

static void
client_act(const char *action, handle_t *threads, unsigned number)
{
    if (strcmp(action, "kill") == 0) {
        for (unsigned i = 0; i < number; i++) {
            (void)thread_kill(threads[i], 0);
        }
    } else if (strcmp(action, "unmap") == 0) {
        (void)region_destroy(BASE, PAGES);
    } else if (strcmp(action, "protect") == 0) {
        (void)region_protect(BASE, PAGES, number);
    } else if (strcmp(action, "cut") == 0) {
        (void)region_destroy(BASE, PAGE - 1);
        (void)region_destroy(BASE + (PAGE + 1) * PAGE_BYTES, 2);
    } else if (strcmp(action, "merge") == 0) {
        (void)client_region(PAGES, PAGES);
    }
}

static int
client(unsigned count, int same, const char *action, unsigned number)
{
    static _Alignas(16) uint64_t stacks[THREADS][64];
    handle_t threads[THREADS];
    int64_t went_on = 0;

    if (!client_region(0, PAGES)) {
        return 99;
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t page = same ? PAGE : i;

        stacks[i][63] = 0;
        threads[i] = (handle_t)thread_create(
            client_thread,
            (void *)(uintptr_t)(BASE + page * PAGE_BYTES + 8u * i),
            &stacks[i][63], 0);
    }
    (void)process_sleep_until(process_clock() + SETTLED);
    client_act(action, threads, number);
    for (unsigned i = 0; i < count; i++) {
        went_on += thread_join(threads[i], 0);
    }
    return (int)went_on;
}

/* ---- pager ---------------------------------------------------------------- */

static handle_t endpoint;

static handle_t
start(unsigned count, int same, const char *action, unsigned number)
{
    int64_t binding = binding_create(endpoint, 5, RW, 0);
    struct spawn_request request = {
        .name = "races",
        .give = (handle_t)binding,
    };
    char args[128];
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "races%cclient%c%u%c%u%c%s%c%u",
                           0, 0, count, 0, (unsigned)same, 0, action, 0, number)
        + 1;
    process = process_spawn(&request);
    (void)handle_close((handle_t)binding);
    if (process < 0) {
        printf("races: no client: %ld\n", process);
        exit(1);
    }
    return (handle_t)process;
}

/* The next fault, with no wait beyond @deadline. */
static int64_t
take(struct ipc_message *m, uint64_t deadline)
{
    *m = (struct ipc_message){ .slot = 0 };
    return ipc_receive(endpoint, m, deadline);
}

static int64_t
answer(struct ipc_message *m, uint64_t run)
{
    struct ipc_message copy = *m;

    pager_answer_zero(&copy, run);
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

/* One row: what the answer gets, and how the client ends. */
struct row {
    const char *action;
    unsigned number;
    int64_t queued;    /* what the receive gets, if the fault was queued */
    int64_t delivered; /* what the answer gets, if the pager had it      */
    uint32_t wait;
    uint32_t reason;
};

#define BY_PF (EXIT_BY_FAULT | 14u)

static const struct row rows[] = {
    { "nothing", 0, ST_OK, ST_OK, THREADS, 0 },
    { "kill", 1, ST_OK, ST_OK, THREADS - 1, 0 }, /* H116 */
    { "kill", 3, ST_OK, ST_OK, THREADS - 3, 0 },
    { "kill", THREADS, ST_ETIMEDOUT, ST_EGONE, 0, 0 },
    { "unmap", 0, ST_ETIMEDOUT, ST_EGONE, BY_PF, REASON_NO_REGION }, /* H86 */
    { "protect", PROT_READ, ST_OK, ST_OK, BY_PF, REASON_PROTECTION },
    { "protect", PROT_NONE, ST_ETIMEDOUT, ST_EGONE, BY_PF, REASON_PROTECTION },
    { "cut", 0, ST_OK, ST_OK, THREADS, 0 },
    { "merge", 0, ST_OK, ST_OK, THREADS, 0 },
};

static void
run_row(const struct row *row, int queued)
{
    uint64_t acted = process_clock() + ACTED;
    handle_t process = start(THREADS, 1, row->action, row->number);
    struct ipc_message m;

    printf("%s %u, %s\n", row->action, row->number,
           queued ? "queued" : "delivered");
    if (!queued) {
        claim_status("the fault arrives", take(&m, 0), ST_OK);
        (void)process_sleep_until(acted);
    } else {
        (void)process_sleep_until(acted);
        claim_status("the fault arrives", take(&m, 1), row->queued);
    }
    if (!queued || row->queued == ST_OK) {
        claim_equal("its page", (int64_t)m.words[0], FIRST + PAGE);
        claim_status("the answer", answer(&m, 1),
                     queued ? ST_OK : row->delivered);
        claim_status("and once more", answer(&m, 1), ST_EGONE);
    }
    claim_end_of(process, row->wait, row->reason);
    claim_status("no more faults", take(&m, 1), ST_ETIMEDOUT);
}

static void
group_table(int queued)
{
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_row(&rows[i], queued);
    }
}

/* The process is killed with eight open faults. */
static void
group_killed(void)
{
    struct ipc_message held[THREADS];
    struct ipc_message m;
    handle_t process = start(THREADS, 0, "nothing", 0);

    (void)process_sleep_until(process_clock() + ACTED);
    for (unsigned i = 0; i < THREADS / 2; i++) {
        claim_status("half of its faults arrive", take(&held[i], 0), ST_OK);
    }
    IS(process_kill(process), ST_OK);
    claim_end_of(process, EXIT_BY_KILL, REASON_KILLED);
    for (unsigned i = 0; i < THREADS / 2; i++) {
        claim_status("too late", answer(&held[i], 1), ST_EGONE);
    }
    claim_status("the others went", take(&m, 1), ST_ETIMEDOUT);
}

/* A run answers faults that are still queued, and leaves alone what was
 * delivered. */
static void
group_around(void)
{
    struct ipc_message held;
    struct ipc_message m;
    handle_t process = start(THREADS, 0, "nothing", 0);

    (void)process_sleep_until(process_clock() + ACTED);
    claim_status("the first arrives", take(&held, 0), ST_OK);
    claim_equal("its page", (int64_t)held.words[0], FIRST);
    claim_status("the second arrives", take(&m, 0), ST_OK);
    claim_equal("its page", (int64_t)m.words[0], FIRST + 1);
    claim_status("the first is answered for all", answer(&held, THREADS),
                 ST_OK);
    claim_status("none is queued", take(&held, 1), ST_ETIMEDOUT);
    claim_status("the second is still owed", answer(&m, 1), ST_OK);
    claim_end_of(process, THREADS, 0);
}

/* DEFER keeps the id; eight are held, and answered from the last to the first. */
static void
group_defer(void)
{
    struct ipc_message held[THREADS];
    struct ipc_message m;
    handle_t process = start(THREADS, 0, "nothing", 0);

    for (unsigned i = 0; i < THREADS; i++) {
        claim_status("a fault arrives", take(&held[i], 0), ST_OK);
        m = held[i];
        m.label = VERDICT_DEFER;
        claim_status("and is deferred", ipc_reply(&m), ST_OK);
        m = held[i];
        m.label = VERDICT_DEFER;
        claim_status("twice", ipc_reply(&m), ST_OK);
    }
    claim_status("no more than were delivered are held", take(&m, 1),
                 ST_ETIMEDOUT);
    for (unsigned i = THREADS; i-- > 0;) {
        claim_status("answered late", answer(&held[i], 1), ST_OK);
        m = held[i];
        m.label = VERDICT_DEFER;
        claim_status("none can be deferred again", ipc_reply(&m), ST_EGONE);
    }
    claim_end_of(process, THREADS, 0);
}

/* What the quota of process @id pays for. */
static uint64_t
charged_to(uint32_t id)
{
    static struct process_info list[32];
    int64_t count = sys_processes(0, list, sizeof(list));

    for (int64_t i = 0; i < count; i++) {
        if (list[i].id == id) {
            return list[i].charged_frames;
        }
    }
    return 0;
}

static uint32_t
newest_process(void)
{
    static struct process_info list[32];
    int64_t count = sys_processes(0, list, sizeof(list));
    uint32_t newest = 0;

    for (int64_t i = 0; i < count; i++) {
        newest = list[i].id > newest ? list[i].id : newest;
    }
    return newest;
}

/* SHARE shows the object's own page, which its maker pays for; a write to it is a
 * protection fault, which can be put off; COPY gives a page that the client pays
 * for, and leaves the object's as it was. */
static void
group_share(void)
{
    handle_t object = (handle_t)syscall1(SYS_memory_create, 1);
    struct region_request request = {
        .binding = object,
        .pages = 1,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };
    volatile uint64_t *content =
        (volatile uint64_t *)(uintptr_t)region_create(&request);
    handle_t process;
    struct ipc_message m;
    struct ipc_message later;
    uint64_t ours;
    uint64_t theirs;
    uint32_t id;

    content[0] = 41;
    process = start(1, 1, "nothing", 0);
    id = newest_process();
    claim_status("the fault arrives", take(&m, 0), ST_OK);
    ours = charged_to((uint32_t)process_self());
    theirs = charged_to(id);
    m.label = VERDICT_SHARE;
    m.words[0] = 1;
    m.words[1] = object;
    m.words[2] = 0;
    claim_status("SHARE is taken", ipc_reply(&m), ST_OK);
    claim_status("a write faults again", take(&m, 0), ST_OK);
    claim_equal("for a right", (int64_t)m.words[1],
                FAULT_WRITE | FAULT_PROTECTION);
    claim_equal("its maker paid for the page already",
                (int64_t)(charged_to((uint32_t)process_self()) - ours), 0);
    claim_equal("and the client for none", (int64_t)(charged_to(id) - theirs),
                0);
    later = m;
    m.label = VERDICT_DEFER;
    claim_status("it can be put off", ipc_reply(&m), ST_OK);
    later.label = VERDICT_COPY;
    claim_status("COPY is taken", ipc_reply(&later), ST_OK);
    claim_end_of(process, 1, 0);
    claim_equal("the object is as it was", (int64_t)content[0], 41);
}

/* Off the processor, a pager's clock stands still: it owes a page for longer than
 * the hard limit while somebody of higher priority spins. */
static void
group_starved(void)
{
    static const char args[] = "races\0spin";
    struct spawn_request request = {
        .name = "races",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
    };
    struct ipc_message m;
    handle_t process;
    int64_t spinner;

    request.priority = (uint32_t)thread_priority(0, 0);
    (void)thread_priority(0, request.priority - 2);
    process = start(1, 1, "nothing", 0);
    claim_status("the fault arrives", take(&m, 0), ST_OK);
    spinner = process_spawn(&request);
    claim_true("somebody spins", spinner > 0);
    claim_equal("until here", process_wait((handle_t)spinner, 0), 0);
    claim_status("nobody minded", answer(&m, 1), ST_OK);
    claim_end_of(process, 1, 0);
}

static int
spin(void)
{
    uint64_t end = process_clock() + SPIN;

    while (process_clock() < end) {
    }
    return 0;
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    struct ipc_message m;

    if (strcmp(mode, "client") == 0 && argc > 5) {
        return client((unsigned)strtoul(argv[2], NULL, 0), argv[3][0] == '1',
                      argv[4], (unsigned)strtoul(argv[5], NULL, 0));
    }
    if (strcmp(mode, "spin") == 0) {
        return spin();
    }
    endpoint = (handle_t)endpoint_create(0);
    claim_status("attached", take(&m, 1), ST_ETIMEDOUT);
    if (strcmp(mode, "queued") == 0) {
        group_table(1);
    } else if (strcmp(mode, "delivered") == 0) {
        group_table(0);
    } else if (strcmp(mode, "killed") == 0) {
        group_killed();
    } else if (strcmp(mode, "around") == 0) {
        group_around();
    } else if (strcmp(mode, "defer") == 0) {
        group_defer();
    } else if (strcmp(mode, "share") == 0) {
        group_share();
    } else if (strcmp(mode, "starved") == 0) {
        group_starved();
    }
    return claim_end();
}
