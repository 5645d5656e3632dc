/* SPDX-License-Identifier: MIT */
/* sscanf: numbers of every kind, with widths and lengths. */
#include <stdio.h>

int
main(void)
{
    int a = 0, b = 0, n = 0;
    unsigned u = 0;
    long l = 0;
    long long ll = 0;
    short s = 0;
    signed char c = 0;
    float f = 0;
    double d = 0;
    long double ld = 0;

    printf("%d", sscanf("12 -34", "%d %d", &a, &b));
    printf(" %d %d\n", a, b);
    printf("%d", sscanf("0x1F 017 99", "%i %i %u", &a, &b, &u));
    printf(" %d %d %u\n", a, b, u);
    printf("%d", sscanf("123456", "%3d%3d", &a, &b));
    printf(" %d %d\n", a, b);
    printf("%d", sscanf("9999999999 -1234567890123 7 -8", "%ld %lld %hd %hhd",
                        &l, &ll, &s, &c));
    printf(" %ld %lld %d %d\n", l, ll, s, c);
    printf("%d", sscanf("1.5 2.25e3 0x1.8p1", "%f %lf %Lf", &f, &d, &ld));
    printf(" %g %g %Lg\n", (double)f, d, ld);
    printf("%d", sscanf("inf nan -INFINITY", "%lf %f", &d, &f));
    printf(" %g %d\n", d, f != f);
    printf("%d\n", sscanf("", "%d", &a));
    printf("%d\n", sscanf("x", "%d", &a));
    printf("%d %d\n", sscanf("42 rest", "%d%n", &a, &n), n);
    printf("%d %d\n", sscanf("1,2", "%d,%*d%n", &a, &n), n);
    printf("%d %x\n", sscanf("deadBEEF", "%x", &u), u);
    printf("%d %o\n", sscanf("777", "%o", &u), u);
    return 0;
}
