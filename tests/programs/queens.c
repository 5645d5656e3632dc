/* SPDX-License-Identifier: MIT */
/* All solutions of the queens' problem, by backtracking on bit masks. */
#include <stdio.h>

static unsigned long
solve(unsigned all, unsigned columns, unsigned left, unsigned right)
{
    unsigned long count = 0;
    unsigned free = all & ~(columns | left | right);

    if (columns == all) {
        return 1;
    }
    while (free != 0) {
        unsigned bit = free & -free;

        free ^= bit;
        count +=
            solve(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

int
main(void)
{
    for (unsigned n = 1; n <= 10; n++) {
        printf("%u: %lu\n", n, solve((1u << n) - 1, 0, 0, 0));
    }
    return 0;
}
