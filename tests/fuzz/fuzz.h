/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: a check that ends the run, and decisions drawn
 * from the input. Where the input ends, every decision is 0. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CHECK(cond)    \
    do {               \
        if (!(cond)) { \
            abort();   \
        }              \
    } while (0)
#define CHECK_EQ(a, b) CHECK((int64_t)(a) == (int64_t)(b))

static const uint8_t *fuzz_input;
static size_t fuzz_bytes;

static inline void
fuzz_begin(const uint8_t *data, size_t bytes)
{
    fuzz_input = data;
    fuzz_bytes = bytes;
}

static inline uint8_t
fuzz_byte(void)
{
    if (fuzz_bytes == 0) {
        return 0;
    }
    fuzz_bytes--;
    return *fuzz_input++;
}

static inline uint16_t
fuzz_word(void)
{
    uint16_t low = fuzz_byte();

    return (uint16_t)(low | fuzz_byte() << 8);
}

/* libFuzzer's entry point. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
