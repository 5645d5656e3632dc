/* SPDX-License-Identifier: MIT */
/* strtol and its family: bases, signs, ends and ranges. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static void
try(const char *text, int base)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, base);
    printf("%s (%d): %ld rest \"%s\" %s\n", text, base, value, end,
           errno == ERANGE ? "ERANGE" : "");
}

int
main(void)
{
    try("123", 10);
    try("  -123abc", 10);
    try("+7", 0);
    try("0x1F", 0);
    try("0x1F", 16);
    try("0xg", 16);
    try("077", 0);
    try("0", 0);
    try("1010", 2);
    try("zZ", 36);
    try("129", 8);
    try("9223372036854775807", 10);
    try("9223372036854775808", 10);
    try("-9223372036854775808", 10);
    try("-9223372036854775809", 10);
    try("", 10);
    try("-", 10);
    errno = 0;
    printf("%lu", strtoul("-1", NULL, 10));
    printf(" %d\n", errno);
    printf("%llu\n", strtoull("18446744073709551615", NULL, 0));
    printf("%d %ld %lld\n", atoi("42x"), atol("-5"), atoll("1234567890123"));
    printf("%d %ld\n", abs(-3), labs(LONG_MIN + 1));
    div_t d = div(-17, 5);
    ldiv_t l = ldiv(17, -5);
    printf("%d %d %ld %ld\n", d.quot, d.rem, l.quot, l.rem);
    return 0;
}
