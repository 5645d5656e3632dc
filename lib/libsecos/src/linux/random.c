/* SPDX-License-Identifier: MIT */
/*
 * getrandom: ChaCha20 over what the kernel gave this process at its birth, and a
 * count of the blocks made so far.
 *
 * Source: RFC 8439, "ChaCha20 and Poly1305 for IETF Protocols" (section 2.3).
 */
#include <stddef.h>

#include <base/string.h>

#include <libsecos/process.h>

#include "linux.h"

#define RANDOM_WORDS  16u
#define RANDOM_BYTES  (RANDOM_WORDS * sizeof(uint32_t))
#define RANDOM_ROUNDS 20
/* Linux gives no more at once without checking for signals. */
#define RANDOM_MOST 0x1FFFFFFu

static uint64_t random_blocks;

static uint32_t
random_turn(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static void
random_quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b;
    *d = random_turn(*d ^ *a, 16);
    *c += *d;
    *b = random_turn(*b ^ *c, 12);
    *a += *b;
    *d = random_turn(*d ^ *a, 8);
    *c += *d;
    *b = random_turn(*b ^ *c, 7);
}

static void
random_rounds(uint32_t x[RANDOM_WORDS])
{
    for (int i = 0; i < RANDOM_ROUNDS; i += 2) {
        for (unsigned j = 0; j < 4; j++) { /* columns */
            random_quarter(&x[j], &x[4 + j], &x[8 + j], &x[12 + j]);
        }
        for (unsigned j = 0; j < 4; j++) { /* diagonals */
            random_quarter(&x[j], &x[4 + (j + 1) % 4], &x[8 + (j + 2) % 4],
                           &x[12 + (j + 3) % 4]);
        }
    }
}

/* The key is the kernel's 16 bytes twice; the counter is the block's number. */
static void
random_block(uint32_t out[RANDOM_WORDS])
{
    uint32_t state[RANDOM_WORDS] = { 0x61707865, 0x3320646E, 0x79622D32,
                                     0x6B206574 };
    uint64_t number = __atomic_fetch_add(&random_blocks, 1, __ATOMIC_RELAXED);

    memcpy(&state[4], process_started->random, 16);
    memcpy(&state[8], process_started->random, 16);
    memcpy(&state[12], &number, sizeof(number));
    memcpy(out, state, RANDOM_BYTES);
    random_rounds(out);
    for (unsigned i = 0; i < RANDOM_WORDS; i++) {
        out[i] += state[i];
    }
}

/* getrandom(buffer, bytes, flags) */
int64_t
linux_getrandom(struct linux_call *call)
{
    char *to = (char *)(uintptr_t)call->a;
    uint64_t bytes = call->b < RANDOM_MOST ? call->b : RANDOM_MOST;
    uint64_t done = 0;

    while (done < bytes) {
        uint32_t block[RANDOM_WORDS];
        uint64_t count = bytes - done;

        count = count < RANDOM_BYTES ? count : RANDOM_BYTES;
        random_block(block);
        memcpy(to + done, block, count);
        done += count;
    }
    return (int64_t)done;
}
