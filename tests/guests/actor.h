/* SPDX-License-Identifier: MIT */
/*
 * Claims about several processes: one directs, the others act, one order at a
 * time, so that the order of everything is the test's.
 *
 *      director                           actor: the same program, `NAME actor`
 *      actor_spawn  ------------------->  actor_play: calls the director
 *      actor_order  -- reply: order --->  does it
 *                   <- next call: result-
 *
 * All call one endpoint, the director's, which an actor finds in
 * HANDLE_SLOT_GIVEN. An order may bring a handle; it comes to ACTOR_SLOT.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <base/align.h>
#include <base/string.h>

#include <libsecos/ipc.h>
#include <libsecos/memory.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#define ACTOR_SLOT     6u
#define ACTOR_INBOX    15u /* the director's: it has many handles */
#define ACTOR_WORDS    (PAGE_BYTES / sizeof(uint64_t))
#define ACTOR_PATIENCE 20000000000ull

enum actor_order {
    ORDER_EXIT,      /* status                                            */
    ORDER_SUM,       /* base, pages: result = sum of all words            */
    ORDER_FIRST,     /* the same of the first word of each page           */
    ORDER_FILL,      /* base, pages, seed                                 */
    ORDER_REGION,    /* pages, prot, source: result = base; 0 = the pager */
    ORDER_REGION_AT, /* base, pages, source: the same, readable and writable */
    ORDER_DESTROY,   /* base, pages                                       */
    ORDER_PROTECT,   /* base, pages, prot                                 */
    ORDER_VIEW,      /* base, pages: spawn another actor with a view      */
    ORDER_OBJECT,    /* pages: result = a memory object, also sent        */
    ORDER_RESIZE,    /* object, pages                                     */
    ORDER_CLOSE,     /* handle                                            */
    ORDER_KEEP,      /* rights: a copy of the handle that came: result    */
    ORDER_SERVE,     /* endpoint, object: be a pager until the end        */
};

struct actor {
    handle_t process;
    uint64_t reply_id;
};

static const char *actor_program;
static handle_t actor_stage; /* the director's endpoint */

static inline uint64_t
actor_word(uint64_t seed, uint64_t page, uint64_t word)
{
    return (seed << 32 | page << 12 | word) * 0x9E3779B97F4A7C15u;
}

/* What ORDER_SUM says of @pages pages filled with @seed. */
static inline int64_t
actor_sum(uint64_t seed, uint64_t first, uint64_t pages)
{
    uint64_t sum = 0;

    for (uint64_t page = first; page < first + pages; page++) {
        for (uint64_t word = 0; word < ACTOR_WORDS; word++) {
            sum += actor_word(seed, page, word);
        }
    }
    return (int64_t)(sum & INT64_MAX);
}

static inline int64_t
actor_read_every(uint64_t base, uint64_t pages, uint64_t step)
{
    const volatile uint64_t *at = (const volatile uint64_t *)(uintptr_t)base;
    uint64_t sum = 0;

    for (uint64_t word = 0; word < pages * ACTOR_WORDS; word += step) {
        sum += at[word];
    }
    return (int64_t)(sum & INT64_MAX);
}

static inline int64_t
actor_read(uint64_t base, uint64_t pages)
{
    return actor_read_every(base, pages, 1);
}

/* Page numbers are those of the address, so that a sum is of a place. */
static inline void
actor_fill(uint64_t base, uint64_t pages, uint64_t seed)
{
    volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)base;
    uint64_t first = base / PAGE_BYTES;

    for (uint64_t page = 0; page < pages; page++) {
        for (uint64_t word = 0; word < ACTOR_WORDS; word++) {
            at[page * ACTOR_WORDS + word] =
                actor_word(seed, first + page, word);
        }
    }
}

static inline int64_t
actor_region(uint64_t base, uint64_t pages, uint32_t prot, handle_t source)
{
    struct region_request request = {
        .binding = source,
        .base = base,
        .pages = pages,
        .prot = prot,
        .kind = REGION_ANONYMOUS,
    };

    return region_create(&request);
}

/* Spawn this program as an actor; its view, if @pages is not 0, and its limit in
 * bytes, if that is not. Returns the process or a status. */
