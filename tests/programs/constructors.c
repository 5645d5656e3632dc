/* SPDX-License-Identifier: MIT */
/* Constructors run before main, destructors after it, in their order. */
#include <stdio.h>

static int steps;

__attribute__((constructor(101))) static void
early(void)
{
    steps = steps * 10 + 1;
}

__attribute__((constructor)) static void
later(void)
{
    steps = steps * 10 + 2;
}

__attribute__((destructor)) static void
after(void)
{
    printf("after main: %d\n", steps);
}

int
main(void)
{
    printf("in main: %d\n", steps);
    steps = steps * 10 + 3;
    return 0;
}
