/* SPDX-License-Identifier: MIT */
/* The client: expects zeroes, the pattern, or an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "kit.h"

const char *const client_kinds[CLIENT_ASK + 1] = { "zero", "object", "read",
                                                   "exec", "back",   "ask" };

static int
client_check(const volatile uint64_t *at, uint64_t page, bool from_object)
{
    for (uint64_t word = 0; word < WORDS; word += 73) {
        uint64_t want = from_object ? pattern(page, word) : 0;
        uint64_t got = at[page * WORDS + word];

        if (got != want) {
            printf("client: page %lu word %lu holds 0x%lx, not 0x%lx\n", page,
                   word, got, want);
            return 2;
        }
    }
    return 0;
}

/* Write to every page and see that each write stays. */
static int
client_write(volatile uint64_t *at, bool from_object, bool backwards)
{
    for (uint64_t i = 0; i < PAGES; i++) {
        uint64_t page = backwards ? PAGES - 1 - i : i;
        int status = client_check(at, page, from_object);

        if (status != 0) {
            return status;
        }
        at[page * WORDS] = page + 7;
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        uint64_t behind = from_object ? pattern(page, 73) : 0;

        if (at[page * WORDS] != page + 7 || at[page * WORDS + 73] != behind) {
            printf("client: page %lu lost a write\n", page);
            return 3;
        }
    }
    return 0;
}

int
client(enum client_kind kind)
{
    struct region_request request = {
        .binding = HANDLE_SLOT_GIVEN,
        .pages = PAGES,
        .prot = PROT_READ,
        .kind = REGION_ANONYMOUS,
    };
    volatile uint64_t *at;
    int64_t base;
    int status = 0;

    if (kind == CLIENT_EXEC) {
        request.prot |= PROT_EXEC;
    } else if (kind != CLIENT_READ) {
        request.prot |= PROT_WRITE;
    }
    base = region_create(&request);
    if (base < 0) {
        printf("client: no region: %ld\n", base);
        return 1;
    }
    at = (volatile uint64_t *)(uintptr_t)base;
    if (kind == CLIENT_EXEC || kind == CLIENT_ASK) {
        int64_t got = region_populate((uint64_t)base, 1, PROT_READ);

        printf("client: populate said %ld\n", got);
        return got == 1 ? client_check(at, 0, false) : 0;
    }
    if (kind != CLIENT_READ) {
        return client_write(at, kind == CLIENT_OBJECT, kind == CLIENT_BACK);
    }
    for (uint64_t page = 0; page < PAGES && status == 0; page++) {
        status = client_check(at, page, true);
    }
    return status;
}
