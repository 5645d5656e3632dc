/* SPDX-License-Identifier: MIT */
/* Memory objects, and pagers that do as they should. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "kit.h"

int64_t
memory_create(uint64_t pages)
{
    return syscall1(SYS_memory_create, pages);
}

/* Show @object here; returns the address. */
uint64_t *
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

void
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
void
count_status(struct pager *pager, int64_t status)
{
    pager->refused += status == ST_EGONE;
    pager->strikes += status == ST_EINVAL;
    pager->other += status != ST_OK && status != ST_EGONE
                    && status != ST_EINVAL;
}

int64_t
answer(struct pager *pager, const struct ipc_message *m)
{
    struct ipc_message copy = *m;
    int64_t status = ipc_reply(&copy);

    count_status(pager, status);
    return status;
}

/* ---- honest modes ------------------------------------------------------ */

enum move
decide_zero(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)fault;
    pager_answer_zero(m, 1);
    return MOVE_ANSWER;
}

enum move
decide_run(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    pager_answer_zero(m,
                      fault->run < pager->number ? fault->run : pager->number);
    return MOVE_ANSWER;
}

enum move
decide_object(struct ipc_message *m, const struct pager_fault *fault,
              enum verdict verdict, handle_t object)
{
    m->label = (fault->access & FAULT_PROTECTION) != 0 ? VERDICT_COPY : verdict;
    m->words[0] = 1;
    m->words[1] = object;
    m->words[2] = fault->page;
    return MOVE_ANSWER;
}

enum move
decide_share(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    return decide_object(m, fault, VERDICT_SHARE, pager->object);
}

enum move
decide_move(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    return decide_object(m, fault, VERDICT_MOVE, pager->object);
}

enum move
decide_fail(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)fault;
    pager_answer_fail(m, FAIL_ERROR);
    return MOVE_ANSWER;
}

/* Every fault is answered one event later. */
enum move
decide_defer(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    if (pager->deferred == 0) {
        pager->deferred = m->reply_id;
        return MOVE_SILENT;
    }
    return decide_zero(pager, m, fault);
}
