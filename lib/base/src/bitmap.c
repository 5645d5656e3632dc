/* SPDX-License-Identifier: MIT */
/* The operations on whole ranges of bits. */
#include <base/bitmap.h>

/* The bits of word @index that lie in [first, end); @index is one of the words
 * from first / 64 to (end - 1) / 64. */
/*@ assigns \nothing; */
static uint64_t
bitmap_mask(uint64_t index, uint64_t first, uint64_t end)
{
    uint64_t mask = UINT64_MAX;

    if (index == first / 64) {
        mask &= UINT64_MAX << (first % 64);
    }
    if (index == end / 64) {
        mask &= (1ull << (end % 64)) - 1;
    }
    return mask;
}

void
bitmap_set_range(uint64_t *words, uint64_t first, uint64_t end)
{
    /*@ loop invariant first / 64 <= i <= end / 64 + 1;
        loop assigns i, words[first / 64 .. (end + 63) / 64 - 1];
        loop variant end / 64 + 1 - i; */
    for (uint64_t i = first / 64; i * 64 < end; i++) {
        words[i] |= bitmap_mask(i, first, end);
    }
}

void
bitmap_clear_range(uint64_t *words, uint64_t first, uint64_t end)
{
    /*@ loop invariant first / 64 <= i <= end / 64 + 1;
        loop assigns i, words[first / 64 .. (end + 63) / 64 - 1];
        loop variant end / 64 + 1 - i; */
    for (uint64_t i = first / 64; i * 64 < end; i++) {
        words[i] &= ~bitmap_mask(i, first, end);
    }
}

uint64_t
bitmap_count_range(const uint64_t *words, uint64_t first, uint64_t end)
{
    uint64_t count = 0;

    /*@ loop invariant first / 64 <= i <= end / 64 + 1;
        loop assigns i, count;
        loop variant end / 64 + 1 - i; */
    for (uint64_t i = first / 64; i * 64 < end; i++) {
        count += bitmap_weight(words[i] & bitmap_mask(i, first, end));
    }
    return count;
}

/* The first bit in [first, end) that differs from those of @same (0 or ~0). */
/*@ requires first <= end && bitmap_reads(words, first, end);
    assigns \nothing; */
static uint64_t
bitmap_find_other(const uint64_t *words, uint64_t first, uint64_t end,
                  uint64_t same)
{
    /*@ loop invariant first / 64 <= i <= end / 64 + 1;
        loop assigns i;
        loop variant end / 64 + 1 - i; */
    for (uint64_t i = first / 64; i * 64 < end; i++) {
        uint64_t word = (words[i] ^ same) & bitmap_mask(i, first, end);

        if (word != 0) {
            return i * 64 + bitmap_lowest(word);
        }
    }
    return end;
}

uint64_t
bitmap_find_set(const uint64_t *words, uint64_t first, uint64_t end)
{
    return bitmap_find_other(words, first, end, 0);
}

uint64_t
bitmap_find_clear(const uint64_t *words, uint64_t first, uint64_t end)
{
    return bitmap_find_other(words, first, end, UINT64_MAX);
}

uint64_t
bitmap_find_run(const uint64_t *words, uint64_t first, uint64_t end,
                uint64_t length)
{
    uint64_t start = bitmap_find_set(words, first, end);

    while (start < end && length <= end - start) {
        uint64_t stop = bitmap_find_clear(words, start, start + length);

        if (stop == start + length) {
            return start;
        }
        start = bitmap_find_set(words, stop, end);
    }
    return BITMAP_NONE;
}
