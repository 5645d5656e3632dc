/* SPDX-License-Identifier: MIT */
/* malloc, realloc, free in a random order; nobody writes into another's block. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 500

static uint32_t state = 42;

static uint32_t
next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

int
main(void)
{
    static unsigned char *block[SLOTS];
    static size_t bytes[SLOTS];
    unsigned long total = 0, wrong = 0;

    for (int i = 0; i < 20000; i++) {
        size_t slot = next() % SLOTS;
        size_t size = next() % (next() % 50 == 0 ? 200000 : 600);
        unsigned char *fresh = realloc(block[slot], size + 1);
        size_t kept = bytes[slot] < size ? bytes[slot] : size;

        if (fresh == NULL) {
            return 1;
        }
        for (size_t j = 0; j < kept; j += 97) {
            wrong += fresh[j] != (unsigned char)slot;
        }
        memset(fresh, (int)slot, size + 1);
        block[slot] = fresh;
        bytes[slot] = size;
        total += size;
        if (next() % 3 == 0) {
            free(block[slot]);
            block[slot] = NULL;
            bytes[slot] = 0;
        }
    }
    for (size_t i = 0; i < SLOTS; i++) {
        free(block[i]);
    }
    printf("%lu bytes, %lu wrong\n", total, wrong);
    return (int)wrong;
}
