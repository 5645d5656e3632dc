/* SPDX-License-Identifier: MIT */
/* printf: strings, characters, percent signs; and what snprintf returns. */
#include <stdio.h>
#include <string.h>

int
main(void)
{
    char buffer[8];
    const char unterminated[3] = { 'a', 'b', 'c' };

    printf("[%s] [%10s] [%-10s] [%.3s] [%10.3s]\n", "secos", "secos", "secos",
           "secos", "secos");
    printf("[%.3s] [%.*s]\n", unterminated, 2, unterminated);
    printf("%c%c%c [%5c] [%-5c] %%\n", 'a', 'b', 'c', 'x', 'y');
    for (size_t size = 0; size <= sizeof(buffer); size++) {
        int length;

        memset(buffer, '?', sizeof(buffer));
        length = snprintf(buffer, size, "%s", "12345678901");
        printf("%zu %d %.8s|", size, length, size > 0 ? buffer : "");
        putchar('\n');
    }
    printf("%d\n", sprintf(buffer, "%d", 1234567));
    puts(buffer);
    return 0;
}
