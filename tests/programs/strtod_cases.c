/* SPDX-License-Identifier: MIT */
/* strtod, strtof, strtold: forms, ends and ranges. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void
try(const char *text)
{
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    printf("%-28s %.17g rest \"%s\" %s\n", text, value, end,
           errno == ERANGE ? "ERANGE" : "");
}

int
main(void)
{
    try("0");
    try("-0.0");
    try("3.14159265358979323846");
    try("  +17.5e-3abc");
    try(".5");
    try("5.");
    try("1e");
    try("1e+");
    try("0x1p-4");
    try("0x.8p1z");
    try("0x");
    try("inf");
    try("-Infinityx");
    try("1e400");
    try("-1e400");
    try("2.2250738585072014e-308");
    try("9007199254740993");
    try("1.7976931348623157e308");
    try("");
    try("abc");
    printf("%.17g %.17g\n", strtod("4.9e-324", NULL),
           strtod("2.2250738585072011e-308", NULL));
    printf("%d\n", isnan(strtod("nan", NULL)) != 0);
    printf("%.9g %.21Lg\n", (double)strtof("0.1", NULL), strtold("0.1", NULL));
    printf("%g\n", atof("12.5 apples"));
    return 0;
}