static inline int64_t
actor_spawn_with(uint64_t base, uint64_t pages, uint64_t max_mem)
{
    char args[64];
    int length = snprintf(args, sizeof(args), "%s%cactor", actor_program, 0);
    struct spawn_request request = {
        .args = syscall_address(args),
        .args_bytes = (uint32_t)length + 1,
        .give = actor_stage,
        .view_base = base,
        .view_pages = pages,
        .max_mem = max_mem,
    };

    strlcpy(request.name, actor_program, sizeof(request.name));
    return process_spawn(&request);
}

/* ---- the actor -------------------------------------------------------------- */

/* Pages that are missing come from the object, writes get copies. */
static inline NORETURN void
actor_serve(handle_t endpoint, handle_t object)
{
    for (;;) {
        struct ipc_message m = { .reply_id = 0 };
        uint64_t reply_id;

        if (ipc_receive(endpoint, &m, 0) != ST_OK) {
            continue;
        }
        m.label = (m.words[1] & FAULT_PROTECTION) != 0 ? VERDICT_COPY
                                                       : VERDICT_SHARE;
        m.words[2] = m.words[0];
        m.words[1] = object;
        m.words[0] = 1;
        reply_id = m.reply_id;
        if (ipc_reply(&m) == ST_ENOENT) { /* the object has shrunk */
            m.reply_id = reply_id;
            pager_answer_fail(&m, 0 - (uint64_t)ST_ENOENT);
            (void)ipc_reply(&m);
        }
    }
}

static inline int64_t
actor_do(const struct ipc_message *m, handle_t *give)
{
    uint64_t a = m->words[0];
    uint64_t b = m->words[1];
    uint64_t c = m->words[2];
    int64_t result;

    switch ((enum actor_order)m->label) {
    case ORDER_EXIT:
        process_exit((int)a);
    case ORDER_SUM:
        return actor_read(a, b);
    case ORDER_FIRST:
        return actor_read_every(a, b, ACTOR_WORDS);
    case ORDER_FILL:
        actor_fill(a, b, c);
        return 0;
    case ORDER_REGION:
        return actor_region(0, a, (uint32_t)b, (handle_t)c);
    case ORDER_REGION_AT:
        return actor_region(a, b, PROT_READ | PROT_WRITE, (handle_t)c);
    case ORDER_DESTROY:
        return region_destroy(a, b);
    case ORDER_PROTECT:
        return region_protect(a, b, (uint32_t)c);
    case ORDER_VIEW:
        return actor_spawn_with(a, b, 0);
    case ORDER_OBJECT:
        result = memory_create(a);
        *give = result > 0 ? (handle_t)result : HANDLE_NONE;
        return result;
    case ORDER_RESIZE:
        return memory_resize((handle_t)a, b);
    case ORDER_CLOSE:
        return handle_close((handle_t)a);
    case ORDER_KEEP:
        result = handle_copy((handle_t)m->slot, (uint32_t)a);
        (void)handle_close((handle_t)m->slot);
        return result;
    case ORDER_SERVE:
        break;
    }
    return ST_ENOSYS;
}

static inline int
actor_play(const char *program)
{
    struct ipc_message m = { .label = 0 };
    handle_t give = HANDLE_NONE;

    actor_program = program;
    actor_stage = HANDLE_SLOT_GIVEN;
    for (;;) {
        m.slot = IPC_SLOT_OPEN | ACTOR_SLOT;
        if (ipc_call(actor_stage, give, &m, 0) != ST_OK) {
            return 9;
        }
        if (m.label == ORDER_SERVE) {
            actor_serve((handle_t)m.words[0], (handle_t)m.words[1]);
        }
        give = HANDLE_NONE;
        m.words[0] = (uint64_t)actor_do(&m, &give);
        m.label = 0;
    }
}

/* ---- the director ------------------------------------------------------------ */

static inline void
actor_direct(const char *program)
{
    actor_program = program;
    actor_stage = (handle_t)endpoint_create(RANK_SERVER);
}

/* Wait for the next call of an actor: the result of its order. *@sent, if not
 * NULL, is the handle that came with it. */
