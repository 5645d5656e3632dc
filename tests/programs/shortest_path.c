/* SPDX-License-Identifier: MIT */
/* Dijkstra's shortest paths on a grid of hills, and Floyd's on a few towns. */
#include <limits.h>
#include <stdio.h>

#define SIDE  40
#define TOWNS 8

static int
cost(int x, int y)
{
    return 1 + (x * x + 3 * y * x + y * 7) % 9;
}

static int distance[SIDE][SIDE];
static unsigned char done[SIDE][SIDE];

static void
relax(int x, int y, int through)
{
    if (x >= 0 && y >= 0 && x < SIDE && y < SIDE
        && through + cost(x, y) < distance[x][y]) {
        distance[x][y] = through + cost(x, y);
    }
}

int
main(void)
{
    int town[TOWNS][TOWNS];

    for (int i = 0; i < SIDE * SIDE; i++) {
        distance[i / SIDE][i % SIDE] = INT_MAX / 2;
    }
    distance[0][0] = 0;
    for (int round = 0; round < SIDE * SIDE; round++) {
        int bx = -1, by = -1;

        for (int i = 0; i < SIDE * SIDE; i++) {
            int x = i / SIDE, y = i % SIDE;

            if (!done[x][y] && (bx < 0 || distance[x][y] < distance[bx][by])) {
                bx = x;
                by = y;
            }
        }
        done[bx][by] = 1;
        relax(bx - 1, by, distance[bx][by]);
        relax(bx + 1, by, distance[bx][by]);
        relax(bx, by - 1, distance[bx][by]);
        relax(bx, by + 1, distance[bx][by]);
    }
    for (int i = 0; i < SIDE; i += 6) {
        printf("%d ", distance[i][SIDE - 1 - i / 2]);
    }
    printf("%d\n", distance[SIDE - 1][SIDE - 1]);
    for (int i = 0; i < TOWNS; i++) {
        for (int j = 0; j < TOWNS; j++) {
            town[i][j] = i == j ? 0 : (i * 5 + j * 3) % 7 < 3 ? i + j + 1 : 999;
        }
    }
    for (int k = 0; k < TOWNS; k++) {
        for (int i = 0; i < TOWNS; i++) {
            for (int j = 0; j < TOWNS; j++) {
                if (town[i][k] + town[k][j] < town[i][j]) {
                    town[i][j] = town[i][k] + town[k][j];
                }
            }
        }
    }
    for (int i = 0; i < TOWNS; i++) {
        for (int j = 0; j < TOWNS; j++) {
            printf("%4d", town[i][j]);
        }
        putchar('\n');
    }
    return 0;
}
