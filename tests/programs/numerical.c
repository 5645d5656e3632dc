/* SPDX-License-Identifier: MIT */
/* Roots, integrals, differential equations, least squares. */
#include <math.h>
#include <stdio.h>

static double
f(double x)
{
    return x * x * x - 2 * x - 5;
}

static double
bell(double x)
{
    return exp(-x * x);
}

static double
simpson(double (*g)(double), double a, double b, int steps)
{
    double h = (b - a) / steps, sum = g(a) + g(b);

    for (int i = 1; i < steps; i++) {
        sum += g(a + i * h) * (i % 2 == 0 ? 2 : 4);
    }
    return sum * h / 3;
}

int
main(void)
{
    double a = 2, b = 3, x = 2, y = 1, v = 0, t = 0, h = 0.01;
    double sx = 0, sy = 0, sxx = 0, sxy = 0;

    while (b - a > 1e-13) {
        double m = (a + b) / 2;

        if (f(m) > 0) {
            b = m;
        } else {
            a = m;
        }
    }
    for (int i = 0; i < 8; i++) {
        x -= f(x) / (3 * x * x - 2);
    }
    printf("%.10f %.10f\n", a, x);
    printf("%.10f %.10f\n", simpson(bell, -6, 6, 1000), sqrt(acos(-1)));
    for (; t < 10; t += h) { /* y'' = -y by Runge and Kutta */
        double k1 = v, l1 = -y, k2 = v + h / 2 * l1, l2 = -(y + h / 2 * k1);
        double k3 = v + h / 2 * l2, l3 = -(y + h / 2 * k2);
        double k4 = v + h * l3, l4 = -(y + h * k3);

        y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        v += h / 6 * (l1 + 2 * l2 + 2 * l3 + l4);
    }
    printf("%.6f %.6f\n", y, cos(t));
    for (int i = 0; i < 50; i++) {
        double px = i / 10.0, py = 3 * px - 2 + 0.1 * sin(i);

        sx += px;
        sy += py;
        sxx += px * px;
        sxy += px * py;
    }
    printf("%.6f %.6f\n", (50 * sxy - sx * sy) / (50 * sxx - sx * sx),
           (sy * sxx - sx * sxy) / (50 * sxx - sx * sx));
    return 0;
}
