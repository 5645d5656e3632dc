/* SPDX-License-Identifier: MIT */
/* strtok and strtok_r: fields of lines, nested. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

int
main(void)
{
    char table[] = "name=pager;rank=2;pages=1,2,3;;last=";
    char plain[] = "  split   on blanks\tand tabs ";
    char *outer, *inner;
    int fields = 0;

    for (char *row = strtok_r(table, ";", &outer); row != NULL;
         row = strtok_r(NULL, ";", &outer)) {
        char *key = strtok_r(row, "=", &inner);
        char *value = strtok_r(NULL, "=", &inner);

        printf("%s -> %s\n", key, value != NULL ? value : "(none)");
        fields++;
    }
    for (char *word = strtok(plain, " \t"); word != NULL;
         word = strtok(NULL, " \t")) {
        printf("[%s]", word);
    }
    putchar('\n');
    return fields;
}
