/* SPDX-License-Identifier: MIT */
/* Making, touching and destroying regions as one is told. */
#include "client.h"

#include <stdint.h>

#include <base/align.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#define MS    1000000ull
#define WORDS (PAGE_BYTES / sizeof(uint64_t))
#define SLOTS 9u /* from here on it gets bindings */

static uint64_t *client_base;
static handle_t client_binding; /* the last one that it was given */

static int64_t
client_create(uint64_t pages, uint64_t first)
{
    struct region_request request = {
        .binding = client_binding,
        .pages = pages,
        .first_page = first,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_FILE,
    };
    int64_t base = region_create(&request);

    if (base > 0) {
        client_base = (uint64_t *)(uintptr_t)base;
    }
    return base < 0 ? base : 0;
}

static int64_t
client_destroy(uint64_t page, uint64_t pages)
{
    return region_destroy((uint64_t)(uintptr_t)(client_base + page * WORDS),
                          pages);
}

/* Pairs that worked, of @times; @insist: until so many did, for 2 s. */
static int64_t
client_churn(uint64_t times, int insist)
{
    uint64_t end = process_clock() + 2000 * MS;
    uint64_t worked = 0;

    while (worked < times) {
        int64_t status = client_create(1 + worked % 3, worked % 50);

        if (status == 0) {
            (void)client_destroy(0, 1 + worked % 3);
            worked++;
        } else if (insist && process_clock() < end) {
            (void)process_sleep_until(process_clock() + 4 * MS);
        } else {
            break;
        }
    }
    return (int64_t)worked;
}

static int64_t
client_obey(const struct ipc_message *m)
{
    switch (m->words[0]) {
    case ORDER_CREATE:
        return client_create(m->words[1], m->words[2]);
    case ORDER_TOUCH:
        client_base[m->words[1] * WORDS] = 1;
        return 0;
    case ORDER_DESTROY:
        return client_destroy(m->words[1], m->words[2]);
    case ORDER_CHURN:
        return client_churn(m->words[1], 0);
    case ORDER_RETRY:
        return client_churn(m->words[1], 1);
    default:
        process_exit(0);
    }
}

int
client_main(void)
{
    int64_t result = 0;
    uint64_t slot = SLOTS;

    for (;;) {
        struct ipc_message m = { .label = (uint64_t)result,
                                 .slot = IPC_SLOT_OPEN | slot };

        if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK) {
            return 7;
        }
        if ((m.slot & IPC_SLOT_OPEN) != 0) {
            client_binding = (handle_t)m.slot;
            slot++;
        }
        result = client_obey(&m);
    }
}
