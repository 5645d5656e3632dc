/* SPDX-License-Identifier: MIT */
/* Conway's game of life: a gun of gliders on a torus. */
#include <stdio.h>
#include <string.h>

#define ROWS    24
#define COLUMNS 60

static const char *const gun[] = {
    "........................O...........",
    "......................O.O...........",
    "............OO......OO............OO",
    "...........O...O....OO............OO",
    "OO........O.....O...OO..............",
    "OO........O...O.OO....O.O...........",
    "..........O.....O.......O...........",
    "...........O...O....................",
    "............OO......................",
};

static unsigned char now[ROWS][COLUMNS], next[ROWS][COLUMNS];

int
main(void)
{
    for (size_t i = 0; i < sizeof(gun) / sizeof(gun[0]); i++) {
        for (size_t j = 0; gun[i][j] != '\0'; j++) {
            now[i + 1][j + 1] = gun[i][j] == 'O';
        }
    }
    for (int step = 0; step < 100; step++) {
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < COLUMNS; j++) {
                int n = -now[i][j];

                for (int k = 0; k < 9; k++) {
                    n += now[(i + ROWS + k / 3 - 1) % ROWS]
                            [(j + COLUMNS + k % 3 - 1) % COLUMNS];
                }
                next[i][j] = n == 3 || (n == 2 && now[i][j]);
            }
        }
        memcpy(now, next, sizeof(now));
    }
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            putchar(now[i][j] ? '#' : '.');
        }
        putchar('\n');
    }
    return 0;
}
