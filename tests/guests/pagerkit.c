/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever a pager answers, its client sees the right bytes or a named
 * error, and nothing else. `pagerkit MODE` is a pager; it spawns itself as
 * `pagerkit client MODE`, which touches a region bound to it.
 *
 *   zero run16          demand-zero, one page or sixteen at a time
 *   share move          pages of a memory object, shown or given away; a write to
 *                       a shared page asks again and gets a private copy
 *   defer               answers every fault one event late
 *   fail                answers FAIL: the client ends, by that name
 *   twice stale         answers again, or with an id that is long gone: refused,
 *                       and never a strike
 *   badverdict badrun badobject     impossible answers: three, and it is dead
 *   die                 ends at its fourth fault: a second one takes over
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

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define PAGES  64u
#define WORDS  (PAGE_BYTES / sizeof(uint64_t))
#define MS     1000000ull
#define DIE_AT 4u

/* What page @page of the object holds. */
static uint64_t
pattern(uint64_t page, uint64_t word)
{
    return page * 1000003u + word * 17u + 1u;
}

/* ---- client ------------------------------------------------------------ */

static int
client(const char *mode)
{
    bool from_object = strcmp(mode, "share") == 0 || strcmp(mode, "move") == 0;
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);
    volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)base;

    if (base < 0) {
        printf("client: no region: %ld\n", base);
        return 1;
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        for (uint64_t word = 0; word < WORDS; word += 100) {
            uint64_t want = from_object ? pattern(page, word) : 0;
            uint64_t got = at[page * WORDS + word];

            if (got != want) {
                printf("client: page %lu word %lu holds %lu, not %lu\n", page,
                       word, got, want);
                return 2;
            }
        }
        at[page * WORDS] = page + 7;
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        if (at[page * WORDS] != page + 7
            || (from_object && at[page * WORDS + 100] != pattern(page, 100))) {
            printf("client: page %lu lost a write\n", page);
            return 3;
        }
    }
    printf("client: all right\n");
    return 0;
}

/* ---- pager ------------------------------------------------------------- */

struct pager {
    const char *mode;
    handle_t endpoint;
    handle_t object;
    uint64_t *content; /* the object, in the pager's own space */
    uint64_t deferred; /* reply id that waits for its answer   */
    uint64_t stale;
    uint64_t faults;
    uint64_t refused;
};

static int64_t
memory_create(uint64_t pages)
{
    return syscall1(SYS_memory_create, pages);
}

