/* SPDX-License-Identifier: MIT */
/* Impossible answers (H75, H77) and dirty pages (H78). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "kit.h"

/* ---- impossible answers (H75, H77) ------------------------------------- */

/* Answer number pager->number, again and again: three of them, and it is dead. */
void
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
    /* weak and blind stay open: the answer must find them, and their rights. */
}

/* Lies 0-4 about the verdict, 5-8 about the run, 9-28 about the object, 29 says
 * COPY where no page is. */
enum move
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
enum move
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
enum move
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
enum move
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
enum move
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
enum move
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
