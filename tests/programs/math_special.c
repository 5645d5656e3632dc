/* SPDX-License-Identifier: MIT */
/* math.h: infinities, NaN, zeros, classification, rounding, pieces of numbers. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>

static void
round_all(double x)
{
    printf("%g: floor %g ceil %g trunc %g round %g rint %g lround %ld "
           "nearbyint %g\n",
           x, floor(x), ceil(x), trunc(x), round(x), rint(x), lround(x),
           nearbyint(x));
}

int
main(void)
{
    static const double values[] = { 0.5,  1.5,        2.5,  -0.5,
                                     -1.5, 1e15 + 0.5, -7.25 };
    int exponent;
    double whole;
    volatile double zero = 0;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        round_all(values[i]);
    }
    printf("%d %d %d %d\n", isinf(1 / zero) != 0, isnan(sqrt(-1)) != 0,
           signbit(-zero) != 0, fpclassify(5e-324) == FP_SUBNORMAL);
    printf("%g %g %g\n", 1 / zero, -1 / zero, log(zero));
    printf("%g %d\n", frexp(40.0, &exponent), exponent);
    printf("%g %g\n", modf(-3.75, &whole), whole);
    printf("%g %g %d %g\n", ldexp(0.75, 5), scalbn(1, -3), ilogb(1000.0),
           logb(0.1));
    printf("%a %a %g\n", nextafter(1, 2), nextafter(2, 1), copysign(3, -0.0));
    printf("%g %g %g\n", fmax(1, NAN), fmin(NAN, 2), fdim(5, 3));
    printf("%g %.17g\n", remainder(7, 4), fma(0.1, 10, -1));
    for (int mode = 0; mode < 4; mode++) {
        static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD,
                                     FE_TOWARDZERO };
        volatile double third = 1;

        fesetround(modes[mode]);
        third /= 3;
        printf("%.20g %g %g\n", third, rint(2.5), rint(-2.5));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    zero = 1 / zero;
    printf("%d %d\n", fetestexcept(FE_DIVBYZERO) != 0,
           fetestexcept(FE_INVALID) != 0);
    return 0;
}
