/* SPDX-License-Identifier: MIT */
/* Claim: a stack that grows too far ends its program at the guard page.
 * Method: recursion without an end, each call with a frame of its own. */
#include <stdint.h>
#include <stdio.h>

/* Never reached: the stack has 1 MiB. */
static volatile int overflow_limit = 1000000000;

static int __attribute__((noinline)) overflow_recurse(int n)
{
    volatile uint8_t frame[256];

    frame[0] = (uint8_t)n;
    if (n == overflow_limit) {
        return 0;
    }
    /* Adding afterwards keeps the call from becoming a jump. */
    return overflow_recurse(n + 1) + frame[0];
}

int
main(void)
{
    printf("overflow: recursing without an end\n");
    return overflow_recurse(1);
}
