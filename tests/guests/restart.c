/* SPDX-License-Identifier: MIT */
/*
 * Claim: a system call that meets a missing page starts again and does what it
 * would have done, once: each page of each call's memory is made missing in turn,
 * and result, contents and side effects are compared with those of the call whose
 * pages are all there.
 *
 *      restart calls       every call that reads or writes user memory
 *        `-- pager         shows the pages of an object, one for each fault
 *      restart write       three pages of text, printed again for each page
 *      restart read        what is typed arrives whole behind a missing page
 *
 * A buffer lies across pages of a region that shows a memory object through a
 * pager in ring 3, so that what is missing has contents and somebody else must
 * run before the call goes on.
 */
#include <stdlib.h>
#include <string.h>

#include <base/align.h>

#include <libsecos/console.h>
#include <libsecos/image.h>
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

#define PAGES 3u /* of a buffer and what is around it */
#define SLOT  9u
#define TEXT  (PAGES * PAGE_BYTES)
#define LINE  64u
#define RW    (PROT_READ | PROT_WRITE)

/* ---- the pager ------------------------------------------------------------ */

static handle_t
pager_ask(uint64_t slot)
{
    struct ipc_message m = { .slot = IPC_SLOT_OPEN | slot };

    if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK) {
        exit(90);
    }
    return (handle_t)m.slot;
}

/* SHARE what is missing, COPY what is written to. */
static int
pager_main(void)
{
    handle_t served = pager_ask(SLOT);
    handle_t object = pager_ask(SLOT + 1);
    struct ipc_message m = { .slot = 0 };
    int64_t status = ipc_receive(served, &m, 0);

    while (status == ST_OK) {
        struct pager_fault fault = pager_fault_of(&m);

        m.label = (fault.access & FAULT_PROTECTION) != 0 ? VERDICT_COPY
                                                         : VERDICT_SHARE;
        m.words[0] = 1;
        m.words[1] = object;
        m.words[2] = fault.page;
        status = ipc_reply_receive(served, &m, 0);
    }
    return 91;
}

/* ---- the buffer ------------------------------------------------------------- */

static handle_t binding;
static uint8_t *content; /* the object, to write what the pager will show */
static uint8_t *buffer;
static handle_t pager_process;

static void
buffer_open(void)
{
    handle_t all = (handle_t)endpoint_create(50);
    handle_t served = (handle_t)endpoint_create(0);
    handle_t object = (handle_t)syscall1(SYS_memory_create, PAGES);
    static const char args[] = "restart\0pager";
    struct spawn_request spawn = {
        .name = "restart",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
        .give = (handle_t)endpoint_mint(all, 1, RIGHT_CALL | RIGHT_GRANT),
    };
    struct region_request show = {
        .binding = object,
        .pages = PAGES,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };

    binding = (handle_t)binding_create(served, 1, RW, PAGES);
    content = (uint8_t *)(uintptr_t)region_create(&show);
    pager_process = (handle_t)process_spawn(&spawn);
    for (unsigned i = 0; i < 2; i++) {
        struct ipc_message m = { .slot = 0 };

        (void)ipc_receive((handle_t)handle_copy(all, RIGHT_RECEIVE), &m, 0);
        (void)ipc_exchange(SYS_ipc_reply,
                           (uint64_t)(i == 0 ? served : object) << 32, &m, 0);
    }
}

/* A fresh region in which the pages of @missing are not there. */
static void
buffer_prepare(unsigned missing)
{
    struct region_request request = {
        .binding = binding,
        .pages = PAGES,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };

    if (buffer != NULL) {
        (void)region_destroy((uint64_t)(uintptr_t)buffer, PAGES);
    }
    buffer = (uint8_t *)(uintptr_t)region_create(&request);
    for (unsigned page = 0; page < PAGES; page++) {
        if ((missing >> page & 1) == 0) {
            volatile uint8_t *at = buffer + page * PAGE_BYTES;

            *at = *at; /* shown, then its own */
        }
    }
}

/* ---- calls ------------------------------------------------------------------- */

struct call {
    const char *name;
    uint64_t number;
    unsigned index; /* of the pointer            */
    uint64_t bytes; /* of what it points to      */
    uint64_t args[6];
    int settles; /* its contents can be compared: they do not change by
                      * themselves, or by the faults themselves */
};

