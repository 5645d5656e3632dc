/* SPDX-License-Identifier: MIT */
/*
 * Counts lines, words and bytes of standard input, as wc does. On a terminal, ^D
 * on an empty line ends the input.
 *
 *      tools/secos-cc examples/words.c -o words.elf
 *      tools/secos-run words.elf < README.md
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

int
main(void)
{
    unsigned long lines = 0;
    unsigned long words = 0;
    unsigned long bytes = 0;
    bool inside = false;

    for (int c; (c = getchar()) != EOF; bytes++) {
        lines += c == '\n';
        words += !isspace(c) && !inside;
        inside = !isspace(c);
    }
    printf("%lu %lu %lu\n", lines, words, bytes);
    return 0;
}
