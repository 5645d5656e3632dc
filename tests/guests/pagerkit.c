/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever a pager answers, its client sees the right bytes or a named
 * error, and nothing else.
 *
 *      pagerkit MODE [HEIR]     the supervisor: owns the endpoint
 *        |-- serve MODE         a pager that behaves so
 *        |-- client KIND        touches a region bound to the endpoint
 *        `-- serve HEIR         starts when the first pager has ended
 *
 * and at the end, one line each:
 *
 *      pager: wait=0x200 reason=8
 *      heir: faults=64 refused=0 strikes=0      (asked while it lives)
 *      client: wait=0x0 reason=0 error=0
 *
 * `refused` counts answers that were too late (ST_EGONE), `strikes` answers that
 * could never be right (ST_EINVAL), `other` the rest. What the client sees
 * wrongly it prints, and its status is not 0.
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

#define PAGES      64u
#define WORDS      (PAGE_BYTES / sizeof(uint64_t))
#define MS         1000000ull
#define LABEL_STOP 1u
#define BADGE      5u
#define FAIL_ERROR 5u
/* More than any object here has. */
#define NO_PAGE 1000000u

/* What page @page of the object holds. */
static uint64_t
pattern(uint64_t page, uint64_t word)
{
    return page * 1000003u + word * 17u + 1u;
}

/* ---- client ------------------------------------------------------------ */

enum client_kind {
    CLIENT_ZERO,   /* expects zeroes, writes                        */
    CLIENT_OBJECT, /* expects the pattern, writes                   */
    CLIENT_READ,   /* expects the pattern in a read-only region     */
    CLIENT_EXEC,   /* only asks for pages of an executable region   */
    CLIENT_ASK,    /* asks with region_populate; errors are answers */
};

static const char *const client_kinds[] = { "zero", "object", "read", "exec",
                                            "ask" };

static int
client_check(const volatile uint64_t *at, uint64_t page, bool from_object)
{
    for (uint64_t word = 0; word < WORDS; word += 73) {
        uint64_t want = from_object ? pattern(page, word) : 0;
        uint64_t got = at[page * WORDS + word];

        if (got != want) {
            printf("client: page %lu word %lu holds 0x%lx, not 0x%lx\n", page,
                   word, got, want);
            return 2;
        }
    }
    return 0;
}

/* Write to every page and see that each write stays. */
static int
client_write(volatile uint64_t *at, bool from_object)
{
    for (uint64_t page = 0; page < PAGES; page++) {
        int status = client_check(at, page, from_object);

        if (status != 0) {
            return status;
        }
        at[page * WORDS] = page + 7;
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        uint64_t behind = from_object ? pattern(page, 73) : 0;

        if (at[page * WORDS] != page + 7 || at[page * WORDS + 73] != behind) {
            printf("client: page %lu lost a write\n", page);
            return 3;
        }
    }
    return 0;
}

static int
client(enum client_kind kind)
{
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = PAGES,
        .prot = PROT_READ,
        .kind = REGION_ANONYMOUS,
    };
    volatile uint64_t *at;
    int64_t base;
    int status = 0;

    if (kind == CLIENT_EXEC) {
        request.prot |= PROT_EXEC;
    } else if (kind != CLIENT_READ) {
        request.prot |= PROT_WRITE;
    }
    base = region_create(&request);
    if (base < 0) {
        printf("client: no region: %ld\n", base);
        return 1;
    }
    at = (volatile uint64_t *)(uintptr_t)base;
    if (kind == CLIENT_EXEC || kind == CLIENT_ASK) {
        int64_t got = region_populate((uint64_t)base, 1, PROT_READ);

        printf("client: populate said %ld\n", got);
        return got == 1 ? client_check(at, 0, false) : 0;
    }
    if (kind != CLIENT_READ) {
        return client_write(at, kind == CLIENT_OBJECT);
    }
    for (uint64_t page = 0; page < PAGES && status == 0; page++) {
        status = client_check(at, page, true);
    }
    return status;
}

/* ---- pager ------------------------------------------------------------- */

struct pager {
    handle_t endpoint;
    handle_t object;
    uint64_t *content; /* the object, in the pager's own space */
    uint64_t deferred; /* reply id that waits for its answer   */
    uint64_t stale;
    uint64_t faults;
    uint64_t refused;
    uint64_t strikes;
    uint64_t other;
    unsigned number; /* of the lie; how many faults to hold  */
};

/* What a mode makes of a fault: the message is the answer, or nothing is to be
 * said now. */
enum move {
    MOVE_ANSWER,
    MOVE_SILENT
};

struct mode {
    const char *name;
    enum client_kind client;
    void (*prepare)(struct pager *pager);
    enum move (*decide)(struct pager *pager, struct ipc_message *m,
                        const struct pager_fault *fault);
};

static int64_t
memory_create(uint64_t pages)
{
    return syscall1(SYS_memory_create, pages);
}

/* Show @object here; returns the address. */
static uint64_t *
show_object(handle_t object, uint64_t pages)
{
    struct region_request request = {
        .binding = object,
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (base < 0) {
        printf("pager: cannot see its object: %ld\n", base);
        exit(1);
    }
    return (uint64_t *)(uintptr_t)base;
}

static void
prepare_object(struct pager *pager)
{
    pager->object = (handle_t)memory_create(PAGES);
    pager->content = show_object(pager->object, PAGES);
    for (uint64_t page = 0; page < PAGES; page++) {
        for (uint64_t word = 0; word < WORDS; word++) {
            pager->content[page * WORDS + word] = pattern(page, word);
        }
    }
}

/* Count how an answer was taken. */
static void
count_status(struct pager *pager, int64_t status)
{
    pager->refused += status == ST_EGONE;
    pager->strikes += status == ST_EINVAL;
    pager->other += status != ST_OK && status != ST_EGONE
                    && status != ST_EINVAL;
}

static int64_t
answer(struct pager *pager, const struct ipc_message *m)
{
    struct ipc_message copy = *m;
    int64_t status = ipc_reply(&copy);

    count_status(pager, status);
    return status;
}

/* ---- honest modes ------------------------------------------------------ */

static enum move
decide_zero(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)fault;
    pager_answer_zero(m, 1);
    return MOVE_ANSWER;
}

static enum move
decide_run(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    pager_answer_zero(m,
                      fault->run < pager->number ? fault->run : pager->number);
    return MOVE_ANSWER;
}

static enum move
decide_object(struct ipc_message *m, const struct pager_fault *fault,
              enum verdict verdict, handle_t object)
{
    m->label = (fault->access & FAULT_PROTECTION) != 0 ? VERDICT_COPY : verdict;
    m->words[0] = 1;
    m->words[1] = object;
    m->words[2] = fault->page;
    return MOVE_ANSWER;
}

static enum move
decide_share(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    return decide_object(m, fault, VERDICT_SHARE, pager->object);
}

static enum move
decide_move(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    return decide_object(m, fault, VERDICT_MOVE, pager->object);
}

static enum move
decide_fail(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)fault;
    pager_answer_fail(m, FAIL_ERROR);
    return MOVE_ANSWER;
}

/* Every fault is answered one event later. */
static enum move
decide_defer(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    if (pager->deferred == 0) {
        pager->deferred = m->reply_id;
        return MOVE_SILENT;
    }
    return decide_zero(pager, m, fault);
}

/* ---- silence (H73, H82) ------------------------------------------------ */

/* Sleep in pieces of @ns for ever. */
static NORETURN void
sleep_on(uint64_t ns)
{
    for (;;) {
        (void)process_sleep_until(process_clock() + ns);
    }
}

static enum move
decide_mute(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    sleep_on(1000 * MS);
}

static NORETURN void
spin(void *nothing)
{
    (void)nothing;
    for (;;) {
        __asm__ volatile("");
    }
}

static enum move
decide_spin(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    spin(NULL);
}

/* One of two spinning threads is always ready, and never kept waiting by anybody
 * else. */
static enum move
decide_spin2(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    static uint64_t stack[512];

    (void)pager;
    (void)m;
    (void)fault;
    stack[0] = 1;
    (void)thread_create(spin, NULL, &stack[512], 0);
    spin(NULL);
}

/* Asleep between the ticks, ready whenever the tick looks. */
static enum move
decide_nap(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    sleep_on(1);
}

/* Says DEFER, goes on receiving, and never comes back to it. */
static enum move
decide_deferall(struct pager *pager, struct ipc_message *m,
                const struct pager_fault *fault)
{
    (void)pager;
    (void)fault;
    m->label = VERDICT_DEFER;
    return MOVE_ANSWER;
}

/* Attaches, and never receives again. */
static void
attach(struct pager *pager)
{
    struct ipc_message m = { .label = 0 };

    (void)ipc_receive(pager->endpoint, &m, 1); /* a deadline long passed */
}

static void
prepare_absent(struct pager *pager)
{
    attach(pager);
    sleep_on(1000 * MS);
}

/* Never even attaches. */
static void
prepare_nobody(struct pager *pager)
{
    (void)pager;
    sleep_on(1000 * MS);
}

/* ---- its own pages (H81) ----------------------------------------------- */

/* A region of its own space that it pages itself, made while it served nobody. */
static void
prepare_self(struct pager *pager)
{
    int64_t binding =
        binding_create(pager->endpoint, 9, PROT_READ | PROT_WRITE, PAGES);
    struct region_request request = {
        .binding = (handle_t)binding,
        .pages = 1,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (binding < 0 || base < 0) {
        printf("pager: no region of its own: %ld %ld\n", binding, base);
        exit(1);
    }
    pager->content = (uint64_t *)(uintptr_t)base;
}

/* It touches that region while it owes nothing: nobody answers, least of all
 * itself. */
static void
prepare_self_idle(struct pager *pager)
{
    prepare_self(pager);
    attach(pager);
    *pager->content = 1;
}

static enum move
decide_self(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    *pager->content = 1;
    return decide_zero(pager, m, fault);
}

/* It faults in memory of its own while it owes a page: code, stack and data that
 * another pager fills. That is allowed and works. */
static enum move
decide_deep(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    static uint8_t fresh[PAGES][PAGE_BYTES];
    volatile uint8_t *heap = fresh[fault->page % PAGES];
    volatile uint8_t *stack = __builtin_frame_address(0);

    heap[0] = 1;
    stack[-(int64_t)((fault->page + 2) * PAGE_BYTES)] = 1;
    return decide_zero(pager, m, fault);
}

/* ---- late and foreign answers (H74, H76) ------------------------------- */

static enum move
decide_twice(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    (void)decide_zero(pager, m, fault);
    (void)answer(pager, m);
    (void)answer(pager, m);
    return MOVE_SILENT;
}

static enum move
decide_stale(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    struct ipc_message old;

    (void)decide_zero(pager, m, fault);
    old = *m;
    old.reply_id = pager->stale;
    (void)answer(pager, &old);
    pager->stale = m->reply_id;
    return MOVE_ANSWER;
}

/* Ids that name nothing, or nothing of ours: next to the right one in slot and
 * generation, and far away. */
static enum move
decide_wrongid(struct pager *pager, struct ipc_message *m,
               const struct pager_fault *fault)
{
    static const uint64_t far[] = { 0, 1, UINT32_MAX, UINT64_MAX, 1ull << 63 };
    uint64_t right = m->reply_id;

    (void)decide_zero(pager, m, fault);
    for (uint64_t near = 1; near <= 16; near++) {
        m->reply_id = right + near;
        (void)answer(pager, m);
        m->reply_id = right + (near << 32);
        (void)answer(pager, m);
    }
    for (unsigned i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        m->reply_id = far[i];
        (void)answer(pager, m);
    }
    m->reply_id = right;
    return MOVE_ANSWER;
}

/* ---- impossible answers (H75, H77) ------------------------------------- */

/* Answer number pager->number, again and again: three of them, and it is dead. */
static void
prepare_lie(struct pager *pager)
{
    prepare_object(pager);
}

static const uint64_t lie_verdicts[] = { 0, 7, 77, UINT64_MAX, EVENT_FAULT };
#define LIE_VERDICTS (sizeof(lie_verdicts) / sizeof(lie_verdicts[0]))

static void
lie_about_run(struct ipc_message *m, unsigned number,
              const struct pager_fault *fault)
{
    static const uint64_t runs[] = { 0, 1ull << 63, UINT64_MAX };

    m->label = VERDICT_ZERO;
    m->words[0] = number == 3 ? fault->run + 1 : runs[number];
}

/* SHARE and MOVE of what is no memory object, or may not be given. */
static void
lie_about_object(struct pager *pager, struct ipc_message *m, unsigned number,
                 const struct pager_fault *fault)
{
    handle_t weak = (handle_t)handle_copy(pager->object, RIGHT_READ);
    handle_t blind = (handle_t)handle_copy(pager->object, RIGHT_WRITE);
    handle_t closed = (handle_t)handle_copy(pager->object, RIGHT_ALL);
    const handle_t objects[] = {
        HANDLE_NONE,
        HANDLE_SLOT_SELF,
        HANDLE_SLOT_PAGER,
        HANDLE_SLOT_CONSOLE,
        pager->endpoint,
        closed,
        pager->object + (1u << HANDLE_SLOT_BITS),
        4095u,
        blind,
    };
    unsigned count = sizeof(objects) / sizeof(objects[0]);

    (void)handle_close(closed);
    (void)decide_object(m, fault, VERDICT_SHARE, pager->object);
    if (number < count) {
        m->words[1] = objects[number];
    } else if (number < 2 * count) {
        m->label = VERDICT_MOVE;
        m->words[1] = objects[number - count];
    } else if (number == 2 * count) {
        m->label = VERDICT_MOVE; /* to read is not enough to give away */
        m->words[1] = weak;
    } else {
        m->words[0] = 2; /* one page at a time */
    }
    (void)handle_close(weak);
    (void)handle_close(blind);
}

/* Lies 0-4 about the verdict, 5-8 about the run, 9-28 about the object, 29 says
 * COPY where no page is. */
static enum move
decide_lie(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    unsigned number = pager->number;

    if (number < LIE_VERDICTS) {
        m->label = lie_verdicts[number];
        m->words[0] = 1;
    } else if (number < 9) {
        lie_about_run(m, number - (unsigned)LIE_VERDICTS, fault);
    } else if (number < 29) {
        lie_about_object(pager, m, number - 9, fault);
    } else {
        m->label = VERDICT_COPY;
    }
    (void)answer(pager, m);
    (void)answer(pager, m);
    return MOVE_ANSWER; /* the third, and it does not come back */
}

/* The page is shown; to a write it says what only a missing page may get. */
static enum move
decide_unmissing(struct pager *pager, struct ipc_message *m,
                 const struct pager_fault *fault)
{
    (void)decide_share(pager, m, fault);
    if ((fault->access & FAULT_PROTECTION) == 0) {
        return MOVE_ANSWER;
    }
    pager_answer_zero(m, 1);
    (void)answer(pager, m);
    m->label = VERDICT_SHARE;
    m->words[1] = pager->object;
    m->words[2] = fault->page;
    (void)answer(pager, m);
    m->label = VERDICT_MOVE;
    return MOVE_ANSWER;
}

/* Pages beyond the object's end, or taken from it: refused, no strike; the
 * right answer is still awaited. */
static enum move
decide_nopage(struct pager *pager, struct ipc_message *m,
              const struct pager_fault *fault)
{
    static const uint64_t pages[] = { PAGES, NO_PAGE, 1ull << 52, UINT64_MAX };

    for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        (void)decide_share(pager, m, fault);
        m->words[2] = pages[i];
        (void)answer(pager, m);
        m->label = VERDICT_MOVE;
        (void)answer(pager, m);
    }
    return decide_move(pager, m, fault);
}

/* ---- dirty pages (H78) and W^X (H77) ----------------------------------- */

/* Frames full of canaries go back to the machine just before they are needed;
 * and a ZERO that names an object names nothing. */
static enum move
decide_dirty(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    handle_t object = (handle_t)memory_create(4);
    uint64_t *content = show_object(object, 4);

    for (uint64_t word = 0; word < 4 * WORDS; word++) {
        content[word] = 0xDEADC0DEDEADC0DEu;
    }
    (void)region_destroy((uint64_t)(uintptr_t)content, 4);
    (void)handle_close(object);
    (void)decide_object(m, fault, VERDICT_ZERO, pager->object);
    return MOVE_ANSWER;
}

/* The object's page is writable here, so it cannot be code there. */
static enum move
decide_wx(struct pager *pager, struct ipc_message *m,
          const struct pager_fault *fault)
{
    int64_t status;

    pager->content[fault->page * WORDS] = 0xC3;
    (void)decide_share(pager, m, fault);
    status = answer(pager, m);
    printf("pager: SHARE as code said %s\n", syscall_status_name(status));
    pager_answer_fail(m, FAIL_ERROR);
    return MOVE_ANSWER;
}

/* Code may be given away; then nobody writes to it any more. What the giver has
 * at that place afterwards is another page. */
static enum move
decide_code(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    for (uint64_t word = 0; word < WORDS; word++) {
        pager->content[fault->page * WORDS + word] = 0;
    }
    (void)decide_move(pager, m, fault);
    (void)answer(pager, m);
    pager->content[fault->page * WORDS] = 0xC3;
    pager->content[fault->page * WORDS + 73] = 0xC3;
    return MOVE_SILENT;
}

/* ---- death (H79) ------------------------------------------------------- */

/* Ends at its fault number pager->number. */
static enum move
decide_die(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    if (pager->faults == pager->number) {
        exit(9);
    }
    return decide_zero(pager, m, fault);
}

/* Answers, and ends before it receives again. */
static enum move
decide_reply_die(struct pager *pager, struct ipc_message *m,
                 const struct pager_fault *fault)
{
    (void)decide_zero(pager, m, fault);
    if (pager->faults == pager->number) {
        (void)answer(pager, m);
        exit(9);
    }
    return MOVE_ANSWER;
}

static const struct mode modes[] = {
    { "zero", CLIENT_ZERO, NULL, decide_zero },
    { "run", CLIENT_ZERO, NULL, decide_run },
    { "share", CLIENT_OBJECT, prepare_object, decide_share },
    { "shareread", CLIENT_READ, prepare_object, decide_share },
    { "move", CLIENT_OBJECT, prepare_object, decide_move },
    { "defer", CLIENT_ZERO, NULL, decide_defer },
    { "fail", CLIENT_ZERO, NULL, decide_fail },
    { "failask", CLIENT_ASK, NULL, decide_fail },
    { "mute", CLIENT_ZERO, NULL, decide_mute },
    { "muteask", CLIENT_ASK, NULL, decide_mute },
    { "spin", CLIENT_ZERO, NULL, decide_spin },
    { "spin2", CLIENT_ZERO, NULL, decide_spin2 },
    { "nap", CLIENT_ZERO, NULL, decide_nap },
    { "deferall", CLIENT_ZERO, NULL, decide_deferall },
    { "absent", CLIENT_ZERO, prepare_absent, NULL },
    { "nobody", CLIENT_ZERO, prepare_nobody, NULL },
    { "self", CLIENT_ZERO, prepare_self, decide_self },
    { "selfidle", CLIENT_ZERO, prepare_self_idle, decide_zero },
    { "deep", CLIENT_ZERO, NULL, decide_deep },
    { "twice", CLIENT_ZERO, NULL, decide_twice },
    { "stale", CLIENT_ZERO, NULL, decide_stale },
    { "wrongid", CLIENT_ZERO, NULL, decide_wrongid },
    { "lie", CLIENT_ZERO, prepare_lie, decide_lie },
    { "unmissing", CLIENT_OBJECT, prepare_object, decide_unmissing },
    { "nopage", CLIENT_OBJECT, prepare_object, decide_nopage },
    { "dirty", CLIENT_ZERO, prepare_object, decide_dirty },
    { "wx", CLIENT_EXEC, prepare_object, decide_wx },
    { "code", CLIENT_EXEC, prepare_object, decide_code },
    { "die", CLIENT_ZERO, NULL, decide_die },
    { "replydie", CLIENT_ZERO, NULL, decide_reply_die },
};

/* The mode called @name, up to a colon; what follows it is its number. */
static const struct mode *
find_mode(const char *name, unsigned *number)
{
    const char *colon = strchr(name, ':');
    size_t length = colon == NULL ? strlen(name) : (size_t)(colon - name);

    *number = colon == NULL ? 0 : (unsigned)strtoul(colon + 1, NULL, 0);
    for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strlen(modes[i].name) == length
            && strncmp(modes[i].name, name, length) == 0) {
            return &modes[i];
        }
    }
    printf("pagerkit: no mode called %s\n", name);
    exit(1);
}

/* ---- the pager's loop -------------------------------------------------- */

/* Answer what was put off. */
static void
answer_deferred(struct pager *pager)
{
    struct ipc_message m = { .reply_id = pager->deferred,
                             .label = VERDICT_ZERO,
                             .words = { 1 } };

    pager->deferred = 0;
    (void)answer(pager, &m);
}

/* The supervisor asks how it went; that is the end. */
static NORETURN void
stop(struct pager *pager, struct ipc_message *m)
{
    m->words[0] = pager->faults;
    m->words[1] = pager->refused;
    m->words[2] = pager->strikes;
    m->words[3] = pager->other;
    (void)ipc_reply(m);
    exit(0);
}

/* Serve until told to stop. Between faults, what was deferred is answered. */
static int
serve(struct pager *pager, const struct mode *mode)
{
    struct ipc_message m = { .reply_id = 0 };

    for (;;) {
        struct pager_fault fault;
        uint64_t deadline = pager->deferred == 0 ? 0
                                                 : process_clock() + 20 * MS;
        int64_t status = m.reply_id == 0
                             ? ipc_receive(pager->endpoint, &m, deadline)
                             : ipc_reply_receive(pager->endpoint, &m, deadline);

        if (status == ST_OK && m.label == LABEL_STOP) {
            stop(pager, &m);
        }
        if (status != ST_OK || !pager_is_fault(&m)) {
            m.reply_id = 0;
            if (status == ST_ETIMEDOUT) {
                answer_deferred(pager);
            } else {
                count_status(pager, status);
            }
            continue;
        }
        pager->faults++;
        fault = pager_fault_of(&m);
        if (fault.badge != BADGE && fault.badge != 9) {
            printf("pager: badge %lu\n", fault.badge);
        }
        if (mode->decide(pager, &m, &fault) == MOVE_SILENT) {
            m.reply_id = 0;
        }
    }
}

static int
pager_main(const char *name)
{
    struct pager pager = { .endpoint = HANDLE_SLOT_GIVEN };
    const struct mode *mode = find_mode(name, &pager.number);

    if (mode->prepare != NULL) {
        mode->prepare(&pager);
    }
    return serve(&pager, mode);
}

/* ---- supervisor -------------------------------------------------------- */

enum child {
    CHILD_PAGER = 1,
    CHILD_CLIENT = 2,
};

static handle_t
spawn_self(const char *role, const char *argument, handle_t give)
{
    struct spawn_request request = { .name = "pagerkit", .give = give };
    char args[128];
    int length =
        snprintf(args, sizeof(args), "pagerkit%c%s%c%s", 0, role, 0, argument);
    int64_t process;

    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)length + 1;
    process = process_spawn(&request);
    if (process < 0) {
        printf("supervisor: no %s: %ld\n", role, process);
        exit(1);
    }
    return (handle_t)process;
}

static void
print_end(const char *who, handle_t process)
{
    struct exit_report report = { .ended = 0 };

    (void)process_wait(process, 0);
    (void)process_report(process, &report);
    printf("%s: wait=0x%x reason=%u error=%u\n", who, report.wait,
           report.reason, report.pager_error);
    (void)handle_close(process);
}

/* Ask the pager how it went; one that does not answer is killed. */
static void
end_pager(const char *who, handle_t endpoint, handle_t process)
{
    struct ipc_message m = { .label = LABEL_STOP };

    if (ipc_call(endpoint, HANDLE_NONE, &m, process_clock() + 100 * MS)
        == ST_OK) {
        printf("%s: faults=%lu refused=%lu strikes=%lu other=%lu\n", who,
               m.words[0], m.words[1], m.words[2], m.words[3]);
    } else {
        (void)process_kill(process);
    }
    print_end(who, process);
}

static int
supervise(const char *mode_name, const char *heir)
{
    unsigned number;
    const struct mode *mode = find_mode(mode_name, &number);
    handle_t endpoint = (handle_t)endpoint_create(0);
    int64_t binding = binding_create(endpoint, BADGE,
                                     PROT_READ | PROT_WRITE | PROT_EXEC, PAGES);
    handle_t events = (handle_t)notify_create();
    handle_t pager = spawn_self("serve", mode_name, endpoint);
    handle_t child =
        spawn_self("client", client_kinds[mode->client], (handle_t)binding);
    const char *who = "pager";
    int64_t bits = 0;

    (void)process_watch(pager, events, CHILD_PAGER);
    (void)process_watch(child, events, CHILD_CLIENT);
    while ((bits & CHILD_CLIENT) == 0) {
        bits = notify_wait(events, CHILD_PAGER | CHILD_CLIENT, 0);
        if ((bits & CHILD_PAGER) != 0 && pager != HANDLE_NONE) {
            print_end(who, pager);
            who = "heir";
            pager = heir == NULL ? HANDLE_NONE
                                 : spawn_self("serve", heir, endpoint);
        }
    }
    if (pager != HANDLE_NONE) {
        end_pager(who, endpoint, pager);
    }
    print_end("client", child);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "client") == 0) {
        for (unsigned kind = 0; kind <= CLIENT_ASK; kind++) {
            if (strcmp(argv[2], client_kinds[kind]) == 0) {
                return client((enum client_kind)kind);
            }
        }
    }
    if (argc > 2 && strcmp(argv[1], "serve") == 0) {
        return pager_main(argv[2]);
    }
    return supervise(argc > 1 ? argv[1] : "zero", argc > 2 ? argv[2] : NULL);
}
