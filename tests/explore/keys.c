/* SPDX-License-Identifier: MIT */
/* Open addressing over an array of keys. */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_AT_LEAST (1u << 12)

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

static uint32_t *
keys_slot(const struct keys *keys, const struct key *key)
{
    uint32_t at = (uint32_t)key->half[0] & (keys->slot_count - 1);

    while (keys->slots[at] != 0
           && memcmp(&keys->keys[keys->slots[at] - 1], key, sizeof(*key))
                  != 0) {
        at = (at + 1) & (keys->slot_count - 1);
    }
    return &keys->slots[at];
}

static void
keys_grow(struct keys *keys)
{
    keys->room = keys->room == 0 ? KEYS_AT_LEAST : keys->room * 2;
    keys->keys = keys_realloc(keys->keys, keys->room * sizeof(struct key));
    free(keys->slots);
    keys->slot_count = keys->room * 2;
    keys->slots = keys_realloc(NULL, keys->slot_count * sizeof(uint32_t));
    memset(keys->slots, 0, keys->slot_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < keys->count; i++) {
        *keys_slot(keys, &keys->keys[i]) = i + 1;
    }
}

uint32_t
keys_add(struct keys *keys, const struct key *key, bool *is_new)
{
    uint32_t *slot;

    if (keys->count == keys->room) {
        keys_grow(keys);
    }
    slot = keys_slot(keys, key);
    *is_new = *slot == 0;
    if (*is_new) {
        keys->keys[keys->count] = *key;
        *slot = ++keys->count;
    }
    return *slot - 1;
}

void
keys_free(struct keys *keys)
{
    free(keys->keys);
    free(keys->slots);
}