static inline int64_t
actor_await(struct actor *actor, handle_t *sent)
{
    struct ipc_message m = { .slot = IPC_SLOT_OPEN | ACTOR_INBOX };
    int64_t status =
        ipc_receive(actor_stage, &m, process_clock() + ACTOR_PATIENCE);

    if (status != ST_OK) {
        printf("NOT OK  no actor called: %s\n", syscall_status_name(status));
        exit(1);
    }
    actor->reply_id = m.reply_id;
    if (sent != NULL) {
        *sent = (handle_t)m.slot;
    }
    return (int64_t)m.words[0];
}

/* Start an actor and wait for its first call. Returns a status. */
static inline int64_t
actor_start(struct actor *actor, uint64_t view_base, uint64_t view_pages,
            uint64_t max_mem)
{
    int64_t process = actor_spawn_with(view_base, view_pages, max_mem);

    if (process < 0) {
        return process;
    }
    actor->process = (handle_t)process;
    (void)actor_await(actor, NULL);
    return ST_OK;
}

static inline void
actor_tell(const struct actor *actor, handle_t give, enum actor_order order,
           const uint64_t arguments[3])
{
    struct ipc_message m = {
        .reply_id = actor->reply_id,
        .label = order,
        .words = { arguments[0], arguments[1], arguments[2] },
    };

    (void)ipc_exchange(SYS_ipc_reply, (uint64_t)give << 32, &m, 0);
}

/* One order and its result. */
static inline int64_t
actor_order(struct actor *actor, enum actor_order order, uint64_t a, uint64_t b,
            uint64_t c)
{
    actor_tell(actor, HANDLE_NONE, order, (uint64_t[]){ a, b, c });
    return actor_await(actor, NULL);
}

/* @actor gets a copy of @handle with @rights. Returns its name for it. */
static inline int64_t
actor_give(struct actor *actor, handle_t handle, uint32_t rights)
{
    actor_tell(actor, handle, ORDER_KEEP, (uint64_t[]){ rights, 0, 0 });
    return actor_await(actor, NULL);
}

/* @parent starts @child with a view. Either may call first: a child's first call
 * says 0. Returns ST_OK or what the spawn said. */
static inline int64_t
actor_view(struct actor *parent, struct actor *child, uint64_t base,
           uint64_t pages)
{
    struct actor first = { .process = HANDLE_NONE };
    struct actor second = { .process = HANDLE_NONE };
    int64_t says;

    actor_tell(parent, HANDLE_NONE, ORDER_VIEW, (uint64_t[]){ base, pages, 0 });
    says = actor_await(&first, NULL);
    if (says < 0) {
        parent->reply_id = first.reply_id;
        return says;
    }
    (void)actor_await(&second, NULL);
    *child = (struct actor){ .process = HANDLE_NONE };
    parent->reply_id = says == 0 ? second.reply_id : first.reply_id;
    child->reply_id = says == 0 ? first.reply_id : second.reply_id;
    return ST_OK;
}

/* End @actor and wait until its last frame is back. */
static inline int64_t
actor_end(struct actor *actor)
{
    int64_t end;

    actor_tell(actor, HANDLE_NONE, ORDER_EXIT, (uint64_t[]){ 0, 0, 0 });
    end = process_wait(actor->process, 0);
    (void)handle_close(actor->process);
    return end;
}

/* ---- frames -------------------------------------------------------------------- */

static inline struct memory_info
actor_frames(void)
{
    struct memory_info info = { .ram_bytes = 0 };

    (void)sys_memory(&info);
    return info;
}

/* Frames of @kind more than in @before. */
static inline int64_t
actor_more(const struct memory_info *before, enum frame_kind kind)
{
    struct memory_info now = actor_frames();

    return (int64_t)(now.frames[kind] - before->frames[kind]);
}

/* Violations that an audit finds. */
static inline int64_t
actor_audit(void)
{
    struct audit_info info;

    if (sys_audit(&info) != ST_OK) {
        return -1;
    }
    return (int64_t)(info.conservation + info.wx_a + info.wx_b + info.wx_c
                     + info.user_in_kernel_half + info.wrong_owner);
}
