/* SPDX-License-Identifier: MIT */
/* Late and foreign answers (H74, H76), and death (H79). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "kit.h"

/* ---- late and foreign answers (H74, H76) ------------------------------- */

enum move
decide_twice(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    (void)decide_zero(pager, m, fault);
    (void)answer(pager, m);
    (void)answer(pager, m);
    return MOVE_SILENT;
}

enum move
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
enum move
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

/* ---- death (H79) ------------------------------------------------------- */

/* Ends at its fault number pager->number. */
enum move
decide_die(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    if (pager->faults == pager->number) {
        exit(9);
    }
    return decide_zero(pager, m, fault);
}

/* Answers, and ends before it receives again. */
enum move
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