/* Stands for the address of this program's own first page. */
#define IMAGE 0x1111111111111000u

static const struct call calls[] = {
    { "region_query",
      SYS_region_query,
      1,
      sizeof(struct region_info),
      { IMAGE },
      1 },
    { "process_report",
      SYS_process_report,
      1,
      sizeof(struct exit_report),
      { HANDLE_SLOT_SELF },
      1 },
    { "sys_memory",
      SYS_sys_memory,
      0,
      sizeof(struct memory_info),
      { 0, sizeof(struct memory_info) },
      0 },
    { "sys_processes",
      SYS_sys_processes,
      1,
      2 * sizeof(struct process_info),
      { 0, 0, 2 * sizeof(struct process_info) },
      0 },
    { "sys_regions",
      SYS_sys_regions,
      1,
      2 * sizeof(struct region_info),
      { 0, 0, 2 * sizeof(struct region_info), 0 },
      1 },
    { "sys_translate",
      SYS_sys_translate,
      2,
      sizeof(struct translate_info),
      { 0, IMAGE },
      1 },
    { "sys_machine",
      SYS_sys_machine,
      0,
      sizeof(struct machine_info),
      { 0, sizeof(struct machine_info) },
      0 },
    { "sys_module",
      SYS_sys_module,
      1,
      sizeof(struct module_info),
      { 0, 0, sizeof(struct module_info) },
      1 },
    { "sys_pager",
      SYS_sys_pager,
      1,
      sizeof(struct pager_info),
      { PAGER_STATUS, 0, sizeof(struct pager_info) },
      0 },
    { "sys_table",
      SYS_sys_table,
      1,
      sizeof(struct syscall_info),
      { 5, 0, sizeof(struct syscall_info) },
      0 },
    { "sys_audit",
      SYS_sys_audit,
      0,
      sizeof(struct audit_info),
      { 0, sizeof(struct audit_info) },
      0 },
    { "sys_frame",
      SYS_sys_frame,
      2,
      sizeof(struct frame_info),
      { 0x100000, 0, 0, sizeof(struct frame_info) },
      1 },
    { "sys_faults",
      SYS_sys_faults,
      1,
      sizeof(struct fault_record),
      { 0, 0, sizeof(struct fault_record) },
      0 },
};

/* What a call could have done beside its answer. */
struct traces {
    unsigned processes;
    unsigned handles; /* in use */
};

static struct traces
look_for_traces(void)
{
    static struct process_info rows[16];
    struct traces found = { 0, 0 };

    found.processes = (unsigned)sys_processes(0, rows, sizeof(rows));
    for (uint64_t slot = 1; slot < 64; slot++) {
        int64_t copy = handle_copy((handle_t)slot, RIGHT_ALL);

        if (copy > 0) {
            found.handles++;
            (void)handle_close((handle_t)copy);
        }
    }
    return found;
}

/* Do @call with its memory across a border of two pages. */
static int64_t
do_call(const struct call *call, unsigned border)
{
    uint64_t args[6];

    memcpy(args, call->args, sizeof(args));
    for (unsigned i = 0; i < 6; i++) {
        args[i] = args[i] == IMAGE ? image_bias() : args[i];
    }
    args[call->index] =
        (uint64_t)(uintptr_t)(buffer + border * PAGE_BYTES - call->bytes / 2);
    return syscall_fast(call->number, args);
}

static unsigned differences;

static void
compare(const char *what, const char *name, int same)
{
    if (!same) {
        differences++;
        printf("        %s: %s differs\n", name, what);
    }
}

