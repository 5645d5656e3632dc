/* SPDX-License-Identifier: MIT */
/* What the proofs assume of the compiler's builtins, which have no source. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*@ requires \valid(out);
    assigns *out, \result \from a, b;
    ensures \result != 0 <==> a + b > UINT64_MAX;
    ensures \result == 0 ==> *out == a + b; */
_Bool __builtin_add_overflow(uint64_t a, uint64_t b, uint64_t *out);

/*@ requires \valid(out);
    assigns *out, \result \from a, b;
    ensures \result != 0 <==> a * b > UINT64_MAX;
    ensures \result == 0 ==> *out == a * b; */
_Bool __builtin_mul_overflow(uint64_t a, uint64_t b, uint64_t *out);

/*@ requires x != 0;
    assigns \result \from x;
    ensures 0 <= \result < 64; */
int __builtin_ctzll(unsigned long long x);
