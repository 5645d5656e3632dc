/* SPDX-License-Identifier: MIT */
/*
 * Claim: a client that writes and checksums memory while its pager dies a
 * thousand times ends with the right sum.
 *
 *      phoenix boot DEATHS         the boot pager; whoever kills it, this program
 *                                  weaves until it has died so often
 *      phoenix kill DEATHS         the same, and kills it itself, again and again
 *      phoenix own DEATHS          a pager of its own, that answers ZERO, SHARE,
 *        |-- pager K STEP          COPY and MOVE: killed at fault K, at STEP
 *        `-- client
 *              `-- twin            has a copy-on-write view of the client
 *
 *      sum zero 0x... 0x... of 4096 pages      (got, want), a line for each kind
 *      deaths 1000
 *
 * What each kind of page does to the pager:
 *      zero    nothing to keep: the answer is always the same
 *      share   the content is in a memory object, which outlives the pager
 *      copy    the same, and a write asks again
 *      move    the page leaves the object: the pager writes it anew, then gives it
 *              away, and may die in between
 *      twin    the client's page, in a view of a child: both write, and each write
 *              asks for a copy
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
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT
                   | 1u << SYS_GROUP_POWER,
               0, 0);

#define WORDS       (PAGE_BYTES / sizeof(uint64_t))
#define MS          1000000ull
#define RANK_BELOW  50u
#define SLOT_SERVED 6u
#define SLOT_OBJECT 7u

/* Pages of a region: one that says when to stop, then so many of each kind. */
enum kind {
    KIND_ZERO,
    KIND_SHARE,
    KIND_COPY,
    KIND_MOVE,
    KIND_TWIN,
    KINDS
};
#define KIND_PAGES   8u
#define REGION_PAGES (1 + KINDS * KIND_PAGES)
#define STOP_PAGE    0u
#define TWIN_PAGE    (1 + KIND_TWIN * KIND_PAGES)

static const char *const kind_names[KINDS] = { "zero", "share", "copy", "move",
                                               "twin" };

enum label {
    LABEL_SERVED = 1,
    LABEL_OBJECT = 2,
    LABEL_HERE = 3
};

static enum kind
kind_of_page(uint64_t page)
{
    return (enum kind)((page - 1) / KIND_PAGES);
}

/* The boot pager knows two kinds. */
static enum kind
kind_to_weave(uint64_t page, bool only_zero)
{
    enum kind kind = kind_of_page(page);

    return only_zero && kind != KIND_TWIN ? KIND_ZERO : kind;
}

/* What the pager puts there. */
static uint64_t
pattern(uint64_t page, uint64_t word)
{
    return (page << 32 | word) * 0x9E3779B97F4A7C15u;
}

/* What is there before anybody has written. */
static uint64_t
first_content(enum kind kind, uint64_t page, uint64_t word)
{
    return kind == KIND_ZERO || kind == KIND_TWIN ? 0 : pattern(page, word);
}

/* What the client writes there in its @round. */
static uint64_t
written(uint64_t round, uint64_t page, uint64_t word)
{
    return (round << 40 | page << 20 | word) * 0xD6E8FEB86659FD93u;
}

/* ---- client ------------------------------------------------------------ */

struct sums {
    uint64_t got[KINDS];
    uint64_t want[KINDS];
    uint64_t pages[KINDS];
};

/* Words looked at in a page: first, last, some between. */
static uint64_t
next_word(uint64_t word)
{
    return word == WORDS - 1 ? WORDS
                             : (word + 101 < WORDS ? word + 101 : WORDS - 1);
}

/* Read @page as it first is, write to it where the kind allows, read again. */
static void
weave_page(volatile uint64_t *at, uint64_t round, uint64_t page, enum kind kind,
           struct sums *sums)
{
    for (uint64_t word = 0; word < WORDS; word = next_word(word)) {
        sums->got[kind] += at[word];
        sums->want[kind] += first_content(kind, page, word);
    }
    sums->pages[kind]++;
    if (kind == KIND_SHARE) {
        return;
    }
    for (uint64_t word = 0; word < WORDS - 1; word = next_word(word)) {
        at[word] = written(round, page, word);
    }
    for (uint64_t word = 0; word < WORDS; word = next_word(word)) {
        sums->got[kind] += at[word];
        if (word < WORDS - 1) {
            sums->want[kind] += written(round, page, word);
        } else {
            sums->want[kind] += first_content(kind, page, word);
        }
    }
}

