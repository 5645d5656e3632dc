/* SPDX-License-Identifier: MIT */
/* The first program: says hello, and to whom it was told to. */
#include <stdio.h>

int
main(int argc, char **argv)
{
    printf("Hello from ring 3%s%s!\n", argc > 1 ? ", " : "",
           argc > 1 ? argv[1] : "");
    return 0;
}
