/* SPDX-License-Identifier: MIT */
/*
 * A set of 128-bit keys; each has the number that it came as, from 0.
 *
 * A key stands for a description of a few hundred bytes, of which nothing else is
 * kept. Were two descriptions to have one key, the second state would be taken for
 * the first and never be looked at. For hashes that are as good as random the odds
 * that this happened anywhere among n states are below n * n / 2^129: for 10^8
 * states 10^-23.
 */
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
    uint64_t *slots;     /* half of the key, and number + 1; 0 = empty */
    uint64_t slot_count; /* a power of two */
};

/* Make sure that @key is in the set. Returns its number; *@is_new says whether it
 * was not. */
uint32_t keys_add(struct keys *keys, const struct key *key, bool *is_new);

void keys_free(struct keys *keys);

/* realloc that ends the program rather than fail. */
void *keys_realloc(void *old, uint64_t bytes);
