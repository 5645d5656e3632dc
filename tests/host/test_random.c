/* SPDX-License-Identifier: MIT */
/*
 * The kernel's random numbers: the cipher is ChaCha8 (a published vector, and one
 * of tests/tools made with another implementation); the numbers that were given
 * are not in the state any more; a seed of nothing but clocks still gives numbers.
 */
#include <string.h>

#include "check.h"
#include "kernel/klib/random.c"

static uint64_t source; /* what the processor's generator says */

uint64_t
cpu_random(void)
{
    return source++;
}

uint64_t
timer_read_calendar(void)
{
    return 0x593522050711;
}

/* The words of @hex, as bytes in the order of memory. */
static bool
is_block(const uint32_t block[RANDOM_BLOCK_WORDS], const char *hex)
{
    const uint8_t *bytes = (const uint8_t *)block;
    char text[3];

    for (unsigned i = 0; i < RANDOM_BLOCK_WORDS * 4; i++) {
        snprintf(text, sizeof text, "%02x", bytes[i]);
        if (memcmp(text, hex + 2 * i, 2) != 0) {
            return false;
        }
    }
    return true;
}

TEST(it_is_chacha8)
{
    uint32_t key[RANDOM_KEY_WORDS] = { 0 };
    uint32_t block[RANDOM_BLOCK_WORDS];
    uint8_t bytes[sizeof key];

    /* "Test Vectors for the Stream Cipher ChaCha" (Strombergson), TC1, 256 bits,
     * 8 rounds. */
    random_block(key, 0, block);
    CHECK(is_block(block,
                   "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188"
                   "ef711a1e984ce172b9216f419f445367456d5619314a42a3da86b001"
                   "387bfdb80e0cfe42"));
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    memcpy(key, bytes, sizeof key);
    random_block(key, 0x0102030405060708, block);
    CHECK(is_block(block,
                   "18c45a6a50436f4b4cf779f1a3fff00a389c948cb75dc544fe7305db"
                   "0f55e290a1a011c9cf417a84b147eee183d7b1d02ae3b1f9409175d6"
                   "22ea6b3cd80da3f0"));
}

TEST(a_number_is_forgotten_as_it_is_given)
{
    random_init();
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t number = random_u64();

        for (unsigned at = 0; at < RANDOM_NUMBERS; at++) {
            CHECK(random_numbers[at] != number);
        }
        for (unsigned at = random_left; at < RANDOM_NUMBERS; at++) {
            CHECK_EQ(random_numbers[at], 0);
        }
    }
}

TEST(the_key_is_another_one_after_every_refill)
{
    uint32_t before[RANDOM_KEY_WORDS];

    random_init();
    for (unsigned i = 0; i < 100; i++) {
        memcpy(before, random_key, sizeof before);
        for (unsigned n = 0; n < RANDOM_NUMBERS; n++) {
            (void)random_u64();
        }
        for (unsigned word = 0; word < RANDOM_KEY_WORDS; word++) {
            CHECK(random_key[word] != before[word]);
        }
    }
}

TEST(each_bit_of_the_seed_changes_the_key)
{
    uint32_t one[RANDOM_KEY_WORDS];
    unsigned same = 0;

    memset(random_key, 0, sizeof random_key);
    source = 1000;
    random_init();
    memcpy(one, random_key, sizeof one);
    memset(random_key, 0, sizeof random_key);
    source = 1000;
    random_init();
    CHECK(memcmp(one, random_key, sizeof one) == 0); /* it is all there is */
    for (unsigned bit = 0; bit < 64; bit++) {
        memset(random_key, 0, sizeof random_key);
        source = 1000 ^ 1ull << bit;
        random_init();
        for (unsigned word = 0; word < RANDOM_KEY_WORDS; word++) {
            same += one[word] == random_key[word];
        }
    }
    CHECK_EQ(same, 0);
}

TEST(bits_are_set_half_of_the_time)
{
    unsigned set[64] = { 0 };

    random_init();
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t number = random_u64();

        for (unsigned bit = 0; bit < 64; bit++) {
            set[bit] += number >> bit & 1;
        }
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        CHECK(set[bit] > 9600 && set[bit] < 10400); /* 5.6 sigma */
    }
}

int
main(void)
{
    RUN(it_is_chacha8);
    RUN(a_number_is_forgotten_as_it_is_given);
    RUN(the_key_is_another_one_after_every_refill);
    RUN(each_bit_of_the_seed_changes_the_key);
    RUN(bits_are_set_half_of_the_time);
    return CHECK_REPORT();
}
