/* SPDX-License-Identifier: MIT */
/* Random numbers by a stream cipher that eats its own key. */
#include "random.h"

#include <base/string.h>

#include <arch/cpu.h>
#include <arch/timer.h>

#define RANDOM_ROUNDS  8u
#define RANDOM_NUMBERS 12u
#define RANDOM_SEEDS   4u

/* "expand 32-byte k" */
#define RANDOM_CONSTANTS 0x61707865u, 0x3320646Eu, 0x79622D32u, 0x6B206574u

static uint32_t random_key[RANDOM_KEY_WORDS];
static uint64_t random_numbers[RANDOM_NUMBERS];
static uint32_t random_left;

static inline uint32_t
random_rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

/* The quarter round, on four words of the state. */
static ALWAYS_INLINE void
random_quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b;
    *d = random_rotate(*d ^ *a, 16);
    *c += *d;
    *b = random_rotate(*b ^ *c, 12);
    *a += *b;
    *d = random_rotate(*d ^ *a, 8);
    *c += *d;
    *b = random_rotate(*b ^ *c, 7);
}

void
random_block(const uint32_t key[RANDOM_KEY_WORDS], uint64_t counter,
             uint32_t out[RANDOM_BLOCK_WORDS])
{
    uint32_t start[RANDOM_BLOCK_WORDS] = { RANDOM_CONSTANTS };
    uint32_t x[RANDOM_BLOCK_WORDS];

    memcpy(&start[4], key, RANDOM_KEY_WORDS * sizeof(*key));
    start[12] = (uint32_t)counter;
    start[13] = (uint32_t)(counter >> 32);
    memcpy(x, start, sizeof(x));
    for (unsigned round = 0; round < RANDOM_ROUNDS; round += 2) {
        random_quarter(&x[0], &x[4], &x[8], &x[12]);
        random_quarter(&x[1], &x[5], &x[9], &x[13]);
        random_quarter(&x[2], &x[6], &x[10], &x[14]);
        random_quarter(&x[3], &x[7], &x[11], &x[15]);
        random_quarter(&x[0], &x[5], &x[10], &x[15]);
        random_quarter(&x[1], &x[6], &x[11], &x[12]);
        random_quarter(&x[2], &x[7], &x[8], &x[13]);
        random_quarter(&x[3], &x[4], &x[9], &x[14]);
    }
    for (unsigned i = 0; i < RANDOM_BLOCK_WORDS; i++) {
        out[i] = x[i] + start[i];
    }
}

/* A new key, and twelve numbers. The time goes into the old key first: what it
 * adds to a weak seed is what nobody could foresee of it. */
static NOINLINE void
random_refill(void)
{
    uint32_t out[2 * RANDOM_BLOCK_WORDS];
    uint64_t now = cpu_tsc();

    random_key[0] ^= (uint32_t)now;
    random_key[1] ^= (uint32_t)(now >> 32);
    random_block(random_key, 0, out);
    random_block(random_key, 1, out + RANDOM_BLOCK_WORDS);
    memcpy(random_key, out, sizeof(random_key));
    memcpy(random_numbers, out + RANDOM_KEY_WORDS, sizeof(random_numbers));
    memset(out, 0, sizeof(out));
    __asm__ volatile("" ::"r"(out) : "memory"); /* the zeroes are wanted */
    random_left = RANDOM_NUMBERS;
}

_Static_assert(RANDOM_KEY_WORDS + 2 * RANDOM_NUMBERS == 2 * RANDOM_BLOCK_WORDS,
               "two blocks are a key and the numbers");

uint64_t
random_u64(void)
{
    uint64_t number;

    if (random_left == 0) {
        random_refill();
    }
    random_left--;
    number = random_numbers[random_left];
    random_numbers[random_left] = 0;
    return number;
}

/* Put @word into the key so that every bit of the next depends on it. */
static void
random_stir(uint64_t word)
{
    uint32_t out[RANDOM_BLOCK_WORDS];

    random_key[2] ^= (uint32_t)word;
    random_key[3] ^= (uint32_t)(word >> 32);
    random_block(random_key, 0, out);
    memcpy(random_key, out, sizeof(random_key));
}

void
random_init(void)
{
    for (unsigned i = 0; i < RANDOM_SEEDS; i++) {
        random_stir(cpu_random());
    }
    random_stir(timer_read_calendar());
    random_left = 0;
}
