/* SPDX-License-Identifier: MIT */
/* long double: x87 arithmetic, printing and conversion. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
    long double x = 1, e = 1;

    for (int i = 1; i < 25; i++) {
        x /= i;
        e += x;
    }
    printf("%.20Lf\n%.18Lg %d %d\n", e, LDBL_EPSILON, LDBL_MANT_DIG,
           LDBL_MAX_EXP);
    printf("%.15Lg %.15Lg %.15Lg\n", expl(1), logl(10), powl(2, 0.5L));
    printf("%.20Lg %Lg\n", strtold("1.00000000000000000011", NULL), LDBL_MAX);
    printf("%lld %llu\n", (long long)1e18L, (unsigned long long)1.8e19L);
    printf("%.17g %.9g\n", (double)(1.0L / 3), (double)(float)(1.0L / 3));
    return 0;
}
