/* SPDX-License-Identifier: MIT */
/* Linear algebra: product, determinant and inverse by elimination. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#define N 6

static double
invert(double a[N][N], double out[N][N])
{
    double determinant = 1;

    memset(out, 0, sizeof(double[N][N]));
    for (int i = 0; i < N; i++) {
        out[i][i] = 1;
    }
    for (int k = 0; k < N; k++) {
        int pivot = k;

        for (int i = k + 1; i < N; i++) {
            if (fabs(a[i][k]) > fabs(a[pivot][k])) {
                pivot = i;
            }
        }
        for (int j = 0; j < N; j++) {
            double x = a[k][j], y = out[k][j];

            a[k][j] = a[pivot][j];
            a[pivot][j] = x;
            out[k][j] = out[pivot][j];
            out[pivot][j] = y;
        }
        determinant *= pivot == k ? a[k][k] : -a[k][k];
        for (int i = 0; i < N; i++) {
            double factor = i == k ? 0 : a[i][k] / a[k][k];

            for (int j = 0; j < N; j++) {
                a[i][j] -= factor * a[k][j];
                out[i][j] -= factor * out[k][j];
            }
        }
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            out[i][j] /= a[i][i];
        }
    }
    return determinant;
}

int
main(void)
{
    double a[N][N], copy[N][N], inverse[N][N], error = 0;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = 1.0 / (i + j + 1) + (i == j ? 2 : 0);
        }
    }
    memcpy(copy, a, sizeof(a));
    printf("%.10g\n", invert(copy, inverse));
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0;

            for (int k = 0; k < N; k++) {
                sum += a[i][k] * inverse[k][j];
            }
            error = fmax(error, fabs(sum - (i == j)));
            printf("%9.5f", inverse[i][j]);
        }
        putchar('\n');
    }
    printf("%d\n", error < 1e-12);
    return 0;
}
