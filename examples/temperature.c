/* SPDX-License-Identifier: MIT */
/*
 * A table with floating point, and arguments.
 *
 *      tools/secos-cc examples/temperature.c -o temperature.elf
 *      tools/secos-run temperature.elf -20 40 15
 */
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    double from = argc > 1 ? strtod(argv[1], NULL) : 0;
    double to = argc > 2 ? strtod(argv[2], NULL) : 100;
    double step = argc > 3 ? strtod(argv[3], NULL) : 20;

    if (step <= 0) {
        fprintf(stderr, "usage: temperature FROM TO STEP\n");
        return 2;
    }
    printf("%8s %8s %8s\n", "C", "F", "K");
    for (double c = from; c <= to; c += step) {
        printf("%8.1f %8.1f %8.2f\n", c, c * 9 / 5 + 32, c + 273.15);
    }
    return 0;
}
