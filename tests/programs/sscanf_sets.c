/* SPDX-License-Identifier: MIT */
/* sscanf: words, sets of characters, literals and suppressed fields. */
#include <stdio.h>
#include <string.h>

int
main(void)
{
    char a[32], b[32], c[4];
    int day, year, count;

    count = sscanf("key = value # rest", "%31[a-z] = %31s", a, b);
    printf("%d [%s] [%s]\n", count, a, b);
    count = sscanf("\"quoted text\"", "\"%31[^\"]\"", a);
    printf("%d [%s]\n", count, a);
    count = sscanf("abc]def", "%31[]a-c]%31s", a, b);
    printf("%d [%s] [%s]\n", count, a, b);
    count = sscanf("25 December 1957", "%d %31s %d", &day, a, &year);
    printf("%d %d [%s] %d\n", count, day, a, year);
    memset(c, 0, sizeof(c));
    count = sscanf("  xyz", "%3c", c);
    printf("%d [%s]\n", count, c);
    count = sscanf("skip 17 this", "%*s %d %*s", &day);
    printf("%d %d\n", count, day);
    count = sscanf("12:34:56", "%d:%d", &day, &year);
    printf("%d %d %d\n", count, day, year);
    count = sscanf("100%", "%d%%%n", &day, &year);
    printf("%d %d %d\n", count, day, year);
    return 0;
}
