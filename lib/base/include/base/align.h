/* SPDX-License-Identifier: MIT */
/* Rounding to powers of two. @a must be a power of two in every function. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT       12
#define PAGE_BYTES       4096ull
#define LARGE_PAGE_BYTES 0x200000ull
#define HUGE_PAGE_BYTES  0x40000000ull

/*@ assigns \nothing; */
static inline bool
is_power_of_two(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

/*@ assigns \nothing;
    ensures \result <= x && x - \result < a; */
static inline uint64_t
align_down(uint64_t x, uint64_t a)
{
    return x & ~(a - 1);
}

/* Wraps to 0 near 2^64; where @x comes from outside use checked_align_up. */
/*@ assigns \nothing;
    ensures x + a - 1 <= UINT64_MAX ==> x <= \result < x + a; */
static inline uint64_t
align_up(uint64_t x, uint64_t a)
{
    return (x + a - 1) & ~(a - 1);
}

/*@ assigns \nothing; */
static inline bool
is_aligned(uint64_t x, uint64_t a)
{
    return (x & (a - 1)) == 0;
}
