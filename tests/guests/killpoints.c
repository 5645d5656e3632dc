/* SPDX-License-Identifier: MIT */
/*
 * Claim: a pager may be killed in any state it can be in; its clients never
 * notice, and every frame comes back.
 *
 *      killpoints [POINT [TICKS]]  the supervisor: brings a pager to each point,
 *                                  or to this one, and leaves it there so long
 *        |-- pager POINT           stops there, owing a page
 *        |-- client THREADS        waits for that page meanwhile
 *        `-- pager zero            takes over; the client must end well
 *
 *      point call-queued: state=2 client=0x0 leaked=0
 *
 * The pager is told its endpoint by the supervisor, in the reply to a call: so a
 * call to the supervisor is one of the things it can be waiting for. What a pager
 * can be killed in inside the kernel or between two instructions is the business
 * of tests/qemu/test_pager_killpoints.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/align.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGES        16u /* of each client thread */
#define THREADS_MOST 8u
#define WORDS        (PAGE_BYTES / sizeof(uint64_t))
#define MS           1000000ull
#define RANK_BELOW   50u /* the supervisor's endpoints: a pager may call them */
#define SLOT_SERVED  6u /* where the pager gets its endpoint                  */
#define SLOT_LOWER   7u /* a binding whose pager is the supervisor            */
#define LOW          4u /* priority of all children: ours is the higher       */

enum label {
    LABEL_SERVED = 1, /* "what do I serve?"  */
    LABEL_LOWER = 2,  /* "a binding of yours" */
    LABEL_STAY = 3,   /* never answered       */
};

/* ---- client ------------------------------------------------------------ */

static volatile uint64_t *client_base;
static unsigned client_failures;

static int
client_touch(uint64_t first)
{
    volatile uint64_t *at = client_base + first * WORDS;

    for (uint64_t page = 0; page < PAGES; page++) {
        for (uint64_t word = 0; word < WORDS; word += 73) {
            if (at[page * WORDS + word] != 0) {
                return 1;
            }
        }
        at[page * WORDS] = first + page + 1;
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        if (at[page * WORDS] != first + page + 1) {
            return 2;
        }
    }
    return 0;
}

static NORETURN void
client_thread(void *number)
{
    uint64_t first = (uint64_t)(uintptr_t)number * PAGES;

    client_failures += client_touch(first) != 0;
    thread_exit(0);
}

static int
client(unsigned threads)
{
    static _Alignas(16) uint64_t stacks[THREADS_MOST][512];
    handle_t handles[THREADS_MOST];
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = (uint64_t)PAGES * (threads + 1),
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);
    int status;

    if (base < 0) {
        return 9;
    }
    client_base = (volatile uint64_t *)(uintptr_t)base;
    for (unsigned i = 0; i < threads; i++) {
        stacks[i][511] = 0; /* its pages come from another pager, now */
        handles[i] = (handle_t)thread_create(
            client_thread, (void *)(uintptr_t)(i + 1), &stacks[i][511], 0);
    }
    status = client_touch(0);
    for (unsigned i = 0; i < threads; i++) {
        (void)thread_join(handles[i], 0);
    }
    return status != 0 ? status : (int)client_failures;
}

/* ---- what a pager does when it has its first fault --------------------- */

/* Ask the supervisor for a handle in @slot. */
static void
ask(enum label label, uint32_t slot)
{
    struct ipc_message m = { .label = label, .slot = IPC_SLOT_OPEN | slot };

    if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK) {
        exit(8);
    }
}

static void
stop_spinning(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

static void
stop_asleep(void)
{
    (void)process_sleep_until(process_clock() + 100000 * MS);
}

static void
stop_in_notification(void)
{
    (void)notify_wait((handle_t)notify_create(), 1, 0);
}

static void
stop_in_call(void)
{
    struct ipc_message m = { .label = LABEL_STAY };

    (void)ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0);
}

/* The same with a deadline and a handle under way. */
static void
stop_in_giving_call(void)
{
    struct ipc_message m = { .label = LABEL_STAY };

    (void)ipc_call(HANDLE_SLOT_GIVEN, (handle_t)notify_create(), &m,
                   process_clock() + 100000 * MS);
}

