/* SPDX-License-Identifier: MIT */
/* Open addressing over an array of keys. */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_AT_LEAST (1u << 12)
#define NUMBER_MASK   UINT32_MAX

void *
keys_realloc(void *old, uint64_t bytes)
{
    void *memory = realloc(old, bytes);

    if (memory == NULL) {
        perror("explore");
        exit(2);
    }
    return memory;
}

/* The upper half of a slot's word is taken from the key, so that the key itself
 * need be fetched only to confirm. */
static uint64_t *
keys_slot(const struct keys *keys, const struct key *key)
{
    uint64_t at = key->half[0] & (keys->slot_count - 1);

    while (keys->slots[at] != 0
           && ((keys->slots[at] ^ key->half[1]) > NUMBER_MASK
               || memcmp(&keys->keys[(keys->slots[at] & NUMBER_MASK) - 1], key,
                         sizeof(*key))
                      != 0)) {
        at = (at + 1) & (keys->slot_count - 1);
    }
    return &keys->slots[at];
}

static void
keys_put(const struct keys *keys, uint32_t number)
{
    const struct key *key = &keys->keys[number];

    *keys_slot(keys, key) = (key->half[1] & ~(uint64_t)NUMBER_MASK)
                            | (number + 1);
}

static void
keys_grow(struct keys *keys)
{
    keys->room = keys->room == 0 ? KEYS_AT_LEAST : keys->room * 2;
    keys->keys = keys_realloc(keys->keys, keys->room * sizeof(struct key));
    free(keys->slots);
    keys->slot_count = (uint64_t)keys->room * 2;
    keys->slots = calloc(keys->slot_count, sizeof(uint64_t));
    if (keys->slots == NULL) {
        perror("explore");
        exit(2);
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        keys_put(keys, i);
    }
}

uint32_t
keys_add(struct keys *keys, const struct key *key, bool *is_new)
{
    const uint64_t *slot;

    if (keys->count == keys->room) {
        keys_grow(keys);
    }
    slot = keys_slot(keys, key);
    *is_new = *slot == 0;
    if (*is_new) {
        keys->keys[keys->count] = *key;
        keys_put(keys, keys->count++);
        return keys->count - 1;
    }
    return (uint32_t)(*slot & NUMBER_MASK) - 1;
}

void
keys_free(struct keys *keys)
{
    free(keys->keys);
    free(keys->slots);
}
