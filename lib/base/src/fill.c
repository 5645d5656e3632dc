/* SPDX-License-Identifier: MIT */
/* fill_words, apart from string.c because no host has it. */
#include <stdint.h>

#include <base/string.h>

void
/* NOLINTNEXTLINE(readability-non-const-parameter): the instruction writes */
fill_words(uint64_t *to, uint64_t word, size_t count)
{
    /* One instruction a word, like memset's: see string.c. */
    __asm__ volatile("rep stosq"
                     : "+D"(to), "+c"(count)
                     : "a"(word)
                     : "memory");
}
