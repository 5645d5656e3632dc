/* SPDX-License-Identifier: MIT */
/* Arithmetic on 64 and 128 bits: products, quotients, shifts, overflow. */
#include <stdint.h>
#include <stdio.h>

typedef unsigned __int128 u128;

static void
show(u128 x)
{
    char text[40];
    int at = 39;

    text[at] = '\0';
    do {
        text[--at] = (char)('0' + (int)(x % 10));
        x /= 10;
    } while (x != 0);
    puts(text + at);
}

int
main(void)
{
    u128 factorial = 1;
    volatile uint64_t big = UINT64_C(0xFEDCBA9876543210);
    volatile int64_t negative = -1234567890123456789;
    int64_t sum;

    for (unsigned i = 1; i <= 33; i++) {
        factorial *= i;
    }
    show(factorial);
    show((u128)big * big);
    show(((u128)big << 64) / 1000000007);
    show(((u128)big << 64) % 1000000007);
    printf("%lld %lld %lld\n", (long long)(negative / 1000),
           (long long)(negative % 1000), (long long)(negative >> 7));
    printf("%d %d\n", __builtin_add_overflow(negative, INT64_MIN, &sum),
           __builtin_mul_overflow(INT64_C(3), INT64_C(5), &sum));
    printf("%lld %llu\n", (long long)sum, (unsigned long long)(big * 3));
    return (int)(factorial % 97);
}