/* Start this program again, with a view of @view_pages pages from @view_base. */
static handle_t
spawn_self(const char *args, int bytes, handle_t give, uint64_t view_base,
           uint64_t view_pages)
{
    struct spawn_request request = {
        .name = "phoenix",
        .give = give,
        .args = syscall_address(args),
        .args_bytes = (uint32_t)bytes + 1,
        .view_base = view_base,
        .view_pages = view_pages,
    };
    int64_t process = process_spawn(&request);

    if (process < 0) {
        printf("phoenix: no child: %ld\n", process);
        exit(1);
    }
    return (handle_t)process;
}

/* What twin @who (0: the parent) makes of the parent's page in @round. */
static uint64_t
twin_written(uint64_t round, uint64_t who, uint64_t page, uint64_t word)
{
    return written(round, page, word) + (who + 1) * 0x100000001u;
}

/* One of the twins: all is as the parent left it; write to every second page,
 * the other twin writes to those and one more; look again. Returns words that are
 * wrong. */
static uint64_t
twin_weave(volatile uint64_t *at, uint64_t round, uint64_t who)
{
    uint64_t wrong = 0;

    for (uint64_t i = 0; i < KIND_PAGES; i++) {
        volatile uint64_t *page = at + i * WORDS;
        bool mine = i % 2 == who || i % 3 == 0;

        for (uint64_t word = 0; word < WORDS - 1; word = next_word(word)) {
            wrong += page[word] != written(round, TWIN_PAGE + i, word);
            if (mine) {
                page[word] = twin_written(round, who, i, word);
            }
        }
        for (uint64_t word = 0; word < WORDS - 1; word = next_word(word)) {
            wrong += page[word]
                     != (mine ? twin_written(round, who, i, word)
                              : written(round, TWIN_PAGE + i, word));
        }
    }
    return wrong;
}

/* Pages that the client has woven in this @round, shared with a child. */
static void
weave_twin(volatile uint64_t *at, uint64_t round, struct sums *sums)
{
    volatile uint64_t *pages = at + TWIN_PAGE * WORDS;
    char args[64];
    int bytes = snprintf(args, sizeof(args), "phoenix%ctwin%c%lu%c%lu", 0, 0,
                         (uint64_t)(uintptr_t)pages, 0, round);
    handle_t twin = spawn_self(args, bytes, HANDLE_NONE,
                               (uint64_t)(uintptr_t)pages, KIND_PAGES);

    sums->got[KIND_TWIN] += twin_weave(pages, round, 0);
    sums->got[KIND_TWIN] += (uint64_t)process_wait(twin, 0);
    (void)handle_close(twin);
}

static volatile uint64_t *
weave_region(handle_t binding)
{
    struct region_request request = {
        .binding = binding,
        .pages = REGION_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (base < 0) {
        printf("phoenix: no region: %ld\n", base);
        exit(1);
    }
    return (volatile uint64_t *)(uintptr_t)base;
}

/* A round: a fresh region, every page of it, in an order that changes. */
static void
weave_round(handle_t binding, uint64_t round, bool only_zero, struct sums *sums)
{
    volatile uint64_t *at = weave_region(binding);

    for (uint64_t i = 0; i < REGION_PAGES - 1; i++) {
        uint64_t page = 1 + (i * 7 + round) % (REGION_PAGES - 1);

        weave_page(at + page * WORDS, round, page,
                   kind_to_weave(page, only_zero), sums);
    }
    weave_twin(at, round, sums);
    (void)region_destroy((uint64_t)(uintptr_t)at, REGION_PAGES);
}

/* What was written before all the deaths is there after them. */
static void
weave_lasting(volatile uint64_t *at, bool only_zero, bool write,
              struct sums *sums)
{
    for (uint64_t page = 1; page < REGION_PAGES; page++) {
        enum kind kind = kind_to_weave(page, only_zero);

        if (kind == KIND_SHARE) {
            continue;
        }
        if (write) {
            at[page * WORDS + 7] = written(0, page, 7);
        } else {
            sums->got[kind] += at[page * WORDS + 7];
            sums->want[kind] += written(0, page, 7);
        }
    }
}

static int
print_sums(const struct sums *sums)
{
    int failures = 0;

    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (sums->pages[kind] != 0) {
            printf("sum %s 0x%lx 0x%lx of %lu pages\n", kind_names[kind],
                   sums->got[kind], sums->want[kind], sums->pages[kind]);
            failures += sums->got[kind] != sums->want[kind];
        }
    }
    return failures;
}

