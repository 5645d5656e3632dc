/* SPDX-License-Identifier: MIT */
/* Claim: a program reads the console while the shell waits for it. Prints each
 * line with its number; ^D at the start of a line ends it. */
#include <stdio.h>
#include <string.h>

int
main(void)
{
    char line[128];
    int number = 0;

    printf("lines: type; ^D ends\n");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        number++;
        printf("%d: %s\n", number, line);
    }
    return number;
}
