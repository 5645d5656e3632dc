/* SPDX-License-Identifier: MIT */
/* The C locale: its conventions, and numbers under it. */
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

int
main(void)
{
    const struct lconv *conventions = localeconv();

    printf("%s\n", setlocale(LC_ALL, NULL));
    printf("[%s] [%s] [%s] %d\n", conventions->decimal_point,
           conventions->thousands_sep, conventions->currency_symbol,
           conventions->frac_digits == CHAR_MAX);
    printf("%.2f %d\n", 1234567.891, strcoll("A", "a") < 0);
    return 0;
}
