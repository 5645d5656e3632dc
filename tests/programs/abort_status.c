/* SPDX-License-Identifier: MIT */
/* abort ends the program as by a signal, with what was flushed. */
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
    puts("flushed");
    fflush(stdout);
    printf("lost");
    abort();
}
