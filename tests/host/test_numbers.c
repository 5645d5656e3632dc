/* SPDX-License-Identifier: MIT */
/*
 * Claim: a number is never given out twice, one that was never used comes before
 * one that was, and of those that came back the smallest from the wanted one on.
 * Method: random giving and taking against a table of who is in use.
 */
#include <klib/numbers.h>

#include "check.h"
#include "random.h"

#define ROUNDS 200000u

static bool in_use[NUMBERS_MOST];
static bool was_used[NUMBERS_MOST];

/* What numbers_take(@after) ought to give; 0 = none is left. */
static uint32_t
expected(uint32_t after)
{
    for (uint32_t n = 1; n < NUMBERS_MOST; n++) {
        if (!was_used[n]) {
            return n;
        }
    }
    for (uint32_t i = 0; i < NUMBERS_MOST; i++) {
        uint32_t n = (after + i) % NUMBERS_MOST;

        if (n != 0 && !in_use[n]) {
            return n;
        }
    }
    return 0;
}

TEST(numbers_come_in_their_order_and_once)
{
    static struct numbers numbers = NUMBERS_INIT(numbers);
    uint32_t used = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t number = 1 + (uint32_t)random_below(NUMBERS_MOST - 1);

        CHECK_EQ(numbers.left, NUMBERS_MOST - 1 - used);
        if (in_use[number] && random_below(8) != 0) {
            numbers_put(&numbers, number);
            in_use[number] = false;
            used--;
        }
        if (numbers.left > 0) {
            uint32_t after = (uint32_t)random_below(NUMBERS_MOST);
            uint32_t want = expected(after);
            uint32_t got = numbers_take(&numbers, after);

            CHECK_EQ(got, want);
            in_use[got] = true;
            was_used[got] = true;
            used++;
        }
    }
    CHECK(used > NUMBERS_MOST / 2);
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(numbers_come_in_their_order_and_once);
    return CHECK_REPORT();
}