static void
fill_object(struct pager *pager)
{
    struct region_request request = {
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base;

    pager->object = (handle_t)memory_create(PAGES);
    request.binding = pager->object;
    base = region_create(&request);
    pager->content = (uint64_t *)(uintptr_t)base;
    if (base < 0
        || region_populate((uint64_t)base, PAGES, PROT_WRITE) != PAGES) {
        printf("pager: cannot see its object: %ld\n", base);
        exit(1);
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        for (uint64_t word = 0; word < WORDS; word++) {
            pager->content[page * WORDS + word] = pattern(page, word);
        }
    }
}

static bool
is(const struct pager *pager, const char *mode)
{
    return strcmp(pager->mode, mode) == 0;
}

/* Turn the fault in @m into the answer of the mode; false: none now. */
static bool
decide(struct pager *pager, struct ipc_message *m)
{
    struct pager_fault fault = pager_fault_of(m);

    pager->faults++;
    m->label = VERDICT_ZERO;
    m->words[0] = 1;
    if (is(pager, "run16")) {
        m->words[0] = fault.run < 16 ? fault.run : 16;
    } else if ((fault.access & FAULT_PROTECTION) != 0) {
        m->label = VERDICT_COPY;
    } else if (is(pager, "share") || is(pager, "move")) {
        m->label = is(pager, "share") ? VERDICT_SHARE : VERDICT_MOVE;
        m->words[1] = pager->object;
        m->words[2] = fault.page;
    } else if (is(pager, "fail")) {
        m->label = VERDICT_FAIL;
        m->words[1] = 5;
    } else if (is(pager, "badverdict")) {
        m->label = 77;
    } else if (is(pager, "badrun")) {
        m->words[0] = fault.run + 1;
    } else if (is(pager, "badobject")) {
        m->label = VERDICT_SHARE;
        m->words[1] = pager->endpoint;
    } else if (is(pager, "die") && pager->faults == DIE_AT) {
        exit(9);
    } else if (is(pager, "defer") && pager->deferred == 0) {
        pager->deferred = m->reply_id;
        return false;
    }
    return true;
}

static void
answer_more(struct pager *pager, struct ipc_message *m)
{
    struct ipc_message again = *m;

    if (is(pager, "twice")) {
        pager->stale = m->reply_id;
        (void)ipc_reply(&again);
        again = *m;
        pager->refused += ipc_reply(&again) == ST_EGONE;
        m->reply_id = 0;
    } else if (is(pager, "stale") && pager->stale != 0) {
        again.reply_id = pager->stale;
        pager->refused += ipc_reply(&again) == ST_EGONE;
    }
    if (m->reply_id != 0) {
        pager->stale = m->reply_id;
    }
}

/* Answer what was put off. */
static void
answer_deferred(struct pager *pager)
{
    struct ipc_message m = { .reply_id = pager->deferred,
                             .label = VERDICT_ZERO,
                             .words = { 1 } };

    pager->deferred = 0;
    if (ipc_reply(&m) != ST_OK) {
        printf("pager: a deferred answer was refused\n");
    }
}

/* Serve until @child has ended. */
static void
serve(struct pager *pager, handle_t child)
{
    struct ipc_message m = { .reply_id = 0 };
    struct exit_report report = { .ended = 0 };

    while (report.ended == 0) {
        struct ipc_message sent = m;
        uint64_t deadline = process_clock() + 20 * MS;
        int64_t status = m.reply_id == 0
                             ? ipc_receive(pager->endpoint, &m, deadline)
                             : ipc_reply_receive(pager->endpoint, &m, deadline);

        if (status == ST_ETIMEDOUT) {
            m.reply_id = 0;
            if (pager->deferred != 0) {
                answer_deferred(pager);
            }
            (void)process_report(child, &report);
            continue;
        }
        if (status != ST_OK) {
            pager->refused++;
            m = sent; /* it insists */
            continue;
        }
        if (!pager_is_fault(&m)) {
            printf("pager: not a fault: label 0x%lx\n", m.label);
            m.reply_id = 0;
            continue;
        }
        if (!decide(pager, &m)) {
            m.reply_id = 0;
            continue;
        }
        answer_more(pager, &m);
    }
    printf("pager: %lu faults, %lu answers refused; client ", pager->faults,
           pager->refused);
    if ((report.wait & EXIT_BY_FAULT) != 0) {
        printf("ended by reason %u\n", report.reason);
    } else {
        printf("exit %u\n", EXIT_CODE(report.wait));
    }
}

static int64_t
spawn_self(const char *args, uint32_t args_bytes, handle_t give, uint32_t flags)
{
    struct spawn_request request = {
        .name = "pagerkit",
        .args = (uint64_t)(uintptr_t)args,
        .args_bytes = args_bytes,
        .flags = flags,
        .give = give,
    };

    return process_spawn(&request);
}

/* "die": the spawner owns the endpoint; two pagers serve it one after the other. */
static int
supervise(struct pager *pager, handle_t binding)
{
    static const char serve_args[] = "pagerkit\0serve\0die";
    static const char again_args[] = "pagerkit\0serve\0zero";
    static const char client_args[] = "pagerkit\0client\0die";
    int64_t first =
        spawn_self(serve_args, sizeof(serve_args), pager->endpoint, 0);
    int64_t child = spawn_self(client_args, sizeof(client_args), binding, 0);
    int64_t second;
    int64_t end;

    printf("supervisor: first pager ended with %ld\n",
           process_wait((handle_t)first, 0));
    second = spawn_self(again_args, sizeof(again_args), pager->endpoint, 0);
    end = process_wait((handle_t)child, 0);
    (void)process_kill((uint64_t)second);
    (void)process_wait((handle_t)second, 0);
    printf("supervisor: client ended with %ld\n", end);
    return (int)end;
}

int
main(int argc, char **argv)
{
    static char args[64] = "pagerkit\0client\0";
    struct pager pager = { .mode = argc > 1 ? argv[1] : "zero" };
    int64_t binding;
    int64_t child;
    size_t length;

    if (argc > 2 && strcmp(argv[1], "client") == 0) {
        return client(argv[2]);
    }
    if (argc > 2 && strcmp(argv[1], "serve") == 0) {
        pager.mode = argv[2];
        pager.endpoint = HANDLE_SLOT_GIVEN;
        serve(&pager, HANDLE_SLOT_SELF);
        return 0;
    }
    pager.endpoint = (handle_t)endpoint_create(0);
    binding = binding_create(pager.endpoint, 5, PROT_READ | PROT_WRITE, PAGES);
    if (binding < 0) {
        printf("pager: no binding: %ld\n", binding);
        return 1;
    }
    if (strcmp(pager.mode, "die") == 0) {
        return supervise(&pager, (handle_t)binding);
    }
    if (strcmp(pager.mode, "share") == 0 || strcmp(pager.mode, "move") == 0) {
        fill_object(&pager);
    }
    length = strlcpy(args + 16, pager.mode, sizeof(args) - 16);
    child = spawn_self(args, (uint32_t)(16 + length + 1), (handle_t)binding, 0);
    if (child < 0) {
        printf("pager: no client: %ld\n", child);
        return 1;
    }
    serve(&pager, (handle_t)child);
    return 0;
}
