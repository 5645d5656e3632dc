/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever ring 3 asks, by whatever door and however many at once, the
 * kernel answers or ends who asked; nobody else's memory changes, no frame is
 * lost, and the registers are as documented.
 *
 *      fuzz SEED CALLS [honest|hostile]
 *
 * The supervisor keeps WORKERS processes at work until CALLS calls are made. A
 * worker that gets stuck is killed, and now and then one that does not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "../claim.h"
#include "fuzz.h"

/* All but POWER: it would work. */
SECOS_MANIFEST(MANIFEST_GROUPS_ALL & ~(1u << SYS_GROUP_POWER), 0, 0);

#define WORKERS       3u
#define TICK          4000229u
#define STUCK_TICKS   30u
#define WORKER_CALLS  8192u
#define PATTERN_WORDS (128 * 1024 / 8)
#define WITNESS_BADGE 99u

struct worker {
    handle_t process;
    uint64_t heard; /* when, in ns */
};

static struct fuzz_random fuzz_random;
static struct worker workers[WORKERS];
static uint64_t fuzz_calls;
static uint64_t fuzz_wrong;
static uint64_t count_started;
static uint64_t count_killed;
static uint64_t count_faulted;
static uint64_t count_finished;
static uint64_t count_pagers;
static handle_t control; /* what workers talk to           */
static handle_t paging;  /* what the hostile pager serves  */
static handle_t binding; /* to it                          */
static handle_t pager;   /* its process, or HANDLE_NONE    */
static uint32_t neighbour_id;
static bool fuzz_hostile;

/* ---- the neighbour ----------------------------------------------------- */

static uint64_t pattern[PATTERN_WORDS];

static uint64_t
pattern_changed(uint64_t seed, bool fill)
{
    uint64_t changed = 0;

    for (uint64_t i = 0; i < PATTERN_WORDS; i++) {
        uint64_t want = (seed << 32 | i) * 0x9E3779B97F4A7C15u;

        changed += pattern[i] != want;
        if (fill) {
            pattern[i] = want;
        }
    }
    return changed;
}

static int
witness(void)
{
    struct ipc_message m = { .slot = 0 };

    (void)pattern_changed(2, true);
    if (ipc_receive(HANDLE_SLOT_GIVEN, &m, 0) != ST_OK) {
        return 1;
    }
    for (;;) {
        m.words[0] = pattern_changed(2, false);
        m.words[1] = process_started->process_id;
        m.label = 0;
        if (ipc_reply_receive(HANDLE_SLOT_GIVEN, &m, 0) != ST_OK) {
            return 1;
        }
    }
}

/* ---- processes --------------------------------------------------------- */

static int64_t
start(const char *role, uint64_t seed, struct spawn_request *request)
{
    char args[96];
    int bytes = snprintf(args, sizeof(args), "fuzz%c%s%c%lu%c%u", 0, role, 0,
                         seed, 0, WORKER_CALLS);

    strcpy(request->name, "fuzz");
    request->args = syscall_address(args);
    request->args_bytes = (uint32_t)bytes + 1;
    return process_spawn(request);
}

static void
start_pager(void)
{
    struct spawn_request request = { .give = paging };
    int64_t process;

    if (pager != HANDLE_NONE) {
        (void)process_kill(pager);
        (void)process_wait(pager, 0);
        (void)handle_close(pager);
    }
    process = start("--pager", fuzz_next(&fuzz_random), &request);
    pager = process > 0 ? (handle_t)process : HANDLE_NONE;
    count_pagers++;
}

static void
start_worker(uint64_t index)
{
    struct worker *worker = &workers[index];
    handle_t line =
        (handle_t)endpoint_mint(control, index + 1, RIGHT_CALL | RIGHT_GRANT);
    struct spawn_request request = {
        .give = line,
        .max_mem = 8u << 20,
    };
    int64_t process;

    if (fuzz_once_in(&fuzz_random, 4)) { /* one that is short of memory */
        request.max_mem = (100 + fuzz_below(&fuzz_random, 200)) * PAGE;
    }
    if (fuzz_hostile && fuzz_once_in(&fuzz_random, 8)) {
        request.pager = binding; /* its own stack, even */
    }
    process = start("--worker", fuzz_next(&fuzz_random), &request);
    (void)handle_close(line);
    if (process < 0) {
        printf("fuzz: no worker: %s\n", syscall_status_name(process));
        exit(1);
    }
    worker->process = (handle_t)process;
    worker->heard = process_clock();
    count_started++;
}

