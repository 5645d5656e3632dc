/* SPDX-License-Identifier: MIT */
/* The Mandelbrot set in letters. */
#include <complex.h>
#include <stdio.h>

int
main(void)
{
    for (double y = -1.2; y <= 1.2; y += 0.1) {
        for (double x = -2.1; x <= 0.7; x += 0.04) {
            double complex c = x + y * I, z = 0;
            int n = 0;

            while (n < 60 && creal(z) * creal(z) + cimag(z) * cimag(z) < 4) {
                z = z * z + c;
                n++;
            }
            putchar(" .:-=+*#%@"[n / 7]);
        }
        putchar('\n');
    }
    return 0;
}