/* A page of its own, which the supervisor pages and does not give. */
static void
stop_in_own_fault(void)
{
    struct region_request request = {
        .binding = SLOT_LOWER,
        .pages = 1,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base;

    ask(LABEL_LOWER, SLOT_LOWER);
    base = region_create(&request);
    if (base < 0) {
        exit(7);
    }
    *(volatile uint8_t *)(uintptr_t)base = 1;
}

/* The same inside a system call. */
static void
stop_in_populate(void)
{
    struct region_request request = {
        .binding = SLOT_LOWER,
        .pages = 64,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    ask(LABEL_LOWER, SLOT_LOWER);
    (void)region_populate((uint64_t)region_create(&request), 64, PROT_WRITE);
}

static NORETURN void
sleeping_thread(void *nothing)
{
    (void)nothing;
    stop_asleep();
    thread_exit(0);
}

static _Alignas(16) uint64_t pager_stack[512];

static void
stop_in_join(void)
{
    pager_stack[511] = 0;
    (void)thread_join((handle_t)thread_create(sleeping_thread, NULL,
                                              &pager_stack[511], 0),
                      0);
}

/* Filling an object, page after page: the call goes on where it stopped. */
static void
stop_filling(void)
{
    int64_t object = syscall1(SYS_memory_create, 4096);
    struct region_request request = {
        .binding = (handle_t)object,
        .pages = 4096,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    for (;;) {
        (void)region_populate((uint64_t)base, 4096, PROT_WRITE);
        (void)syscall2(SYS_memory_resize, (uint64_t)object, 0);
        (void)syscall2(SYS_memory_resize, (uint64_t)object, 4096);
    }
}

static handle_t spawn_self(const char *role, const char *argument,
                           handle_t give, uint32_t flags);

/* Making processes, one after the other. */
static void
stop_spawning(void)
{
    for (;;) {
        handle_t child = spawn_self("nothing", "", HANDLE_NONE, 0);

        (void)process_wait(child, 0);
        (void)handle_close(child);
    }
}

static void
stop_waiting_for_child(void)
{
    (void)process_wait(spawn_self("sleep", "", HANDLE_NONE, 0), 0);
}

static void
stop_creating_regions(void)
{
    struct region_request request = {
        .pages = 200,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    for (;;) {
        int64_t base = region_create(&request);

        (void)region_populate((uint64_t)base, 200, PROT_WRITE);
        (void)region_destroy((uint64_t)base, 200);
    }
}

/* ---- points ------------------------------------------------------------ */

enum flag {
    AT_SPAWN = 1 << 0,      /* stops before it is told what it serves        */
    SUSPENDED = 1 << 1,     /* never starts                                  */
    IDLE = 1 << 2,          /* the client comes after the death              */
    REPLIED = 1 << 3,       /* stops when it has answered                    */
    HOLD_ALL = 1 << 4,      /* takes as many faults as there are threads     */
    ANSWER_HALF = 1 << 5,   /* ... and answers every second                  */
    DEFER = 1 << 6,         /* ... and says DEFER to each                    */
    SECOND_THREAD = 1 << 7, /* another thread of it waits in receive         */
    RECEIVE_FIRST = 1 << 8, /* the supervisor takes the pager's own call     */
    NOT_ATTACHED = 1 << 9,  /* stops before its first receive                */
    CALLER = 1 << 10,       /* an ordinary call waits for it too             */
};

struct point {
    const char *name;
    unsigned flags;
    unsigned threads; /* of the client, beside its first */
    uint32_t state;   /* enum process_state at the kill  */
    void (*stop)(void);
};

static const struct point points[] = {
    { "suspended", SUSPENDED | AT_SPAWN, 0, PROCESS_SUSPENDED, NULL },
    { "not-yet-run", AT_SPAWN, 0, PROCESS_RUNNING, NULL },
    { "not-attached-running", NOT_ATTACHED, 0, PROCESS_RUNNING, stop_spinning },
    { "not-attached-blocked", NOT_ATTACHED, 0, PROCESS_BLOCKED, stop_asleep },
    { "receive-idle", IDLE, 0, PROCESS_BLOCKED, NULL },
    { "ring3-owing", 0, 0, PROCESS_RUNNING, stop_spinning },
    { "ring3-replied", REPLIED, 0, PROCESS_RUNNING, stop_spinning },
    { "ring3-owing-many", HOLD_ALL, 7, PROCESS_RUNNING, stop_spinning },
    { "ring3-answered-half", HOLD_ALL | ANSWER_HALF, 7, PROCESS_RUNNING,
      stop_spinning },
    { "receive-deferred", HOLD_ALL | DEFER, 7, PROCESS_BLOCKED, NULL },
    { "queue-behind", 0, 7, PROCESS_BLOCKED, stop_asleep },
    { "asleep", 0, 0, PROCESS_BLOCKED, stop_asleep },
    { "notification", 0, 0, PROCESS_BLOCKED, stop_in_notification },
    { "call-queued", 0, 0, PROCESS_BLOCKED, stop_in_call },
    { "call-delivered", RECEIVE_FIRST, 0, PROCESS_BLOCKED, stop_in_call },
    { "call-giving", 0, 0, PROCESS_BLOCKED, stop_in_giving_call },
    { "own-fault-queued", 0, 0, PROCESS_FAULTING, stop_in_own_fault },
    { "own-fault-delivered", RECEIVE_FIRST, 0, PROCESS_FAULTING,
      stop_in_own_fault },
    { "own-fault-in-call", 0, 0, PROCESS_FAULTING, stop_in_populate },
    { "join", 0, 0, PROCESS_BLOCKED, stop_in_join },
    { "child", 0, 0, PROCESS_BLOCKED, stop_waiting_for_child },
    { "filling", 0, 0, PROCESS_RUNNING, stop_filling },
    { "regions", 0, 0, PROCESS_RUNNING, stop_creating_regions },
    { "spawning", 0, 0, 0, stop_spawning },
    { "two-threads", SECOND_THREAD, 1, PROCESS_RUNNING, stop_spinning },
    { "caller", CALLER, 0, PROCESS_BLOCKED, stop_asleep },
};

#define POINTS (sizeof(points) / sizeof(points[0]))

static const struct point *
point_called(const char *name)
{
    for (unsigned i = 0; i < POINTS; i++) {
        if (strcmp(points[i].name, name) == 0) {
            return &points[i];
        }
    }
    printf("killpoints: no point called %s\n", name);
    exit(1);
}

/* ---- the pager --------------------------------------------------------- */

static NORETURN void
serve_zero(void)
{
    struct ipc_message m = { .reply_id = 0 };
    int64_t status = ipc_receive(SLOT_SERVED, &m, 0);

    for (;;) {
        if (status == ST_OK && pager_is_fault(&m)) {
            pager_answer_zero(&m, 1);
            status = ipc_reply_receive(SLOT_SERVED, &m, 0);
        } else {
            m = (struct ipc_message){ .reply_id = 0 };
            status = ipc_receive(SLOT_SERVED, &m, 0);
        }
    }
}

static NORETURN void
receiving_thread(void *nothing)
{
    struct ipc_message m = { .reply_id = 0 };

    (void)nothing;
    (void)ipc_receive(SLOT_SERVED, &m, 0);
    stop_asleep();
    thread_exit(0);
}

/* Take the faults of the point, answer those that it answers, and stop. */
static void
take_and_stop(const struct point *point)
{
    unsigned wanted = (point->flags & HOLD_ALL) != 0 ? point->threads + 1 : 1;

    if ((point->flags & CALLER) != 0) {
        wanted++;
    }
    for (unsigned i = 0; i < wanted; i++) {
        struct ipc_message m = { .reply_id = 0 };

        (void)ipc_receive(SLOT_SERVED, &m, 0);
        if ((point->flags & REPLIED) != 0
            || ((point->flags & ANSWER_HALF) != 0 && i % 2 == 0)) {
            pager_answer_zero(&m, 1);
            (void)ipc_reply(&m);
        } else if ((point->flags & DEFER) != 0) {
            m.label = VERDICT_DEFER;
            (void)ipc_reply(&m);
        }
    }
    if ((point->flags & SECOND_THREAD) != 0) {
        pager_stack[511] = 0;
        (void)thread_create(receiving_thread, NULL, &pager_stack[511], 0);
        (void)thread_yield();
    }
}

static int
pager(const char *name)
{
    const struct point *point;

    ask(LABEL_SERVED, SLOT_SERVED);
    if (strcmp(name, "zero") == 0) {
        serve_zero();
    }
    point = point_called(name);
    if ((point->flags & NOT_ATTACHED) == 0) {
        take_and_stop(point);
    }
    if (point->stop != NULL) {
        point->stop();
    } else {
        struct ipc_message m = { .reply_id = 0 };

        (void)ipc_receive(SLOT_SERVED, &m, 0);
    }
    return 6; /* nobody killed it */
}

/* ---- supervisor -------------------------------------------------------- */

static uint64_t patience = 4; /* ticks */

struct scene {
    handle_t ask;     /* where pagers ask, and where they stay */
    handle_t lower;   /* what the supervisor pages             */
    handle_t binding; /* of `lower`                            */
    handle_t served;  /* what the pagers page                  */
    handle_t client_binding;
};

static handle_t
spawn_self(const char *role, const char *argument, handle_t give,
           uint32_t flags)
{
    struct spawn_request request = {
        .name = "killpoints",
        .give = give,
        .flags = flags,
        .priority = LOW,
    };
    char args[96];
    int length = snprintf(args, sizeof(args), "killpoints%c%s%c%s", 0, role, 0,
                          argument);
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)length + 1;
    process = process_spawn(&request);
    if (process < 0) {
        printf("killpoints: no %s: %ld\n", role, process);
        exit(1);
    }
    return (handle_t)process;
}

/* What @process does now, as ps would say. Handles do not tell numbers, but the
 * newest of our children that is a pager is the one we mean. */
static uint32_t
state_of_newest_child(void)
{
    struct process_info rows[8];
    uint32_t self = (uint32_t)process_self();
    uint32_t state = 0;
    uint32_t newest = 0;
    uint64_t slot = 1;
    int64_t count;

    while ((count = sys_processes(slot, rows, sizeof(rows))) > 0) {
        for (int64_t i = 0; i < count; i++) {
            slot = rows[i].id % SYSTEM_PROCESS_SLOTS + 1;
            if (rows[i].parent == self && rows[i].id > newest) {
                newest = rows[i].id;
                state = rows[i].state;
            }
        }
    }
    return state;
}

static void
one_tick(void)
{
    (void)process_sleep_until(process_clock() + 1);
}

/* Answer the questions of pagers until none comes for a while. A pager that wants
 * to stay gets no answer. */
static void
answer_questions(const struct scene *scene, uint64_t wait_ns)
{
    struct ipc_message m = { .reply_id = 0 };

    while (ipc_receive(scene->ask, &m, process_clock() + wait_ns) == ST_OK) {
        handle_t give = m.label == LABEL_SERVED ? scene->served
                                                : scene->binding;

        if (m.label == LABEL_STAY) {
            return;
        }
        m.label = 0;
        (void)ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, &m, 0);
    }
}

/* Answer one question. */
static void
answer_one(const struct scene *scene, handle_t give)
{
    struct ipc_message m = { .reply_id = 0 };

    if (ipc_receive(scene->ask, &m, process_clock() + 1000 * MS) != ST_OK) {
        printf("killpoints: nobody asks\n");
        exit(1);
    }
    m.label = 0;
    (void)ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, &m, 0);
}

/* Bring @pager to its point, with the client's fault in its hands. */
static void
reach(const struct scene *scene, const struct point *point)
{
    struct ipc_message m = { .reply_id = 0 };

    if ((point->flags & AT_SPAWN) != 0) {
        return;
    }
    if (point->stop == stop_in_own_fault || point->stop == stop_in_populate) {
        answer_one(scene, scene->binding);
    }
    /* Low priorities get the processor while we sleep. */
    for (uint64_t i = 0; i < patience; i++) {
        one_tick();
    }
    if ((point->flags & RECEIVE_FIRST) != 0) {
        (void)ipc_receive(point->stop == stop_in_call ? scene->ask
                                                      : scene->lower,
                          &m, process_clock() + 1000 * MS);
    }
}

static uint64_t
free_frames(void)
{
    struct memory_info info;

    return sys_memory(&info) == ST_OK ? info.frames[FRAME_FREE] : 0;
}

/* Let what was laid aside be taken apart. */
static void
settle(void)
{
    for (int i = 0; i < 12; i++) {
        one_tick();
    }
}

static handle_t
start_client(const struct scene *scene, const struct point *point)
{
    char threads[8];

    (void)snprintf(threads, sizeof(threads), "%u", point->threads);
    return spawn_self("client", threads, scene->client_binding, 0);
}

/* A process that calls the pager like any server; it hears of the death. */
static handle_t
start_caller(const struct scene *scene)
{
    int64_t badged = endpoint_mint(scene->served, 77, RIGHT_CALL | RIGHT_GRANT);
    handle_t caller = spawn_self("caller", "", (handle_t)badged, 0);

    (void)handle_close((handle_t)badged);
    return caller;
}

static void
end_and_close(handle_t process)
{
    (void)process_kill(process);
    (void)process_wait(process, 0);
    (void)handle_close(process);
}

/* Kill a pager at @point; returns how its client ended, and its state. */
static int64_t
kill_there(const struct scene *scene, const struct point *point,
           uint32_t *state)
{
    uint32_t flags = (point->flags & SUSPENDED) != 0 ? (uint32_t)SPAWN_SUSPENDED
                                                     : 0;
    handle_t client_process = HANDLE_NONE;
    handle_t caller = HANDLE_NONE;
    handle_t victim;
    handle_t heir;
    int64_t end;

    if ((point->flags & (IDLE | AT_SPAWN)) == 0) {
        client_process = start_client(scene, point);
    }
    if ((point->flags & CALLER) != 0) {
        caller = start_caller(scene);
    }
    victim = spawn_self("pager", point->name, scene->ask, flags);
    if ((point->flags & AT_SPAWN) == 0) {
        answer_one(scene, scene->served);
    }
    reach(scene, point);
    *state = state_of_newest_child();
    end_and_close(victim);
    if (client_process == HANDLE_NONE) {
        client_process = start_client(scene, point);
    }
    heir = spawn_self("pager", "zero", scene->ask, 0);
    answer_questions(scene, 40 * MS);
    end = process_wait(client_process, 0);
    (void)handle_close(client_process);
    if (caller != HANDLE_NONE && process_wait(caller, 0) != 0) {
        end |= 1 << 16; /* it should have heard EPIPE */
    }
    if (caller != HANDLE_NONE) {
        (void)handle_close(caller);
    }
    end_and_close(heir);
    return end;
}

static int
visit(const struct point *point, uint64_t free_before)
{
    struct scene scene;
    uint32_t state = 0;
    int64_t end;

    scene.ask = (handle_t)endpoint_create(RANK_BELOW);
    scene.lower = (handle_t)endpoint_create(RANK_BELOW);
    scene.binding =
        (handle_t)binding_create(scene.lower, 1, PROT_READ | PROT_WRITE, 0);
    scene.served = (handle_t)endpoint_create(RANK_SERVER);
    scene.client_binding =
        (handle_t)binding_create(scene.served, 2, PROT_READ | PROT_WRITE, 0);
    end = kill_there(&scene, point, &state);
    (void)handle_close(scene.client_binding);
    (void)handle_close(scene.served);
    (void)handle_close(scene.binding);
    (void)handle_close(scene.lower);
    (void)handle_close(scene.ask);
    settle();
    if (free_before != 0) {
        printf("point %s: state=%u wanted=%u client=0x%lx leaked=%ld\n",
               point->name, state, point->state, (uint64_t)end,
               (int64_t)(free_before - free_frames()));
    }
    return 0;
}

static int
caller(void)
{
    struct ipc_message m = { .label = 42 };

    return ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) == ST_EPIPE ? 0 : 1;
}

int
main(int argc, char **argv)
{
    uint64_t free_before;

    if (argc > 1 && strcmp(argv[1], "client") == 0) {
        return client((unsigned)strtoul(argv[2], NULL, 10));
    }
    if (argc > 1 && strcmp(argv[1], "pager") == 0) {
        return pager(argv[2]);
    }
    if (argc > 1 && strcmp(argv[1], "caller") == 0) {
        return caller();
    }
    if (argc > 1 && strcmp(argv[1], "nothing") == 0) {
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
        (void)process_sleep_until(process_clock() + 60 * MS);
        return 0;
    }
    (void)visit(point_called("asleep"), 0); /* what we ourselves need */
    if (argc > 2) {
        patience = strtoul(argv[2], NULL, 10);
    }
    free_before = free_frames();
    for (unsigned i = 0; i < POINTS; i++) {
        if (argc == 1 || strcmp(argv[1], points[i].name) == 0) {
            (void)visit(&points[i], free_before);
        }
    }
    return 0;
}
