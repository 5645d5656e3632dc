/* SPDX-License-Identifier: MIT */
/* Taking faults and events, and writing them down. */
#include "pager.h"

#include <stddef.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>

#define MS 1000000ull

handle_t pager_served;
static volatile int pager_stop;
static handle_t pager_handle;
/* What it was told, in order; a fault stands there with its page and 0 pages. */
struct pager_detach pager_told[PAGER_TOLD_MOST];
volatile unsigned pager_told_count;

static void
pager_note(const struct pager_detach *detach)
{
    if (pager_told_count < sizeof(pager_told) / sizeof(pager_told[0])) {
        pager_told[pager_told_count] = *detach;
    }
    pager_told_count++;
}

/* Take what is there, until @deadline passes with nothing. */
void
pager_take(uint64_t wait_ns)
{
    struct ipc_message m = { .reply_id = 0 };

    while (ipc_receive(pager_served, &m,
                       wait_ns == 0 ? 1 : process_clock() + wait_ns)
           == ST_OK) {
        struct pager_detach detach;

        if (pager_is_detach(&m)) {
            detach = pager_detach_of(&m);
            pager_note(&detach);
        } else if (pager_is_fault(&m)) {
            struct pager_fault fault = pager_fault_of(&m);

            pager_note(&(struct pager_detach){ .page = fault.page,
                                               .badge = fault.badge });
            pager_answer_zero(&m, 1);
            (void)ipc_reply(&m);
        }
        m.reply_id = 0;
    }
}

static NORETURN void
pager_thread(void *nothing)
{
    (void)nothing;
    while (!pager_stop) {
        pager_take(4 * MS);
    }
    thread_exit(0);
}

void
pager_start(void)
{
    static _Alignas(16) uint64_t stack[1024];

    pager_stop = 0;
    stack[1023] = 0;
    pager_handle = (handle_t)thread_create(pager_thread, NULL, &stack[1023], 0);
}

void
pager_end(void)
{
    pager_stop = 1;
    (void)thread_join(pager_handle, 0);
    (void)handle_close(pager_handle);
}
