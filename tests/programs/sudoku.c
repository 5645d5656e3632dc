/* SPDX-License-Identifier: MIT */
/* A sudoku, solved by trying what is possible where least is. */
#include <stdio.h>

static char grid[82] = "53..7...."
                       "6..195..."
                       ".98....6."
                       "8...6...3"
                       "4..8.3..1"
                       "7...2...6"
                       ".6....28."
                       "...419..5"
                       "....8..79";
static int tries;

static unsigned
possible(int cell)
{
    unsigned used = 0;
    int row = cell / 9, column = cell % 9;

    for (int i = 0; i < 9; i++) {
        int at[3] = { row * 9 + i, i * 9 + column,
                      (row / 3 * 3 + i / 3) * 9 + column / 3 * 3 + i % 3 };

        for (int j = 0; j < 3; j++) {
            if (grid[at[j]] != '.') {
                used |= 1u << (grid[at[j]] - '1');
            }
        }
    }
    return ~used & 0x1FF;
}

static int
solve(void)
{
    int best = -1, least = 10;
    unsigned choices = 0;

    for (int i = 0; i < 81; i++) {
        if (grid[i] == '.') {
            unsigned mask = possible(i);
            int count = __builtin_popcount(mask);

            if (count < least) {
                least = count;
                best = i;
                choices = mask;
            }
        }
    }
    if (best < 0) {
        return 1;
    }
    for (int digit = 0; digit < 9; digit++) {
        if ((choices >> digit & 1) != 0) {
            tries++;
            grid[best] = (char)('1' + digit);
            if (solve()) {
                return 1;
            }
        }
    }
    grid[best] = '.';
    return 0;
}

int
main(void)
{
    int solved = solve();

    for (int i = 0; i < 9; i++) {
        printf("%.9s\n", grid + 9 * i);
    }
    printf("%d tries\n", tries);
    return solved;
}
