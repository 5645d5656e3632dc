/* SPDX-License-Identifier: MIT */
/* Dynamic programming: edit distance, common subsequence, knapsack, coins. */
#include <stdio.h>
#include <string.h>

static int
least(int a, int b)
{
    return a < b ? a : b;
}

static int
distance(const char *a, const char *b)
{
    int row[64];
    int m = (int)strlen(a), n = (int)strlen(b);

    for (int j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (int i = 1; i <= m; i++) {
        int corner = row[0];

        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int above = row[j];

            row[j] = least(least(row[j] + 1, row[j - 1] + 1),
                           corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[n];
}

static void
common(const char *a, const char *b)
{
    static int best[64][64];
    int m = (int)strlen(a), n = (int)strlen(b);

    memset(best, 0, sizeof(best));
    for (int i = m - 1; i >= 0; i--) {
        for (int j = n - 1; j >= 0; j--) {
            best[i][j] = a[i] == b[j] ? best[i + 1][j + 1] + 1
                         : best[i + 1][j] > best[i][j + 1] ? best[i + 1][j]
                                                           : best[i][j + 1];
        }
    }
    for (int i = 0, j = 0; i < m && j < n;) {
        if (a[i] == b[j]) {
            putchar(a[i]);
            i++;
            j++;
        } else if (best[i + 1][j] >= best[i][j + 1]) {
            i++;
        } else {
            j++;
        }
    }
    putchar('\n');
}

int
main(void)
{
    static const int weight[] = { 12, 7, 11, 8, 9, 6, 5, 14 };
    static const int value[] = { 24, 13, 23, 15, 16, 11, 9, 28 };
    static const int coins[] = { 1, 2, 5, 10, 20, 50, 100, 200 };
    int best[27] = { 0 };
    unsigned long ways[201] = { 1 };

    printf("%d %d %d\n", distance("kitten", "sitting"),
           distance("saturday", "sunday"), distance("", "abc"));
    common("the lazy microkernel", "a tiny macro kernel");
    for (int i = 0; i < 8; i++) {
        for (int w = 26; w >= weight[i]; w--) {
            if (best[w - weight[i]] + value[i] > best[w]) {
                best[w] = best[w - weight[i]] + value[i];
            }
        }
    }
    for (int i = 0; i < 8; i++) {
        for (int p = coins[i]; p <= 200; p++) {
            ways[p] += ways[p - coins[i]];
        }
    }
    printf("%d %lu\n", best[26], ways[200]);
    return 0;
}
