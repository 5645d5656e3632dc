/* SPDX-License-Identifier: MIT */
/* Claim: code cannot be written. Method: write into main, where a page is
 * mapped readable and executable, and never get beyond that. */
#include <stdint.h>
#include <stdio.h>

int
main(void)
{
    volatile uint8_t *code = (volatile uint8_t *)(uintptr_t)main;

    printf("wx: the first byte of main, at %p, is 0x%02x\n",
           (void *)(uintptr_t)main, *code);
    printf("wx: writing to it\n");
    *code = 0xC3;
    printf("wx: it is 0x%02x now: W^X is broken\n", *code);
    return 1;
}
