/* SPDX-License-Identifier: MIT */
/* Claim: a program that never gives up the processor disturbs nobody. Ends only
 * by ^C or kill. */
#include <stdio.h>

int
main(void)
{
    printf("hog: spinning; ^C or kill ends it\n");
    for (;;) {
        __asm__ volatile("" ::: "memory");
    }
}
