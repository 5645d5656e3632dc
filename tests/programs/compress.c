/* SPDX-License-Identifier: MIT */
/* Lempel-Ziv with a sliding window: what is packed comes out again. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WINDOW  4095
#define LONGEST 18

static uint8_t input[20000], packed[30000], output[20100];

static size_t
pack(const uint8_t *from, size_t bytes, uint8_t *to)
{
    uint8_t *start = to;

    for (size_t i = 0; i < bytes;) {
        size_t best = 0, distance = 0;

        for (size_t back = 1; back <= WINDOW && back <= i; back++) {
            size_t n = 0;

            while (n < LONGEST && i + n < bytes
                   && from[i + n] == from[i + n - back]) {
                n++;
            }
            if (n > best) {
                best = n;
                distance = back;
            }
        }
        if (best >= 3) {
            *to++ = (uint8_t)(0x80 | (distance >> 8) << 3 >> 0 & 0x7F);
            *to++ = (uint8_t)distance;
            *to++ = (uint8_t)best;
            i += best;
        } else {
            *to++ = 0;
            *to++ = from[i++];
        }
    }
    return (size_t)(to - start);
}

static size_t
unpack(const uint8_t *from, size_t bytes, uint8_t *to)
{
    uint8_t *start = to;
    const uint8_t *end = from + bytes;

    while (from < end) {
        if ((*from & 0x80) != 0) {
            size_t distance = (size_t)(from[0] & 0x78) << 5 | from[1];

            for (size_t n = from[2]; n > 0; n--, to++) {
                *to = to[-(long)distance];
            }
            from += 3;
        } else {
            *to++ = from[1];
            from += 2;
        }
    }
    return (size_t)(to - start);
}

int
main(void)
{
    size_t bytes = 0, small, again;

    for (int i = 0; bytes + 40 < sizeof(input); i++) {
        bytes += (size_t)sprintf((char *)input + bytes,
                                 "frame %d is owned by space %d\n", i * 7 % 97,
                                 i % 5);
    }
    small = pack(input, bytes, packed);
    again = unpack(packed, small, output);
    printf("%zu -> %zu -> %zu %d\n", bytes, small, again,
           memcmp(input, output, bytes));
    return 0;
}
