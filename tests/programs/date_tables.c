/* SPDX-License-Identifier: MIT */
/* Calendars by arithmetic: weekdays, Easter, Julian days, leap years. */
#include <stdio.h>

static long
julian(int y, int m, int d)
{
    int a = (14 - m) / 12;

    y += 4800 - a;
    m += 12 * a - 3;
    return d + (153 * m + 2) / 5 + 365L * y + y / 4 - y / 100 + y / 400 - 32045;
}

static void
easter(int year, int *month, int *day)
{
    int a = year % 19, b = year / 100, c = year % 100;
    int d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    int e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7;
    int f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114;

    *month = f / 31;
    *day = f % 31 + 1;
}

int
main(void)
{
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu",
                                        "Fri", "Sat", "Sun" };
    int fridays = 0;

    for (int year = 1995; year < 2005; year++) {
        int month, day;

        easter(year, &month, &day);
        printf("%d-%02d-%02d %s %d\n", year, month, day,
               days[julian(year, month, day) % 7],
               julian(year + 1, 1, 1) - julian(year, 1, 1) == 366);
    }
    for (int year = 1901; year < 2001; year++) {
        for (int month = 1; month <= 12; month++) {
            fridays += julian(year, month, 13) % 7 == 4;
        }
    }
    printf("%d\n", fridays);
    return 0;
}
