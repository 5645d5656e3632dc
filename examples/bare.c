/* SPDX-License-Identifier: MIT */
/*
 * Without the C library: what a server is made of. libsecos brings a small stdio
 * (no floating point), and all of the program's code can be read in an evening.
 *
 *      tools/secos-cc --bare examples/bare.c -o bare.elf
 *      tools/secos-run bare.elf
 */
#include <stdio.h>

#include <libsecos/process.h>

int
main(void)
{
    printf("process %ld, stack below 0x%lx\n", process_self(),
           (unsigned long)process_stack_top());
    return 0;
}
