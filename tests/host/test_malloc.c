/* SPDX-License-Identifier: MIT */
/*
 * libsecos malloc over pages that the test supplies.
 *
 * Claims: blocks are aligned, distinct and keep their bytes; a refusal at any
 * page makes the call return NULL and changes nothing; after freeing everything
 * only the little that heap_chunk.h promises to keep is held; a damaged or
 * foreign block is named and ends the program.
 */
#include <setjmp.h>
#include <string.h>

#include <sys/mman.h>

#include "check.h"
#include "lib/libsecos/src/heap_chunk.h"
#include "lib/libsecos/src/heap_pages.h"

/* malloc.c, and this file with it, is compiled with -Dmalloc=secos_malloc and
 * so on: the host has a malloc of its own, which the sanitizers need. */

/* ---- pages ---------------------------------------------------------------- */

static uint64_t fill_budget = UINT64_MAX;
static uint64_t pages_reserved;
static uint64_t pages_filled;
static int places_taken;

uint64_t
heap_pages_first(void)
{
    return HEAP_PAGES_BASE;
}

bool
heap_pages_reserve(uint64_t base, uint64_t pages, bool *taken)
{
    void *got;

    *taken = false;
    if (places_taken > 0) {
        places_taken--;
        *taken = true;
        return false;
    }
    got =
        mmap((void *)base, pages * 4096, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
             -1, 0);
    if (got != (void *)base) {
        return false;
    }
    pages_reserved += pages;
    return true;
}

bool
heap_pages_fill(uint64_t base, uint64_t pages)
{
    if (fill_budget < pages) {
        return false;
    }
    fill_budget -= pages;
    pages_filled += pages;
    /* Old bytes, not zero: malloc must not depend on them. */
    mprotect((void *)base, pages * 4096, PROT_READ | PROT_WRITE);
    memset((void *)base, 0xA5, pages * 4096);
    return true;
}

bool
heap_pages_guard(uint64_t address)
{
    return mprotect((void *)address, 4096, PROT_NONE) == 0;
}

void
heap_pages_release(uint64_t base, uint64_t pages)
{
    munmap((void *)base, pages * 4096);
    pages_reserved -= pages;
}

/* ---- the rest of the environment -------------------------------------------- */

const void *process_started;
int errno;
static char said[512];
static jmp_buf ended;

int64_t
console_write_all(uint32_t console, const void *buffer, uint64_t bytes)
{
    (void)console;
    memcpy(said, buffer, bytes < sizeof(said) ? bytes : sizeof(said) - 1);
    return 0;
}

_Noreturn void
abort(void)
{
    longjmp(ended, 1);
}

#define CHECK_ABORTS(statement, text)          \
    do {                                       \
        memset(said, 0, sizeof(said));         \
        if (setjmp(ended) == 0) {              \
            statement;                         \
            CHECK(!"must abort");              \
        } else {                               \
            CHECK(strstr(said, text) != NULL); \
        }                                      \
    } while (0)

/* ---- tests -------------------------------------------------------------------- */

TEST(every_size_is_aligned_and_keeps_its_bytes)
{
    static unsigned char *blocks[700];

    for (size_t i = 0; i < 700; i++) {
        size_t bytes = i * 13;

        blocks[i] = malloc(bytes);
        CHECK(blocks[i] != NULL);
        CHECK_EQ((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, bytes);
    }
    for (size_t i = 0; i < 700; i++) {
        for (size_t k = 0; k < i * 13; k++) {
            if (blocks[i][k] != (unsigned char)i) {
                CHECK(!"a block lost its bytes");
                break;
            }
        }
        free(blocks[i]);
    }
    CHECK_EQ(slab_stats.blocks, 0);
    CHECK_EQ(slab_stats.frames, 0);
    CHECK(heap_chunk_held_bytes() <= 16 * 4096);
    CHECK(heap_chunk_count() <= 1);
}

TEST(blocks_of_many_mib_come_and_go)
{
    static const size_t sizes[] = { 0x40000, 0x7E000,  0x7F000,  0x80000,
                                    0xFD000, 0xFDFF8,  0xFE000,  0xFEFF8,
                                    0xFF000, 0x100000, 0x1000000 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        unsigned char *block = malloc(sizes[i]);

        CHECK(block != NULL);
        memset(block, 0x11, sizes[i]);
        free(block);
    }
    CHECK_EQ(slab_stats.blocks, 0);
    CHECK(pages_reserved <= 256);
}

TEST(impossible_sizes_are_refused)
{
    /* Volatile: the compiler knows these calls to be wrong, and says so. */
    volatile size_t most = SIZE_MAX;
    volatile size_t half = 1ull << 33;

    CHECK(malloc(most) == NULL);
    CHECK(malloc(most - 4096) == NULL);
    CHECK(malloc(1ull << 46) == NULL);
    CHECK(calloc(half, half) == NULL);
    CHECK(aligned_alloc(3, 64) == NULL);
    CHECK(aligned_alloc(0, 64) == NULL);
}

TEST(every_alignment_up_to_half_a_mib)
{
    for (size_t alignment = 1; alignment <= 0x80000; alignment *= 2) {
        for (size_t bytes = 1; bytes <= 0x100000; bytes = bytes * 3 + 1) {
            char *block = aligned_alloc(alignment, bytes);

            CHECK(block != NULL);
            CHECK_EQ((uintptr_t)block % alignment, 0);
            memset(block, 0x22, bytes);
            free(block);
        }
    }
    CHECK_EQ(slab_stats.blocks, 0);
}

TEST(calloc_zeroes_used_memory)
{
    unsigned char *block = malloc(300);

    memset(block, 0xFF, 300);
    free(block);
    block = calloc(3, 100);
    for (int i = 0; i < 300; i++) {
        CHECK_EQ(block[i], 0);
    }
    free(block);
}

TEST(realloc_keeps_the_common_bytes)
{
    unsigned char *block = NULL;

    for (size_t bytes = 1; bytes < 3000000; bytes = bytes * 2 + 1) {
        block = realloc(block, bytes);
        CHECK(block != NULL);
        CHECK(bytes == 1 || block[bytes / 2 - 1] == (unsigned char)(bytes / 2));
        block[bytes - 1] = (unsigned char)bytes;
    }
    block = realloc(block, 1);
    CHECK(block != NULL);
    free(block);
    free(NULL);
}

/* Refuse the nth page for every n: NULL, and nothing changed or lost. */
TEST(a_refused_page_is_null_and_not_an_end)
{
    static const size_t sizes[] = { 1, 64, 4088, 5000, 200000, 3000000 };

    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
        for (uint64_t budget = 0;; budget++) {
            void *block;

            fill_budget = budget;
            block = malloc(sizes[s]);
            fill_budget = UINT64_MAX;
            CHECK_EQ(slab_check(), 0);
            if (block != NULL) {
                memset(block, 1, sizes[s]);
                free(block);
                break;
            }
            CHECK_EQ(slab_stats.blocks, 0);
            CHECK(pages_reserved <= 256);
            CHECK(budget < 5000);
        }
        /* Start the next size from an empty heap. */
        CHECK(heap_chunk_count() <= 1);
    }
}