/* See whether @index has ended, or should; replace it. */
static void
look_after(uint64_t index, bool kill)
{
    struct worker *worker = &workers[index];
    int64_t word;

    if (worker->process == HANDLE_NONE) {
        start_worker(index);
        return;
    }
    if (kill) {
        (void)process_kill(worker->process);
    }
    word = process_wait(worker->process, kill ? 0 : 1);
    if (word == ST_ETIMEDOUT) {
        return;
    }
    count_killed += word == EXIT_BY_KILL;
    count_faulted += (word & EXIT_BY_FAULT) != 0;
    count_finished += word <= 0xFF;
    (void)handle_close(worker->process);
    worker->process = HANDLE_NONE;
    start_worker(index);
}

static void
look_after_all(void)
{
    uint64_t now = process_clock();

    for (uint64_t i = 0; i < WORKERS; i++) {
        look_after(i, workers[i].process != HANDLE_NONE
                          && now - workers[i].heard > STUCK_TICKS * TICK);
    }
    if (fuzz_hostile
        && (pager == HANDLE_NONE || process_wait(pager, 1) != ST_ETIMEDOUT)) {
        start_pager();
    }
}

/* ---- what they say ----------------------------------------------------- */

static const char *const wrongs[] = {
    [WRONG_STATUS] = "a result that is no status",
    [WRONG_REGISTER] = "a register was not kept",
    [WRONG_STACK] = "the stack pointer moved",
};

/* Take in @m and make it the answer. Returns the handle that goes with it. */
static handle_t
hear(struct ipc_message *m)
{
    handle_t give = HANDLE_NONE;

    if (m->badge - 1 < WORKERS) {
        workers[m->badge - 1].heard = process_clock();
    }
    switch (m->label) {
    case LABEL_HELLO:
        give = binding;
        break;
    case LABEL_PROGRESS:
        fuzz_calls += m->words[0];
        break;
    case LABEL_WRONG:
        fuzz_wrong++;
        printf("fuzz: call 0x%lx(0x%lx...) = 0x%lx: %s (%ld)\n", m->words[1],
               m->words[2], m->words[3],
               m->words[0] <= WRONG_STACK ? wrongs[m->words[0]] : "?",
               (int64_t)m->words[4]);
        break;
    default: /* a fuzzed call that found its way here */
        break;
    }
    return give;
}

static void
answer(handle_t give, struct ipc_message *m)
{
    struct ipc_message nothing = { .reply_id = m->reply_id };

    if (ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, m, 0) != ST_OK) {
        (void)ipc_reply(&nothing); /* it wants no handle */
    }
}

static void
supervise(uint64_t calls)
{
    while (fuzz_calls < calls) {
        struct ipc_message m = { .slot = 0 };
        int64_t status = ipc_receive(control, &m, process_clock() + 2 * TICK);

        if (status == ST_OK) {
            uint64_t worker = m.badge - 1;

            answer(hear(&m), &m);
            if (worker < WORKERS && fuzz_once_in(&fuzz_random, 64)) {
                look_after(worker, true);
            }
        }
        if (status != ST_OK || fuzz_once_in(&fuzz_random, 8)) {
            look_after_all();
        }
    }
}

/* ---- all of it --------------------------------------------------------- */

static uint64_t
free_frames(void)
{
    struct memory_info info;

    return sys_memory(&info) == ST_OK ? info.frames[FRAME_FREE] : 0;
}

/* The free frames when @want of them are back, or two seconds have passed. */
static uint64_t
settled_frames(uint64_t want)
{
    uint64_t end = process_clock() + 500u * TICK;
    uint64_t now = free_frames();

    while (now != want && process_clock() < end) {
        (void)process_sleep_until(process_clock() + 1);
        now = free_frames();
    }
    return now;
}