/* The client of our own pager, until page 0 says stop. */
static int
client(void)
{
    static struct sums sums;
    volatile uint64_t *lasting = weave_region(HANDLE_SLOT_GIVEN);
    uint64_t round = 0;

    weave_lasting(lasting, false, true, &sums);
    while (lasting[STOP_PAGE * WORDS] == 0) {
        weave_round(HANDLE_SLOT_GIVEN, ++round, false, &sums);
    }
    weave_lasting(lasting, false, false, &sums);
    return print_sums(&sums);
}

/* ---- the boot pager ---------------------------------------------------- */

static uint64_t
boot_pager_deaths(void)
{
    struct pager_info info;

    return sys_pager(PAGER_STATUS, &info) == ST_OK ? info.restarts : 0;
}

static int
weave_boot(uint64_t deaths, bool kill)
{
    static struct sums sums;
    volatile uint64_t *lasting = weave_region(HANDLE_NONE);
    uint64_t goal = boot_pager_deaths() + deaths;
    uint64_t round = 0;

    weave_lasting(lasting, true, true, &sums);
    printf("weaving\n");
    while (boot_pager_deaths() < goal) {
        if (kill) {
            (void)sys_pager(PAGER_KILL, NULL);
        }
        weave_round(HANDLE_NONE, ++round, true, &sums);
    }
    weave_lasting(lasting, true, false, &sums);
    printf("deaths %lu\n", deaths);
    return print_sums(&sums);
}

/* ---- our own pager ----------------------------------------------------- */

/* Where in its work the pager says that it may be killed now. */
enum step {
    STEP_FAULT,  /* it has the fault                                  */
    STEP_FILLED, /* the page is written, not given                    */
    STEP_GIVEN,  /* answered, not receiving                           */
    STEP_FIRST,  /* before it ever receives                           */
    STEP_NONE,   /* it says nothing: the tick decides                 */
    STEPS,
};

struct pager {
    uint64_t *content;
    uint64_t faults;
    uint64_t stop_at;
    enum step step;
};

static void
ask(enum label label, uint32_t slot)
{
    struct ipc_message m = { .label = label, .slot = IPC_SLOT_OPEN | slot };

    if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK) {
        exit(8);
    }
}

static void
here(const struct pager *pager, enum step step)
{
    if (pager->step == step && pager->faults >= pager->stop_at) {
        ask(LABEL_HERE, 0);
    }
}

static void
decide(struct pager *pager, struct ipc_message *m)
{
    struct pager_fault fault = pager_fault_of(m);
    uint64_t *content = pager->content + fault.page * WORDS;

    m->words[0] = 1;
    m->words[1] = SLOT_OBJECT;
    m->words[2] = fault.page;
    if ((fault.access & FAULT_PROTECTION) != 0) {
        m->label = VERDICT_COPY;
    } else if (fault.page == STOP_PAGE || kind_of_page(fault.page) == KIND_SHARE
               || kind_of_page(fault.page) == KIND_COPY) {
        m->label = VERDICT_SHARE;
    } else if (kind_of_page(fault.page) == KIND_ZERO
               || kind_of_page(fault.page) == KIND_TWIN) {
        m->label = VERDICT_ZERO;
    } else {
        for (uint64_t word = 0; word < WORDS; word++) {
            content[word] = pattern(fault.page, word);
        }
        m->label = VERDICT_MOVE;
    }
}

static NORETURN void
serve(struct pager *pager)
{
    for (;;) {
        struct ipc_message m = { .reply_id = 0 };

        if (ipc_receive(SLOT_SERVED, &m, 0) != ST_OK || !pager_is_fault(&m)) {
            continue;
        }
        pager->faults++;
        here(pager, STEP_FAULT);
        decide(pager, &m);
        here(pager, STEP_FILLED);
        if (ipc_reply(&m) != ST_OK) {
            printf("phoenix: an answer was refused\n");
            exit(7);
        }
        here(pager, STEP_GIVEN);
    }
}

