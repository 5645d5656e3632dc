/* SPDX-License-Identifier: MIT */
/* math.h: the functions of a pocket calculator, to twelve digits. */
#include <math.h>
#include <stdio.h>

#define SHOW(f, x) printf("%-12s(%g) = %.12g\n", #f, (double)(x), f(x))

int
main(void)
{
    static const double values[] = { 0.1, 0.5, 1, 2, 3.7, 10, 0.999 };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        double x = values[i];

        SHOW(sin, x);
        SHOW(cos, x);
        SHOW(tan, x);
        SHOW(atan, x);
        SHOW(exp, x);
        SHOW(exp2, x);
        SHOW(expm1, x);
        SHOW(log, x);
        SHOW(log2, x);
        SHOW(log10, x);
        SHOW(log1p, x);
        SHOW(sqrt, x);
        SHOW(cbrt, x);
        SHOW(sinh, x);
        SHOW(cosh, x);
        SHOW(tanh, x);
        SHOW(asinh, x);
        SHOW(erf, x);
        SHOW(erfc, x);
        SHOW(tgamma, x);
        SHOW(lgamma, x);
    }
    SHOW(asin, 0.3);
    SHOW(acos, 0.3);
    SHOW(acosh, 3);
    SHOW(atanh, 0.3);
    SHOW(sin, 1e10);
    SHOW(cos, 1e22);
    printf("%.12g %.12g %.12g %.12g\n", pow(2, 0.5), pow(-8, 3), pow(10, -5),
           hypot(3, 4));
    printf("%.12g %.12g %.12g\n", atan2(1, -1), atan2(-0.0, -1), fmod(17.5, 5));
    printf("%.7g %.7g %.7g\n", (double)sinf(1), (double)expf(2.5f),
           (double)powf(2, 0.25f));
    printf("%.15Lg %.15Lg\n", sqrtl(2), sinl(1));
    return 0;
}
