/* SPDX-License-Identifier: MIT */
/*
 * memstress: the shell's malloc under everything at once, from a seed that is
 * printed, so that the same run can be had again.
 *
 * Each block is filled with words that depend on the block, and read back
 * before it is freed. The last two tests take all memory that the pager gives:
 * malloc must then say ENOMEM, and afterwards give as much again.
 */
#include <base/compiler.h>

#include <libsecos/errno.h>
#include <libsecos/process.h>
#include <libsecos/stdio.h>
#include <libsecos/stdlib.h>

#include "commands.h"

#define STRESS_STEPS      4000u
#define STRESS_SLOTS      256u
#define STRESS_BLOCK_BITS 18u /* blocks are smaller than 256 KiB */
#define STRESS_ALIGN_BITS \
    17u /* ... and than 128 KiB, where alignment matters */
#define STRESS_EAT_BYTES 0x40000u

struct stress_block {
    uint64_t *words;
    size_t bytes;
    uint64_t pattern;
};

static struct stress_block stress_blocks[STRESS_SLOTS];
static uint64_t stress_state;
static int stress_failures;

/* xorshift64*. */
static uint64_t
stress_random(void)
{
    stress_state ^= stress_state >> 12;
    stress_state ^= stress_state << 25;
    stress_state ^= stress_state >> 27;
    return stress_state * 0x2545F4914F6CDD1Dull;
}

/* A size of up to @bits bits, each number of bits as likely. */
static size_t
stress_size(unsigned bits)
{
    uint64_t random = stress_random();

    return 1 + (random >> 8 & ((1ull << (random % bits + 1)) - 1)) / 2;
}

static void
stress_line(bool good, const char *what)
{
    printf("  [%s] %s\n", good ? "OK" : "FAIL", what);
    stress_failures += good ? 0 : 1;
}

/* ---- blocks --------------------------------------------------------------- */

/* Make @memory, which may be NULL, what @block is. Returns false for NULL. */
static bool
stress_fill(struct stress_block *block, void *memory, size_t bytes)
{
    if (memory == NULL) {
        return false;
    }
    block->words = memory;
    block->bytes = bytes;
    block->pattern = stress_random();
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++) {
        block->words[i] = block->pattern + i;
    }
    return true;
}

/* Whether @block, which may be none, holds what was written; then free it. */
static bool
stress_drop(struct stress_block *block)
{
    bool good = true;

    for (size_t i = 0; i < block->bytes / sizeof(uint64_t); i++) {
        good = good && block->words[i] == block->pattern + i;
    }
    free(block->words);
    *block = (struct stress_block){ .words = NULL };
    return good;
}

static bool
stress_drop_all(void)
{
    bool good = true;

    for (size_t i = 0; i < STRESS_SLOTS; i++) {
        good = stress_drop(&stress_blocks[i]) && good;
    }
    return good;
}

/* ---- tests ---------------------------------------------------------------- */

/* Blocks come and go at random; each keeps what it was given. */
static bool
stress_sizes(void)
{
    bool good = true;

    for (unsigned step = 0; step < STRESS_STEPS; step++) {
        struct stress_block *block =
            &stress_blocks[stress_random() % STRESS_SLOTS];
        size_t bytes = stress_size(STRESS_BLOCK_BITS);

        if (block->words != NULL) {
            good = stress_drop(block) && good;
        } else {
            good = stress_fill(block, malloc(bytes), bytes) && good;
        }
    }
    return stress_drop_all() && good;
}

static bool
stress_aligned(void)
{
    bool good = true;

    for (size_t i = 0; i < STRESS_SLOTS; i++) {
        size_t alignment = 16ull << stress_random() % (STRESS_ALIGN_BITS - 4);
        size_t bytes = stress_size(STRESS_ALIGN_BITS);
        void *memory = aligned_alloc(alignment, bytes);

        good = stress_fill(&stress_blocks[i], memory, bytes)
               && (uintptr_t)memory % alignment == 0 && good;
    }
    return stress_drop_all() && good;
}

/* What is freed is used again: the heap holds no more than before. */
static bool
stress_reuse(void)
{
    struct malloc_stats full;
    struct malloc_stats again;
    bool good = true;

    for (size_t i = 0; i < STRESS_SLOTS; i++) {
        size_t bytes = 64 + 16 * (i % 60);

        good = stress_fill(&stress_blocks[i], malloc(bytes), bytes) && good;
    }
    malloc_get_stats(&full);
    for (size_t i = 1; i < STRESS_SLOTS; i += 2) {
        size_t bytes = stress_blocks[i].bytes;

        good = stress_drop(&stress_blocks[i]) && good;
        good = stress_fill(&stress_blocks[i], malloc(bytes), bytes) && good;
    }
    malloc_get_stats(&again);
    return stress_drop_all() && good && again.held_bytes == full.held_bytes
           && again.used_bytes == full.used_bytes;
}

/* Take blocks until there are no more, and give all back. Returns how many there
 * were; *refused tells whether malloc then said why. */
static uint64_t
stress_eat(bool *refused)
{
    uint64_t **blocks = NULL;
    uint64_t **block;
    uint64_t count = 0;

    errno = 0;
    while ((block = malloc(STRESS_EAT_BYTES)) != NULL) {
        *block = (uint64_t *)blocks;
        blocks = block;
        count++;
    }
    *refused = errno == ENOMEM;
    while (blocks != NULL) {
        block = (uint64_t **)*blocks;
        free(blocks);
        blocks = block;
    }
    return count;
}

static void
stress_exhaust(void)
{
    bool refused;
    bool refused_again;
    uint64_t first = stress_eat(&refused);
    uint64_t second = stress_eat(&refused_again);

    stress_line(first > 0 && refused, "all memory taken, then ENOMEM");
    stress_line(second == first && refused_again, "all of it taken once more");
    printf("       %lu blocks of %u KB\n", first, STRESS_EAT_BYTES / 1024);
}

int
command_memstress(const struct invocation *invocation)
{
    struct malloc_stats before;
    struct malloc_stats after;
    uint64_t seed = process_clock() % 1000000;

    if (invocation->count > 2
        || (invocation->count == 2
            && !command_number(invocation->words[1], &seed))) {
        return command_usage(invocation);
    }
    printf("\nMemory stress, seed %lu...\n", seed);
    stress_state = seed * 0x9E3779B97F4A7C15ull | 1;
    stress_failures = 0;
    malloc_get_stats(&before);
    stress_line(stress_sizes(), "random sizes up to 128 KB, read back");
    stress_line(stress_aligned(), "random alignments up to 64 KB");
    stress_line(stress_reuse(), "freed blocks are used again");
    stress_exhaust();
    malloc_get_stats(&after);
    stress_line(after.used_bytes == before.used_bytes, "everything given back");
    printf("Stress completed!\n\n");
    return stress_failures == 0 ? COMMAND_OK : COMMAND_FAILED;
}