/* What workers have made and left behind: everybody that is younger than the
 * neighbour. Until there is none. */
static void
end_orphans(void)
{
    uint64_t slot = 0;
    struct process_info row;

    while (sys_processes(slot, &row, sizeof(row)) == 1) {
        slot = row.id % SYSTEM_PROCESS_SLOTS + 1;
        if (row.id > neighbour_id) {
            (void)process_kill(PROCESS_BY_ID(row.id));
            (void)syscall2(SYS_process_wait, PROCESS_BY_ID(row.id), 0);
            slot = 0; /* it may have left some, too */
        }
    }
}

static void
end_all(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        if (workers[i].process != HANDLE_NONE) {
            (void)process_kill(workers[i].process);
            (void)process_wait(workers[i].process, 0);
            (void)handle_close(workers[i].process);
            workers[i].process = HANDLE_NONE;
        }
    }
    if (pager != HANDLE_NONE) {
        (void)process_kill(pager);
        (void)process_wait(pager, 0);
        (void)handle_close(pager);
        pager = HANDLE_NONE;
    }
    end_orphans();
}

static void
audit(void)
{
    struct audit_info info;

    (void)sys_audit(&info);
    claim_equal("every rule of the audit holds",
                (int64_t)(info.conservation + info.wx_a + info.wx_b + info.wx_c
                          + info.user_in_kernel_half + info.wrong_owner),
                0);
}

static int
fuzz(uint64_t seed, uint64_t calls)
{
    struct spawn_request request = { .give = HANDLE_NONE };
    struct ipc_message m = { .slot = 0 };
    handle_t neighbour;
    handle_t bell = (handle_t)endpoint_create(0);
    uint64_t before;

    printf("fuzz: seed %lu, %lu calls, %s pager\n", seed, calls,
           fuzz_hostile ? "hostile" : "honest");
    fflush(stdout);
    fuzz_random.state = seed;
    control = (handle_t)endpoint_create(CONTROL_RANK);
    paging = (handle_t)endpoint_create(0);
    binding = (handle_t)binding_create(paging, 1, 7, 0);
    request.give = bell;
    neighbour = (handle_t)start("--witness", 0, &request);
    (void)pattern_changed(1, true);
    (void)ipc_call(bell, HANDLE_NONE, &m, 0); /* it is ready */
    neighbour_id = (uint32_t)m.words[1];
    supervise(calls > 4096 ? 4096 : calls); /* what we need is there then */
    end_all();
    before = free_frames();
    supervise(calls);
    end_all();
    printf("fuzz: %lu calls; %lu workers: %lu finished, %lu ended by a fault, "
           "%lu killed; %lu pagers\n",
           fuzz_calls, count_started, count_finished, count_faulted,
           count_killed, count_pagers);
    claim_true("as many calls as wanted", fuzz_calls >= calls);
    claim_equal("answers against the contract", (int64_t)fuzz_wrong, 0);
    claim_equal("frames lost", (int64_t)(before - settled_frames(before)), 0);
    (void)ipc_call(bell, HANDLE_NONE, &m, 0);
    claim_equal("words of the neighbour that changed",
                (int64_t)(m.words[0] + pattern_changed(1, false)), 0);
    audit();
    (void)process_kill(neighbour);
    (void)process_wait(neighbour, 0);
    return claim_end();
}

int
main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
    uint64_t calls = argc > 3 ? strtoul(argv[3], NULL, 0) : 1000;

    if (strcmp(role, "--witness") == 0) {
        return witness();
    } else if (strcmp(role, "--worker") == 0) {
        return fuzz_worker(seed, calls);
    } else if (strcmp(role, "--pager") == 0) {
        return fuzz_pager(seed);
    } else if (*role == '\0' || *role == '-') {
        return 0; /* what fuzzed spawns make */
    }
    fuzz_hostile = argc > 3 && strcmp(argv[3], "hostile") == 0;
    seed = strtoul(argv[1], NULL, 0);
    calls = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000;
    /* From a tick on: the same instructions every time. */
    (void)process_sleep_until(process_clock() + 1);
    return fuzz(seed, calls);
}
