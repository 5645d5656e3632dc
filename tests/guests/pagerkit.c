/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever a pager answers, its client sees the right bytes or a named
 * error, and nothing else.
 *
 *      pagerkit MODE [HEIR] [LIMITS]   the supervisor: owns the endpoint
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
 * LIMITS are five numbers for endpoint_limits(), with colons between them.
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

#include "pagerkit/kit.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define LABEL_STOP 1u
#define BADGE      5u

/* ---- modes ------------------------------------------------------------ */

static const struct mode modes[] = {
    { "zero", CLIENT_ZERO, NULL, decide_zero },
    { "run", CLIENT_ZERO, NULL, decide_run },
    { "backrun", CLIENT_BACK, NULL, decide_run },
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
    { "alibi", CLIENT_ZERO, NULL, decide_alibi },
    { "nap", CLIENT_ZERO, NULL, decide_nap },
    { "late", CLIENT_ZERO, NULL, decide_late },
    { "busy", CLIENT_ZERO, NULL, decide_busy },
    { "deferall", CLIENT_ZERO, NULL, decide_deferall },
    { "deferagain", CLIENT_ZERO, NULL, decide_deferagain },
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

/* endpoint_limits() with what @text says. */
static void
set_limits(handle_t endpoint, char *text)
{
    uint64_t ms[PAGER_LIMITS] = { 0 };
    int64_t status;

    for (unsigned i = 0; i < PAGER_LIMITS; i++) {
        ms[i] = strtoul(text, &text, 10);
        text += *text == ':';
    }
    status = endpoint_limits(endpoint, ms);
    if (status != ST_OK) {
        printf("supervisor: limits: %ld\n", status);
        exit(1);
    }
}

static int
supervise(const char *mode_name, const char *heir, char *limits)
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

    if (limits != NULL) {
        set_limits(endpoint, limits);
    }
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
    return supervise(argc > 1 ? argv[1] : "zero", argc > 2 ? argv[2] : NULL,
                     argc > 3 ? argv[3] : NULL);
}