static void
try_call(const struct call *call)
{
    static uint8_t kept[PAGES * PAGE_BYTES];
    const unsigned border = 1;
    uint64_t from = border * PAGE_BYTES - call->bytes / 2;
    struct traces before = look_for_traces();
    int64_t good;

    differences = 0;
    memset(content, 0xA5, PAGES * PAGE_BYTES);
    buffer_prepare(0);
    good = do_call(call, border);
    memcpy(kept, buffer, sizeof(kept));
    for (unsigned missing = 1; missing < 1u << PAGES; missing++) {
        struct traces after;
        int same;

        buffer_prepare(missing);
        compare("the result", call->name, do_call(call, border) == good);
        same = !call->settles
               || memcmp(kept + from, buffer + from, call->bytes) == 0;
        compare("what is there", call->name, same);
        compare("what is before it", call->name,
                memcmp(kept, buffer, from) == 0);
        compare("what is behind it", call->name,
                memcmp(kept + from + call->bytes, buffer + from + call->bytes,
                       sizeof(kept) - from - call->bytes)
                    == 0);
        after = look_for_traces();
        compare("what it leaves", call->name,
                memcmp(&before, &after, sizeof(after)) == 0);
    }
    claim_true(call->name, good >= 0 && differences == 0);
}

/* process_spawn: the request across one border, its arguments across the other;
 * the child says what it was told by its status. */
static void
try_spawn(void)
{
    static const char args[] = "restart\0child\0seventeen";
    uint64_t request_at = PAGE_BYTES - sizeof(struct spawn_request) / 2;
    uint64_t args_at = 2 * PAGE_BYTES - sizeof(args) / 2;
    struct spawn_request request = {
        .name = "restart",
        .args_bytes = sizeof(args),
    };
    struct traces before = look_for_traces();

    differences = 0;
    memcpy(content + args_at, args, sizeof(args));
    for (unsigned missing = 0; missing < 1u << PAGES; missing++) {
        struct traces after;
        int64_t child;

        /* Where the region will be is known: where the last one was. */
        request.args = (uint64_t)(uintptr_t)buffer + args_at;
        memcpy(content + request_at, &request, sizeof(request));
        buffer_prepare(missing);
        child = syscall1(SYS_process_spawn,
                         (uint64_t)(uintptr_t)buffer + request_at);
        compare("the child", "process_spawn",
                child > 0 && process_wait((handle_t)child, 0) == 17);
        (void)handle_close((handle_t)child);
        after = look_for_traces();
        compare("what it leaves", "process_spawn",
                memcmp(&before, &after, sizeof(after)) == 0);
    }
    claim_equal("process_spawn", differences, 0);
}

static void
group_calls(void)
{
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        try_call(&calls[i]);
    }
    try_spawn();
}

/* console_write: each page of the text missing in turn, then all. */
static void
group_write(void)
{
    static const unsigned missing[] = { 0, 1, 2, 4, 7 };

    for (unsigned at = 0; at < TEXT; at++) {
        content[at] = at % LINE == LINE - 1
                          ? '\n'
                          : (uint8_t)('A' + (at / LINE + at % LINE) % 26);
    }
    for (unsigned i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        uint64_t args[6] = { HANDLE_SLOT_CONSOLE, 0, TEXT };

        printf("begin %u\n", missing[i]);
        buffer_prepare(missing[i]);
        args[1] = (uint64_t)(uintptr_t)buffer;
        claim_equal("written", syscall_fast(SYS_console_write, args), TEXT);
    }
}

/* console_read: bytes leave the console only when they have arrived. */
static void
group_read(void)
{
    for (unsigned missing = 1; missing < 1u << PAGES; missing <<= 1) {
        uint8_t *at;
        uint64_t got = 0;

        printf("type\n");
        memset(content, '.', PAGES * PAGE_BYTES);
        buffer_prepare(missing | 2);
        at = buffer + PAGE_BYTES - 4;
        while (got < 9) {
            uint64_t args[6] = { HANDLE_SLOT_CONSOLE,
                                 (uint64_t)(uintptr_t)(at + got), 9 - got, 0 };
            int64_t more = syscall_fast(SYS_console_read, args);

            if (more <= 0) {
                break;
            }
            got += (uint64_t)more;
        }
        printf("read %.9s\n", at);
    }
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "pager") == 0) {
        return pager_main();
    }
    if (strcmp(mode, "child") == 0) {
        return argc > 2 && strcmp(argv[2], "seventeen") == 0 ? 17 : 1;
    }
    buffer_open();
    if (strcmp(mode, "calls") == 0) {
        group_calls();
    } else if (strcmp(mode, "write") == 0) {
        group_write();
    } else if (strcmp(mode, "read") == 0) {
        group_read();
    }
    (void)process_kill(pager_process);
    (void)process_wait(pager_process, 0);
    return claim_end();
}
