/* SPDX-License-Identifier: MIT */
/* complex.h: roots of unity, functions, products and quotients. */
#include <complex.h>
#include <math.h>
#include <stdio.h>

static void
show(const char *name, double complex z)
{
    double re = creal(z);
    double im = cimag(z);

    printf("%-6s %.10f %.10f\n", name, fabs(re) < 1e-12 ? 0.0 : re,
           fabs(im) < 1e-12 ? 0.0 : im);
}

int
main(void)
{
    double complex z = 3 + 4 * I;
    double complex w = 1 - 2 * I;

    show("z*w", z * w);
    show("z/w", z / w);
    show("conj", conj(z));
    show("sqrt", csqrt(-4));
    show("exp", cexp(I * acos(-1)));
    show("log", clog(-1));
    show("pow", cpow(z, 0.5));
    show("sin", csin(w));
    show("tanh", ctanh(w));
    printf("%.10f %.10f\n", cabs(z), carg(w));
    for (int k = 0; k < 8; k++) {
        show("root", cexp(2 * acos(-1) * I * k / 8));
    }
    return (int)cabs(z);
}
