/* SPDX-License-Identifier: MIT */
/* Arithmetic on numbers from outside: every function returns false, and leaves
 * *out alone, where the true result does not fit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

/*@ requires \valid(out);
    assigns *out;
    ensures \result <==> a + b <= UINT64_MAX;
    ensures *out == (\result ? a + b : \old(*out)); */
static inline MUST_CHECK bool
checked_add(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

/*@ requires \valid(out);
    assigns *out;
    ensures \result <==> a * b <= UINT64_MAX;
    ensures *out == (\result ? a * b : \old(*out)); */
static inline MUST_CHECK bool
checked_mul(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t product;

    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

/* Round @x up to a multiple of the power of two @a. */
/*@ requires \valid(out) && a > 0;
    assigns *out;
    ensures \result <==> x + a - 1 <= UINT64_MAX;
    ensures !\result ==> *out == \old(*out); */
static inline MUST_CHECK bool
checked_align_up(uint64_t x, uint64_t a, uint64_t *out)
{
    uint64_t sum;

    if (__builtin_add_overflow(x, a - 1, &sum)) {
        return false;
    }
    *out = sum & ~(a - 1);
    return true;
}

/* Whether [start, start + length) lies inside [low, high) without wrapping. */
/*@ assigns \nothing;
    ensures \result <==> low <= start && start + length <= high; */
static inline MUST_CHECK bool
checked_range_inside(uint64_t start, uint64_t length, uint64_t low,
                     uint64_t high)
{
    return start >= low && start <= high && length <= high - start;
}
