/* SPDX-License-Identifier: MIT */
/* Pagers that do not answer (H73, H82), and that wait for themselves (H81). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "kit.h"

/* ---- silence (H73, H82) ------------------------------------------------ */

/* Sleep in pieces of @ns for ever. */
static NORETURN void
sleep_on(uint64_t ns)
{
    for (;;) {
        (void)process_sleep_until(process_clock() + ns);
    }
}

enum move
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

enum move
decide_spin(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    spin(NULL);
}

/* One more thread of @priority (0 = this one's) that spins. */
static void
start_spinning(uint32_t priority)
{
    static uint64_t stack[512];

    stack[0] = 1; /* the page is there */
    (void)thread_create(spin, NULL, &stack[512], priority);
}

/* One of two spinning threads is always ready, and never kept waiting by anybody
 * else. */
enum move
decide_spin2(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    start_spinning(0);
    spin(NULL);
}

/* Sleeps; that a thread of its lowest priority is kept off the processor, when
 * others have it, is no excuse. */
enum move
decide_alibi(struct pager *pager, struct ipc_message *m,
             const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    start_spinning(1);
    sleep_on(1000 * MS);
}

/* Asleep between the ticks, ready whenever the tick looks. */
enum move
decide_nap(struct pager *pager, struct ipc_message *m,
           const struct pager_fault *fault)
{
    (void)pager;
    (void)m;
    (void)fault;
    sleep_on(1);
}

/* Its first answer comes late, by so many ms of sleep. */
enum move
decide_late(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    if (pager->faults == 1) {
        (void)process_sleep_until(process_clock() + pager->number * MS);
    }
    return decide_zero(pager, m, fault);
}

/* Its first answer comes late, by so many ms of work. */
enum move
decide_busy(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    uint64_t end = process_clock() + pager->number * MS;

    while (pager->faults == 1 && process_clock() < end) {
    }
    return decide_zero(pager, m, fault);
}

/* Says DEFER, goes on receiving, and never comes back to it. */
enum move
decide_deferall(struct pager *pager, struct ipc_message *m,
                const struct pager_fault *fault)
{
    (void)pager;
    (void)fault;
    m->label = VERDICT_DEFER;
    return MOVE_ANSWER;
}

/* Says DEFER to the same fault over and over. */
enum move
decide_deferagain(struct pager *pager, struct ipc_message *m,
                  const struct pager_fault *fault)
{
    uint64_t id = m->reply_id;

    (void)pager;
    (void)fault;
    for (;;) {
        struct ipc_message again = { .reply_id = id, .label = VERDICT_DEFER };

        (void)ipc_reply(&again);
        (void)process_sleep_until(process_clock() + 10 * MS);
    }
}

/* Attaches, and never receives again. */
static void
attach(struct pager *pager)
{
    struct ipc_message m = { .label = 0 };

    (void)ipc_receive(pager->endpoint, &m, 1); /* a deadline long passed */
}

void
prepare_absent(struct pager *pager)
{
    attach(pager);
    sleep_on(1000 * MS);
}

/* Never even attaches. */
void
prepare_nobody(struct pager *pager)
{
    (void)pager;
    sleep_on(1000 * MS);
}

/* ---- its own pages (H81) ----------------------------------------------- */

/* A region of its own space that it pages itself, made while it served nobody. */
void
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
void
prepare_self_idle(struct pager *pager)
{
    prepare_self(pager);
    attach(pager);
    *pager->content = 1;
}

enum move
decide_self(struct pager *pager, struct ipc_message *m,
            const struct pager_fault *fault)
{
    *pager->content = 1;
    return decide_zero(pager, m, fault);
}

/* It faults in memory of its own while it owes a page: code, stack and data that
 * another pager fills. That is allowed and works. */
enum move
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
