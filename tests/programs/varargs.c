/* SPDX-License-Identifier: MIT */
/* Variable arguments: of all sizes, copied, walked twice, passed on. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static double
sum(const char *kinds, ...)
{
    va_list args;
    double total = 0;

    va_start(args, kinds);
    for (; *kinds != '\0'; kinds++) {
        switch (*kinds) {
        case 'i':
            total += va_arg(args, int);
            break;
        case 'l':
            total += (double)va_arg(args, long long);
            break;
        case 'd':
            total += va_arg(args, double);
            break;
        case 'L':
            total += (double)va_arg(args, long double);
            break;
        case 's':
            total += (double)strlen(va_arg(args, char *));
            break;
        }
    }
    va_end(args);
    return total;
}

static void
twice(const char *format, ...)
{
    va_list first, second;
    char text[64];

    va_start(first, format);
    va_copy(second, first);
    vsnprintf(text, sizeof(text), format, first);
    vprintf(format, second);
    printf(" = %s\n", text);
    va_end(second);
    va_end(first);
}

int
main(void)
{
    printf("%g\n", sum("idlLs", 1, 2.5, 3LL, 4.25L, "five"));
    printf("%g\n", sum("iiiiiiiidddddddddd", 1, 2, 3, 4, 5, 6, 7, 8, 1., 2., 3.,
                       4., 5., 6., 7., 8., 9., 10.));
    printf("%g\n", sum("LiLiLi", 1.L, 2, 3.L, 4, 5.L, 6));
    twice("%d %s %g %c", 1, "two", 3.5, '4');
    return (int)sum("iii", 10, 20, 30);
}
