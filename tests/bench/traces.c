/* SPDX-License-Identifier: MIT */
/* The traces themselves: see traces.h. */
#include "traces.h"

#include <base/align.h>
#include <base/compiler.h>

#include <klib/kassert.h>
#include <mm/heap.h>
#include <mm/pmm.h>

#define TRACE_ROUNDS     16u /* of churn, before 2 MiB frames are counted */
#define TRACE_PAIRS      65536u
#define TRACE_LARGE_RUNS 64u
#define TRACE_SLOTS      16384u /* live blocks of a heap trace */
#define TRACE_SIZES      4096u

static void *trace_held[TRACE_FRAMES_MAX];
static uint32_t trace_count;
static uint32_t trace_sizes[TRACE_SIZES];
static uint64_t trace_state;

/* xorshift64*, from the same seed for each trace. */
static inline uint64_t
trace_random(void)
{
    trace_state ^= trace_state >> 12;
    trace_state ^= trace_state << 25;
    trace_state ^= trace_state >> 27;
    return trace_state * 0x2545F4914F6CDD1Dull;
}

static inline uint32_t
trace_below(uint32_t limit)
{
    return (uint32_t)((trace_random() >> 32) * limit >> 32);
}

static void
trace_seed(void)
{
    trace_state = 0x5EC05u;
}

/* What an empty loop has in place of a call: it neither goes away nor knows what
 * it got. */
static ALWAYS_INLINE void *
trace_nothing(void *p)
{
    __asm__ volatile("" : "+r"(p)::"memory");
    return p;
}

/* ---- frames ------------------------------------------------------------- */

static void
trace_fill(UNUSED uint32_t argument)
{
    void *frame;

    for (trace_count = 0; trace_count < TRACE_FRAMES_MAX; trace_count++) {
        frame = pmm_alloc_frame();
        if (frame == NULL) {
            return;
        }
        trace_held[trace_count] = frame;
    }
}

static void
trace_empty(void)
{
    while (trace_count > 0) {
        pmm_free_frame(trace_held[--trace_count]);
    }
}

static void
trace_shuffle(void)
{
    for (uint32_t i = trace_count - 1; i > 0; i--) {
        uint32_t j = trace_below(i + 1);
        void *other = trace_held[j];

        trace_held[j] = trace_held[i];
        trace_held[i] = other;
    }
}

/* Replace frames picked at random, one by one. */
static ALWAYS_INLINE uint64_t
trace_replace(uint32_t pairs, bool is_real)
{
    for (uint32_t n = 0; n < pairs; n++) {
        void **held = &trace_held[trace_below(trace_count)];

        if (is_real) {
            pmm_free_frame(*held);
            *held = pmm_alloc_frame();
        } else {
            *held = trace_nothing(*held);
        }
    }
    return pairs;
}

/* All frames in use, then as many freed at random as leave @percent of them,
 * and each of those replaced once: a machine that has run for long. */
static void
trace_age(uint32_t percent)
{
    uint32_t stay;

    trace_seed();
    trace_fill(0);
    trace_shuffle();
    stay = trace_count * percent / 100;
    while (trace_count > stay) {
        pmm_free_frame(trace_held[--trace_count]);
    }
    (void)trace_replace(trace_count, true);
    trace_seed();
}

static NOINLINE uint64_t
trace_churn(void)
{
    return trace_replace(TRACE_PAIRS, true);
}

static NOINLINE uint64_t
trace_churn_empty(void)
{
    return trace_replace(TRACE_PAIRS, false);
}

/* Every frame taken in order, and given back in order. */
static ALWAYS_INLINE uint64_t
trace_in_order(bool is_real)
{
    uint32_t frames = trace_count;

    for (uint32_t i = 0; i < frames; i++) {
        trace_held[i] = is_real ? pmm_alloc_frame()
                                : trace_nothing(trace_held[i]);
    }
    for (uint32_t i = 0; i < frames; i++) {
        if (is_real) {
            pmm_free_frame(trace_held[i]);
        } else {
            (void)trace_nothing(trace_held[i]);
        }
    }
    return frames;
}

static NOINLINE uint64_t
trace_seq(void)
{
    return trace_in_order(true);
}

static NOINLINE uint64_t
trace_seq_empty(void)
{
    return trace_in_order(false);
}

/* Learn how many frames there are; then all are free. */
static void
trace_seq_prepare(UNUSED uint32_t argument)
{
    uint32_t frames;

    trace_fill(0);
    frames = trace_count;
    trace_empty();
    trace_count = frames;
}

static void
trace_forget(void)
{
    trace_count = 0;
}

/* ---- 2 MiB frames ------------------------------------------------------- */

static uint32_t
trace_take_large(void)
{
    uint32_t count = 0;

    while (count < TRACE_FRAMES_MAX
           && (trace_held[count] = pmm_alloc_large()) != NULL) {
        count++;
    }
    return count;
}

static void
trace_huge_prepare(UNUSED uint32_t argument)
{
    trace_count = trace_take_large();
    for (uint32_t i = 0; i < trace_count; i++) {
        pmm_free_large(trace_held[i]);
    }
}

static ALWAYS_INLINE uint64_t
trace_large(bool is_real)
{
    for (uint32_t n = 0; n < TRACE_LARGE_RUNS; n++) {
        for (uint32_t i = 0; i < trace_count; i++) {
            trace_held[i] = is_real ? pmm_alloc_large()
                                    : trace_nothing(trace_held[i]);
        }
        for (uint32_t i = 0; i < trace_count; i++) {
            if (is_real) {
                pmm_free_large(trace_held[i]);
            } else {
                (void)trace_nothing(trace_held[i]);
            }
        }
    }
    return (uint64_t)trace_count * TRACE_LARGE_RUNS;
}

