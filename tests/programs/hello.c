/* SPDX-License-Identifier: MIT */
/* The smallest program that does something. */
#include <stdio.h>

int
main(void)
{
    puts("Hello from the C library!");
    return 0;
}
