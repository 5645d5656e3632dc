/* SPDX-License-Identifier: MIT */
/* Claim: what main returns, or exit is given, reaches whoever waits.
 * status N returns N; status N exit calls exit(N), after what atexit holds. */
#include <stdio.h>
#include <stdlib.h>

static void
say_goodbye(void)
{
    printf("goodbye\n");
}

int
main(int argc, char **argv)
{
    int status = argc > 1 ? atoi(argv[1]) : 0;

    if (argc > 2) {
        atexit(say_goodbye);
        exit(status);
    }
    return status;
}
