/* SPDX-License-Identifier: MIT */
/* A pager that gives any answer: right ones, late ones, others' and impossible
 * ones. It lives until the kernel has had enough of it. */
#include <string.h>

#include <libsecos/pager_protocol.h>
#include <libsecos/region.h>

#include "fuzz.h"

#define OBJECT_PAGES 64u
#define HELD         16u

static uint64_t held[HELD]; /* ids that were answered DEFER, or twice */

/* An answer that could never be right is a strike, and three are the end. */
static void
lie(struct fuzz_random *random, struct ipc_message *m, handle_t object)
{
    switch (fuzz_below(random, 6)) {
    case 0:
        m->label = fuzz_next(random);
        break;
    case 1:
        m->label = VERDICT_ZERO;
        m->words[0] = fuzz_next(random);
        break;
    case 2:
        m->label = VERDICT_MOVE;
        m->words[1] = fuzz_next(random);
        break;
    case 3:
        m->label = VERDICT_SHARE;
        m->words[1] = object;
        m->words[0] = fuzz_below(random, 3);
        m->words[2] = fuzz_next(random);
        break;
    case 4:
        m->label = VERDICT_COPY;
        break;
    default:
        m->reply_id ^= 1ull << fuzz_below(random, 64);
        break;
    }
}

static void
decide(struct fuzz_random *random, struct ipc_message *m, handle_t object)
{
    uint64_t run = m->words[2] == 0 ? 1 : m->words[2];
    uint64_t *slot = &held[fuzz_below(random, HELD)];

    m->words[0] = 1;
    m->words[1] = object;
    m->words[2] = fuzz_below(random, OBJECT_PAGES);
    switch (fuzz_below(random, 16)) {
    case 0:
        pager_answer_fail(m, 5);
        break;
    case 1:
    case 2:
        *slot = m->reply_id;
        m->label = VERDICT_DEFER;
        break;
    case 3:
    case 4:
        m->label = VERDICT_SHARE;
        break;
    case 5:
        m->label = VERDICT_MOVE;
        break;
    case 6:
        m->label = VERDICT_COPY;
        break;
    case 7: /* somebody else's turn: an id kept from before */
        *slot ^= m->reply_id;
        m->reply_id ^= *slot;
        *slot ^= m->reply_id;
        m->label = VERDICT_ZERO;
        break;
    case 8:
        if (fuzz_once_in(random, 16)) {
            lie(random, m, object);
            break;
        }
        pager_answer_zero(m, run);
        break;
    default:
        pager_answer_zero(m, 1 + fuzz_below(random, run));
        break;
    }
}

/* The object's pages come and go. */
static void
stir(struct fuzz_random *random, handle_t object, uint64_t base)
{
    (void)region_populate(base + fuzz_below(random, OBJECT_PAGES) * PAGE, 4,
                          PROT_WRITE);
    if (fuzz_once_in(random, 16)) {
        (void)syscall2(SYS_memory_resize, object,
                       fuzz_below(random, OBJECT_PAGES));
        (void)syscall2(SYS_memory_resize, object, OBJECT_PAGES);
    }
}

int
fuzz_pager(uint64_t seed)
{
    struct fuzz_random random = { seed };
    struct ipc_message m = { .slot = 0 };
    handle_t object = (handle_t)syscall1(SYS_memory_create, OBJECT_PAGES);
    struct region_request request = {
        .binding = object,
        .pages = OBJECT_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);
    int64_t status = ipc_receive(HANDLE_SLOT_GIVEN, &m, 0);

    while (status != ST_EPIPE && status != ST_EBADF) {
        if (status == ST_OK && pager_is_fault(&m)) {
            stir(&random, object, (uint64_t)base);
            decide(&random, &m, object);
            status = ipc_reply_receive(HANDLE_SLOT_GIVEN, &m, 0);
        } else {
            m.slot = 0;
            status = ipc_receive(HANDLE_SLOT_GIVEN, &m, 0);
        }
    }
    return 0;
}
