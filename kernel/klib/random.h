/* SPDX-License-Identifier: MIT */
/*
 * The kernel's random numbers: what a process must not be able to guess, also if
 * it knows every number that was given to itself.
 *
 *      key --ChaCha8--> | new key | 12 numbers, each forgotten as it is given |
 *
 * The key is replaced before any output is used and each number is erased when
 * it goes: who reads the kernel's memory learns nothing of what was given out
 * before. From numbers that were given out there is no way back to the key, nor
 * to others: that is what a stream cipher promises.
 *
 * The key is worth what it was seeded with: RDRAND, 256 bits of it. Without
 * RDRAND it is the time stamp counter, read several times while the machine
 * starts, and the battery clock; who knows when the machine was started and how
 * fast it is has little left to try. See docs/security.md.
 *
 * Source: Bernstein, "ChaCha, a variant of Salsa20" (2008); Bernstein, "Fast-key-
 * erasure random-number generators" (2017); Aumasson, "Too Much Crypto" (2019),
 * for 8 rounds.
 */
#pragma once

#include <stdint.h>

#define RANDOM_KEY_WORDS   8u
#define RANDOM_BLOCK_WORDS 16u

/* One block of the ChaCha8 key stream: @key, block number @counter, nonce 0.
 * Pure. Cost: about 600 instructions. */
void random_block(const uint32_t key[RANDOM_KEY_WORDS], uint64_t counter,
                  uint32_t out[RANDOM_BLOCK_WORDS]);

/* Seed the key. Context: boot, once, before the first process. */
void random_init(void);

/* A random number. Context: any, interrupts off. Cost: two blocks every twelve
 * numbers. */
uint64_t random_u64(void);
