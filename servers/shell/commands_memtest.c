/* SPDX-License-Identifier: MIT */
/*
 * memtest: the shell's own malloc, whose pages come from the pager.
 *
 * Every block is written with a pattern that depends on the block, and read
 * back before it is freed, when all the others have been written too.
 */
#include <libsecos/stdio.h>
#include <libsecos/stdlib.h>

#include "commands.h"

#define MEMTEST_BLOCKS 5
#define MEMTEST_BYTES  1024

static int memtest_failures;

/* One line of the report. Returns @good. */
static bool
memtest_line(bool good, const char *what, uint64_t number, const char *end)
{
    printf("  [%s] %s %lu%s\n", good ? "OK" : "FAIL", what, number, end);
    memtest_failures += good ? 0 : 1;
    return good;
}

static uint8_t
memtest_pattern(uint64_t seed, size_t offset)
{
    return (uint8_t)(seed * 37 + offset + (offset >> 8));
}

static void
memtest_write(uint8_t *block, size_t bytes, uint64_t seed)
{
    for (size_t i = 0; i < bytes; i++) {
        block[i] = memtest_pattern(seed, i);
    }
}

static bool
memtest_is_intact(const uint8_t *block, size_t bytes, uint64_t seed)
{
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != memtest_pattern(seed, i)) {
            return false;
        }
    }
    return true;
}

static void
memtest_allocate(uint8_t *blocks[MEMTEST_BLOCKS])
{
    for (uint64_t i = 0; i < MEMTEST_BLOCKS; i++) {
        blocks[i] = malloc(MEMTEST_BYTES);
        if (blocks[i] != NULL) {
            memtest_write(blocks[i], MEMTEST_BYTES, i);
        }
        memtest_line(blocks[i] != NULL, "Block", i + 1, " allocated");
    }
}

static void
memtest_free(uint8_t *blocks[MEMTEST_BLOCKS])
{
    for (uint64_t i = 0; i < MEMTEST_BLOCKS; i++) {
        bool intact = blocks[i] != NULL
                      && memtest_is_intact(blocks[i], MEMTEST_BYTES, i);

        free(blocks[i]);
        memtest_line(intact, "Block", i + 1, " freed");
    }
}

static void
memtest_large(void)
{
    static const uint64_t sizes_kb[] = { 16, 64, 1024 };

    for (size_t i = 0; i < sizeof(sizes_kb) / sizeof(sizes_kb[0]); i++) {
        size_t bytes = sizes_kb[i] * 1024;
        uint8_t *block = malloc(bytes);
        bool good = false;

        if (block != NULL) {
            memtest_write(block, bytes, i);
            good = memtest_is_intact(block, bytes, i);
        }
        free(block);
        memtest_line(good, "Block of", sizes_kb[i], "KB written and read back");
    }
}

static void
memtest_aligned(void)
{
    for (uint64_t alignment = 64; alignment <= 65536; alignment *= 32) {
        uint8_t *block = aligned_alloc(alignment, MEMTEST_BYTES);
        bool good = block != NULL && (uintptr_t)block % alignment == 0;

        if (block != NULL) {
            memtest_write(block, MEMTEST_BYTES, alignment);
            good = good && memtest_is_intact(block, MEMTEST_BYTES, alignment);
        }
        free(block);
        memtest_line(good, "Block at a multiple of", alignment, " bytes");
    }
}

/* Freed memory is handed out again, and its neighbours do not notice. */
static void
memtest_reuse(void)
{
    uint8_t *blocks[MEMTEST_BLOCKS];

    for (uint64_t i = 0; i < MEMTEST_BLOCKS; i++) {
        blocks[i] = malloc(MEMTEST_BYTES);
        if (blocks[i] != NULL) {
            memtest_write(blocks[i], MEMTEST_BYTES, i);
        }
    }
    for (uint64_t i = 1; i < MEMTEST_BLOCKS; i += 2) {
        free(blocks[i]);
        blocks[i] = malloc(MEMTEST_BYTES);
        if (blocks[i] != NULL) {
            memtest_write(blocks[i], MEMTEST_BYTES, i);
        }
    }
    for (uint64_t i = 0; i < MEMTEST_BLOCKS; i++) {
        bool intact = blocks[i] != NULL
                      && memtest_is_intact(blocks[i], MEMTEST_BYTES, i);

        free(blocks[i]);
        memtest_line(intact, "Block", i + 1, " intact after reuse");
    }
}

int
command_memtest(const struct invocation *invocation)
{
    uint8_t *blocks[MEMTEST_BLOCKS];

    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    memtest_failures = 0;
    printf("\nMemory allocation test...\n");
    printf("Test 1: Allocating 5 blocks of 1KB...\n");
    memtest_allocate(blocks);
    printf("Test 2: Freeing blocks...\n");
    memtest_free(blocks);
    printf("Test 3: Large blocks...\n");
    memtest_large();
    printf("Test 4: Aligned blocks...\n");
    memtest_aligned();
    printf("Test 5: Reusing freed blocks...\n");
    memtest_reuse();
    printf("Test completed!\n\n");
    return memtest_failures == 0 ? COMMAND_OK : COMMAND_FAILED;
}
