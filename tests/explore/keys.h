/* SPDX-License-Identifier: MIT */
/* A set of 128-bit keys; each has the number that it came as, from 0. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct key {
    uint64_t half[2];
};

struct keys {
    struct key *keys; /* by number */
    uint32_t count;
    uint32_t room;
    uint32_t *slots;     /* number + 1; 0 = empty */
    uint32_t slot_count; /* a power of two */
};

/* Make sure that @key is in the set. Returns its number; *@is_new says whether it
 * was not. */
uint32_t keys_add(struct keys *keys, const struct key *key, bool *is_new);

void keys_free(struct keys *keys);

/* realloc that ends the program rather than fail. */
void *keys_realloc(void *old, uint64_t bytes);
