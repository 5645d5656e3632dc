/* SPDX-License-Identifier: MIT */
/* printf: floating point in every form. */
#include <float.h>
#include <math.h>
#include <stdio.h>

int
main(void)
{
    static const double values[] = { 0.0,         -0.0,    1.0,     -1.5,
                                     0.1,         1.0 / 3, 1e10,    1e-10,
                                     123456789.0, 1e100,   DBL_MIN, DBL_MAX,
                                     5e-324,      2.5,     3.5,     0.5 };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        double x = values[i];

        printf("%f|%e|%g\n", x, x, x);
        printf("%.0f|%.3f|%10.2f|%-12.4e|%+g|%#g|%.17g\n", x, x, x, x, x, x, x);
    }
    printf("%a %a %A %.3a %.0a\n", 1.0, -0.1, 1e100, 3.14159, 1.5);
    printf("%f %F %e %g %5.1f|%-6f|%06f\n", INFINITY, INFINITY, -INFINITY,
           INFINITY, INFINITY, INFINITY, INFINITY);
    printf("%f %G\n", fabs((double)NAN), fabs((double)NAN));
    printf("%Lf %Le %Lg\n", 1.25L, 1e300L, LDBL_EPSILON);
    printf("%.50f\n%.40e\n", 0.1, 0.1);
    printf("%.1f %.1f %.1f %.1f\n", 0.25, 0.35, 0.05, 0.15);
    printf("%.0f %.0f %.0f\n", 0.5, 1.5, 2.5);
    printf("%g %g %g %g\n", 100000.0, 1000000.0, 0.0001, 0.00001);
    return 0;
}
