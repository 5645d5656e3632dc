/* SPDX-License-Identifier: MIT */
/*
 * How a guest tells a test what it found: one line a claim, then a sum.
 *
 *      ok      NAME
 *      NOT OK  NAME: got GOT, want WANT
 *      claims: 12, failed: 0
 *
 * tests/qemu/hostile.py reads them. A claim that was not reached is missing from
 * the sum, so the test says how many it wants.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <libsecos/syscall.h>

static unsigned claim_count;
static unsigned claim_failures;

/* One claim about a number. Returns whether it holds. */
static inline int
claim_equal(const char *name, int64_t got, int64_t want)
{
    claim_count++;
    if (got == want) {
        printf("ok      %s\n", name);
        return 1;
    }
    claim_failures++;
    printf("NOT OK  %s: got %ld (0x%lx), want %ld (0x%lx)\n", name, got,
           (uint64_t)got, want, (uint64_t)want);
    return 0;
}

/* One claim about a status. */
static inline int
claim_status(const char *name, int64_t got, int64_t want)
{
    if (got >= 0 || want >= 0) {
        return claim_equal(name, got, want);
    }
    claim_count++;
    if (got == want) {
        printf("ok      %s\n", name);
        return 1;
    }
    claim_failures++;
    printf("NOT OK  %s: got %s, want %s\n", name, syscall_status_name(got),
           syscall_status_name(want));
    return 0;
}

static inline int
claim_true(const char *name, int holds)
{
    return claim_equal(name, holds != 0, 1);
}

/* The sum, and what main returns. */
static inline int
claim_end(void)
{
    printf("claims: %u, failed: %u\n", claim_count, claim_failures);
    return claim_failures == 0 ? 0 : 1;
}
