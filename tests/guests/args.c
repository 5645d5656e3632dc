/* SPDX-License-Identifier: MIT */
/* Claim: a program finds the arguments it was given, and a NULL behind them. */
#include <stdio.h>

int
main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        printf("argv[%d] = \"%s\"\n", i, argv[i]);
    }
    printf("argv[argc] is %s\n", argv[argc] == NULL ? "NULL" : "not NULL");
    return argc;
}
