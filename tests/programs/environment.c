/* SPDX-License-Identifier: MIT */
/* argv and the environment: what is there, and what is not. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    printf("%d %d %d\n", argc, argv[0][0] != '\0', argv[argc] == NULL);
    printf("%d\n", getenv("SECOS_TEST_NOT_SET") == NULL);
    setenv("SECOS_TEST", "one", 1);
    setenv("SECOS_TEST", "two", 0);
    printf("%s\n", getenv("SECOS_TEST"));
    putenv((char *)"SECOS_TEST=three");
    printf("%s\n", getenv("SECOS_TEST"));
    unsetenv("SECOS_TEST");
    printf("%d\n", getenv("SECOS_TEST") == NULL);
    return argc;
}
