/* SPDX-License-Identifier: MIT */
/* Bits: counts, reversals, rotations, Gray codes, bit fields. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

struct flags {
    unsigned kind : 4;
    unsigned present : 1;
    signed delta : 5;
    unsigned long long page : 40;
};

static uint32_t
reverse(uint32_t x)
{
    uint32_t out = 0;

    for (int i = 0; i < 32; i++) {
        out = out << 1 | (x >> i & 1);
    }
    return out;
}

int
main(void)
{
    struct flags f = { 9, 1, -7, 0xABCDEF0123 };
    uint32_t x = 1;

    for (int i = 0; i < 10; i++) {
        x = x * 2654435761u + 12345;
        printf("%08x %d %d %d %08x %08x\n", x, __builtin_popcount(x),
               __builtin_clz(x), __builtin_ctz(x), reverse(x),
               x << 7 | x >> 25);
    }
    for (unsigned i = 0; i < 16; i++) {
        printf("%u ", i ^ i >> 1);
    }
    f.delta = (signed)(f.delta * 2) / 3;
    f.page <<= 4;
    printf("\n%u %u %d %llx %zu %d\n", f.kind, f.present, f.delta,
           (unsigned long long)f.page, sizeof(f), CHAR_BIT);
    return 0;
}
