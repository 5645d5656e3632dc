/* SPDX-License-Identifier: MIT */
/* Random numbers for property tests. The seed is printed; give it as the first
 * argument to see the same run again. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state = 1;

/* Begin with argv[1], or with the time. */
static inline void
random_seed(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0)
                             : (uint64_t)time(NULL);

    printf("seed %llu\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15ull | 1;
}

/* xorshift64*. */
static inline uint64_t
random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Dull;
}

/* A number below @limit > 0. */
static inline uint64_t
random_below(uint64_t limit)
{
    return (random_next() >> 16) % limit;
}
