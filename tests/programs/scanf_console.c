/* SPDX-License-Identifier: MIT */
/* scanf on standard input, mixed with getchar and fgets. */
#include <stdio.h>

int
main(void)
{
    int n, x, sum = 0;
    char name[20], line[80];

    if (scanf("%d", &n) != 1) {
        return 1;
    }
    for (int i = 0; i < n; i++) {
        if (scanf("%d", &x) != 1) {
            return 2;
        }
        sum += x;
    }
    printf("sum of %d: %d\n", n, sum);
    printf("%d", scanf(" %19s", name));
    printf(" [%s] '%c'\n", name, getchar() == '\n' ? 'n' : '?');
    while (fgets(line, sizeof(line), stdin) != NULL) {
        printf("line: %s", line);
    }
    printf("\nend: %d %d\n", feof(stdin) != 0, ferror(stdin) != 0);
    return sum & 0x7F;
}
