/* SPDX-License-Identifier: MIT */
/* All orders of a word, in order, without repetition; and combinations. */
#include <stdio.h>
#include <string.h>

static int
next(char *s)
{
    int n = (int)strlen(s), i = n - 2, j = n - 1;

    while (i >= 0 && s[i] >= s[i + 1]) {
        i--;
    }
    if (i < 0) {
        return 0;
    }
    while (s[j] <= s[i]) {
        j--;
    }
    char t = s[i];
    s[i] = s[j];
    s[j] = t;
    for (i++, j = n - 1; i < j; i++, j--) {
        t = s[i];
        s[i] = s[j];
        s[j] = t;
    }
    return 1;
}

static int
choose(const char *from, int count, char *out, int depth)
{
    int total = 0;

    if (count == 0) {
        printf("%.*s ", depth, out);
        return 1;
    }
    for (; *from != '\0'; from++) {
        out[depth] = *from;
        total += choose(from + 1, count - 1, out, depth + 1);
    }
    return total;
}

int
main(void)
{
    char word[] = "aabc", out[8];
    int count = 0;

    do {
        printf("%s ", word);
        count++;
    } while (next(word));
    printf("%d\n", count);
    printf("%d\n", choose("pager", 3, out, 0));
    return 0;
}
