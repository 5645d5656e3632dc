/* SPDX-License-Identifier: MIT */
/* gmtime, mktime, strftime, difftime over three centuries. */
#include <stdio.h>
#include <time.h>

int
main(void)
{
    static const long long moments[] = {
        0,          951782400, 1709164800,  1234567890,  2147483647,
        4102444800, -1,        -2208988800, 253402300799
    };
    char text[128];

    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        time_t t = (time_t)moments[i];
        struct tm tm = *gmtime(&t);
        struct tm copy = tm;

        strftime(text, sizeof(text),
                 "%Y-%m-%d %H:%M:%S %a %A %b %B %j %U %W %w", &tm);
        printf("%lld %s %lld\n", moments[i], text, (long long)mktime(&copy));
        strftime(text, sizeof(text), "%y %C %e %I %p %D %F %T %R %u %V %G %%",
                 &tm);
        puts(text);
    }
    struct tm odd = { .tm_year = 124,
                      .tm_mon = 13,
                      .tm_mday = 35,
                      .tm_hour = 25,
                      .tm_min = 61,
                      .tm_sec = 61 };
    time_t t = mktime(&odd);

    printf("%lld %s", (long long)t, asctime(&odd));
    printf("%.0f %zu\n", difftime(1000, 250), strftime(text, 3, "%Y", &odd));
    printf("%s", ctime(&(time_t){ 1000000000 }));
    return 0;
}