TEST(a_taken_place_is_stepped_over)
{
    void *block;

    places_taken = 3;
    block = malloc(2000000);
    CHECK(block != NULL);
    free(block);
    places_taken = 1000;
    CHECK(malloc(2000000) == NULL);
    places_taken = 0;
}

/* Out of line: the sanitizers know what malloc's blocks may hold. */
static void __attribute__((noinline, noclone))
damage(char *block, size_t offset)
{
    block[offset] ^= 1;
}

TEST(damage_is_named)
{
    char *volatile keep = malloc(100);
    char *block = malloc(100);
    char *large = malloc(10000);
    char *huge = malloc(2000000);
    int on_the_stack;

    damage(block, 100);
    CHECK_ABORTS(free(block), "written beyond its end");
    damage(block, 100);
    free(block);
    CHECK_ABORTS(free(block), "freed twice");
    CHECK_ABORTS(free(keep + 16), "address inside it");
    CHECK_ABORTS(free(&on_the_stack), "not allocated, or freed already");
    CHECK_ABORTS(free(large + 16), "address inside it");
    CHECK_ABORTS(free(large + 4096), "not allocated, or freed already");
    CHECK_ABORTS(free(huge + 0x100000), "not allocated, or freed already");
    CHECK_ABORTS(keep = realloc(keep + 1, 5), "address inside it");
    damage(large, 10000);
    CHECK_ABORTS(free(large), "written beyond its end");
    damage(large, 10000);
    free(large);
    free(huge);
    free(keep);
    CHECK_EQ(slab_check(), 0);
    CHECK_EQ(slab_stats.blocks, 0);
}

TEST(random_churn_ends_with_nothing_held)
{
    static struct {
        unsigned char *at;
        size_t bytes;
    } live[300];
    uint64_t seed = 12345;

    for (int step = 0; step < 40000; step++) {
        size_t i;
        size_t bytes;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        i = (seed >> 33) % 300;
        bytes = (seed >> 45) % (step % 50 == 0 ? 600000 : 3000);
        if (live[i].at != NULL) {
            CHECK_EQ(live[i].at[0], (unsigned char)i);
            CHECK_EQ(live[i].at[live[i].bytes], (unsigned char)(i + 1));
            free(live[i].at);
            live[i].at = NULL;
            continue;
        }
        live[i].at = malloc(bytes + 1);
        live[i].bytes = bytes;
        live[i].at[0] = (unsigned char)i;
        live[i].at[bytes] = (unsigned char)(i + (bytes == 0 ? 0 : 1));
        if (bytes == 0) {
            free(live[i].at);
            live[i].at = NULL;
        }
    }
    CHECK_EQ(slab_check(), 0);
    for (int i = 0; i < 300; i++) {
        free(live[i].at);
    }
    CHECK_EQ(slab_stats.blocks, 0);
    CHECK_EQ(slab_stats.frames, 0);
    CHECK(pages_reserved <= 256);
    CHECK(heap_chunk_held_bytes() <= 16 * 4096);
}

TEST(trim_leaves_nothing)
{
    free(malloc(10));
    CHECK(heap_chunk_held_bytes() > 0);
    heap_chunk_trim();
    CHECK_EQ(heap_chunk_held_bytes(), 0);
    CHECK_EQ(heap_chunk_count(), 0);
    CHECK_EQ(pages_reserved, 0);
    heap_chunk_trim();
    free(malloc(10));
}

int
main(void)
{
    RUN(every_size_is_aligned_and_keeps_its_bytes);
    RUN(blocks_of_many_mib_come_and_go);
    RUN(impossible_sizes_are_refused);
    RUN(every_alignment_up_to_half_a_mib);
    RUN(calloc_zeroes_used_memory);
    RUN(realloc_keeps_the_common_bytes);
    RUN(a_refused_page_is_null_and_not_an_end);
    RUN(a_taken_place_is_stepped_over);
    RUN(damage_is_named);
    RUN(random_churn_ends_with_nothing_held);
    RUN(trim_leaves_nothing);
    return CHECK_REPORT();
}