static uint64_t *
show_object(handle_t object)
{
    struct region_request request = {
        .binding = object,
        .pages = REGION_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    return (uint64_t *)(uintptr_t)region_create(&request);
}

static int
pager_main(const char *stop_at, const char *step)
{
    struct pager pager = {
        .stop_at = strtoul(stop_at, NULL, 10),
        .step = (enum step)strtoul(step, NULL, 10),
    };

    ask(LABEL_SERVED, SLOT_SERVED);
    ask(LABEL_OBJECT, SLOT_OBJECT);
    pager.content = show_object(SLOT_OBJECT);
    if (pager.step == STEP_FIRST) {
        ask(LABEL_HERE, 0);
    }
    serve(&pager);
}

/* ---- the supervisor of our own pager ----------------------------------- */

struct stage {
    handle_t ask;
    handle_t served;
    handle_t object;
    uint64_t *content;
};

static handle_t
spawn_pager(const struct stage *stage, uint64_t stop_at, enum step step)
{
    char args[64];
    int bytes = snprintf(args, sizeof(args), "phoenix%cpager%c%lu%c%u", 0, 0,
                         stop_at, 0, (unsigned)step);

    return spawn_self(args, bytes, stage->ask, 0, 0);
}

/* Answer the pager's questions until it says that it is there, or @deadline has
 * passed. */
static void
attend(const struct stage *stage, uint64_t deadline)
{
    struct ipc_message m = { .reply_id = 0 };

    while (ipc_receive(stage->ask, &m, deadline) == ST_OK
           && m.label != LABEL_HERE) {
        handle_t give = m.label == LABEL_SERVED ? stage->served : stage->object;

        m.label = 0;
        (void)ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, &m, 0);
    }
}

static void
make_stage(struct stage *stage)
{
    stage->ask = (handle_t)endpoint_create(RANK_BELOW);
    stage->served = (handle_t)endpoint_create(RANK_SERVER);
    stage->object =
        (handle_t)syscall1(SYS_memory_create, (uint64_t)REGION_PAGES);
    stage->content = show_object(stage->object);
    for (uint64_t page = 1; page < REGION_PAGES; page++) {
        enum kind kind = kind_of_page(page);

        for (uint64_t word = 0;
             word < WORDS && (kind == KIND_SHARE || kind == KIND_COPY);
             word++) {
            stage->content[page * WORDS + word] = pattern(page, word);
        }
    }
    stage->content[STOP_PAGE * WORDS] = 0;
}

static int
own(uint64_t deaths)
{
    static const char client_args[] = "phoenix\0client";
    struct stage stage;
    handle_t binding;
    handle_t weaver;
    handle_t pager;
    int64_t end;

    make_stage(&stage);
    binding = (handle_t)binding_create(stage.served, 1, PROT_READ | PROT_WRITE,
                                       REGION_PAGES);
    weaver = spawn_self(client_args, sizeof(client_args) - 1, binding, 0, 0);
    for (uint64_t death = 0; death < deaths; death++) {
        enum step step = (enum step)(death % STEPS);
        uint64_t wait = step == STEP_NONE ? 5 * MS : 1000 * MS;

        pager = spawn_pager(&stage, death / STEPS % 40 + 1, step);
        attend(&stage, process_clock() + wait);
        (void)process_kill(pager);
        (void)process_wait(pager, 0);
        (void)handle_close(pager);
    }
    stage.content[STOP_PAGE * WORDS] = 1;
    pager = spawn_pager(&stage, 0, STEP_NONE);
    attend(&stage, process_clock() + 50 * MS);
    end = process_wait(weaver, 0);
    (void)process_kill(pager);
    (void)process_wait(pager, 0);
    printf("deaths %lu\n", deaths);
    return (int)end;
}

int
main(int argc, char **argv)
{
    uint64_t number = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

    if (argc > 3 && strcmp(argv[1], "pager") == 0) {
        return pager_main(argv[2], argv[3]);
    }
    if (argc > 1 && strcmp(argv[1], "client") == 0) {
        return client();
    }
    if (argc > 3 && strcmp(argv[1], "twin") == 0) {
        return twin_weave((volatile uint64_t *)number,
                          strtoul(argv[3], NULL, 10), 1)
                       == 0
                   ? 0
                   : 1;
    }
    if (argc > 1 && strcmp(argv[1], "own") == 0) {
        return own(number);
    }
    return weave_boot(number, argc > 1 && strcmp(argv[1], "kill") == 0);
}