static NOINLINE uint64_t
trace_huge(void)
{
    return trace_large(true);
}

static NOINLINE uint64_t
trace_huge_empty(void)
{
    return trace_large(false);
}

uint64_t
trace_recovery(uint32_t percent)
{
    uint64_t ideal;
    uint32_t large;
    uint32_t held;

    trace_seed();
    trace_fill(0);
    trace_shuffle();
    held = trace_count * percent / 100;
    while (trace_count > held) {
        pmm_free_frame(trace_held[--trace_count]);
    }
    for (uint32_t round = 0; round < TRACE_ROUNDS; round++) {
        (void)trace_replace(held, true);
    }
    ideal = pmm_count(FRAME_FREE) / PMM_LARGE_FRAMES;
    /* Behind the frames that stay, in the same array. */
    for (large = 0; held + large < TRACE_FRAMES_MAX; large++) {
        trace_held[held + large] = pmm_alloc_large();
        if (trace_held[held + large] == NULL) {
            break;
        }
    }
    for (uint32_t i = 0; i < large; i++) {
        pmm_free_large(trace_held[held + i]);
    }
    trace_empty();
    return 100 * large / ideal;
}

/* ---- heap --------------------------------------------------------------- */

/* A size between 2^@low and 2^@high, each power of two as likely. */
static uint32_t
trace_size(uint32_t low, uint32_t high)
{
    uint32_t base = 1u << (low + trace_below(high - low));

    return base + trace_below(base);
}

/* @blocks of all sizes live beside the trace, as they do in a kernel. */
static void
trace_heap_prepare(uint32_t blocks)
{
    trace_seed();
    for (uint32_t i = 0; i < TRACE_SIZES; i++) {
        trace_sizes[i] = trace_size(4, 11);
    }
    for (trace_count = 0; trace_count < blocks; trace_count++) {
        trace_held[trace_count] =
            kmalloc(trace_sizes[trace_count % TRACE_SIZES]);
        KASSERT(trace_held[trace_count] != NULL);
    }
    trace_seed();
}

static void
trace_heap_finish(void)
{
    while (trace_count > 0) {
        kfree(trace_held[--trace_count]);
    }
}

static NOINLINE uint64_t
trace_tight(void)
{
    for (uint32_t i = 0; i < TRACE_PAIRS; i++) {
        kfree(kmalloc(64));
    }
    return TRACE_PAIRS;
}

static NOINLINE uint64_t
trace_tight_empty(void)
{
    for (uint32_t i = 0; i < TRACE_PAIRS; i++) {
        (void)trace_nothing(NULL);
    }
    return TRACE_PAIRS;
}

static ALWAYS_INLINE uint64_t
trace_mix(bool is_real)
{
    for (uint32_t n = 0; n < TRACE_PAIRS; n++) {
        void **held = &trace_held[trace_below(trace_count)];
        uint32_t bytes = trace_sizes[n % TRACE_SIZES];

        if (is_real) {
            kfree(*held);
            *held = kmalloc(bytes);
        } else {
            __asm__ volatile("" ::"r"(bytes));
            *held = trace_nothing(*held);
        }
    }
    return TRACE_PAIRS;
}

static NOINLINE uint64_t
trace_mixed(void)
{
    return trace_mix(true);
}

static NOINLINE uint64_t
trace_mixed_empty(void)
{
    return trace_mix(false);
}

/* What the heap holds for 1,000 bytes asked for, less what it held before. */
static uint64_t
trace_held_per_1000(const struct heap_stats *before)
{
    struct heap_stats after;

    heap_get_stats(&after);
    return (after.frames - before->frames) * PAGE_BYTES * 1000
           / (after.used_bytes - before->used_bytes);
}

uint64_t
trace_held_mixed(void)
{
    struct heap_stats before;
    uint64_t held;

    heap_get_stats(&before);
    trace_heap_prepare(TRACE_SLOTS);
    (void)trace_mix(true);
    held = trace_held_per_1000(&before);
    trace_heap_finish();
    return held;
}

uint64_t
trace_held_large(void)
{
    struct heap_stats before;
    uint64_t held;

    trace_seed();
    heap_get_stats(&before);
    for (trace_count = 0; trace_count < 256; trace_count++) {
        trace_held[trace_count] = kmalloc(5120 + trace_below(95 << 10));
        KASSERT(trace_held[trace_count] != NULL);
    }
    held = trace_held_per_1000(&before);
    trace_heap_finish();
    return held;
}

uint64_t
trace_left(void)
{
    struct heap_stats before;
    struct heap_stats after;

    heap_trim();
    heap_get_stats(&before);
    (void)trace_held_mixed();
    (void)trace_held_large();
    heap_trim();
    heap_get_stats(&after);
    return after.frames - before.frames;
}

const struct trace traces[TRACE_COUNT] = {
    { "pmm_seq", trace_seq_prepare, trace_seq, trace_seq_empty, trace_forget,
      0 },
    { "pmm_churn50", trace_age, trace_churn, trace_churn_empty, trace_empty,
      50 },
    { "pmm_churn90", trace_age, trace_churn, trace_churn_empty, trace_empty,
      90 },
    { "pmm_churn99", trace_age, trace_churn, trace_churn_empty, trace_empty,
      99 },
    { "pmm_huge", trace_huge_prepare, trace_huge, trace_huge_empty,
      trace_forget, 0 },
    { "kmalloc_tight", trace_heap_prepare, trace_tight, trace_tight_empty,
      trace_heap_finish, TRACE_SLOTS },
    { "kmalloc_mixed", trace_heap_prepare, trace_mixed, trace_mixed_empty,
      trace_heap_finish, TRACE_SLOTS },
};
