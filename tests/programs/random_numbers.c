/* SPDX-License-Identifier: MIT */
/* The Mersenne twister: its first numbers, and what statistics say of them. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static uint32_t state[624];
static int at = 624;

static void
seed(uint32_t x)
{
    for (int i = 0; i < 624; i++) {
        state[i] = x;
        x = 1812433253u * (x ^ x >> 30) + (uint32_t)i + 1;
    }
}

static uint32_t
next(void)
{
    uint32_t y;

    if (at == 624) {
        for (int i = 0; i < 624; i++) {
            y = (state[i] & 0x80000000u) | (state[(i + 1) % 624] & 0x7FFFFFFFu);
            state[i] = state[(i + 397) % 624] ^ y >> 1
                       ^ (0x9908B0DFu & -(y & 1));
        }
        at = 0;
    }
    y = state[at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    return y ^ y >> 18;
}

int
main(void)
{
    int buckets[16] = { 0 }, inside = 0;
    double mean = 0, chi = 0;

    seed(5489);
    for (int i = 0; i < 5; i++) {
        printf("%u ", next());
    }
    putchar('\n');
    for (int i = 0; i < 100000; i++) {
        double x = next() / 4294967296.0, y = next() / 4294967296.0;

        inside += x * x + y * y < 1;
        mean += x;
        buckets[(int)(x * 16)]++;
    }
    for (int i = 0; i < 16; i++) {
        chi += pow(buckets[i] - 6250, 2) / 6250;
    }
    printf("%.6f %.5f %.5f\n", mean / 100000, inside / 25000.0, chi);
    return 0;
}
