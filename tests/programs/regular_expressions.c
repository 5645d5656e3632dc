/* SPDX-License-Identifier: MIT */
/* regex.h and fnmatch.h: patterns of the C library. */
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>

static void
try(const char *pattern, const char *text)
{
    regex_t regex;
    regmatch_t match[4];

    if (regcomp(&regex, pattern, REG_EXTENDED) != 0) {
        printf("%s: not a pattern\n", pattern);
        return;
    }
    printf("%s on %s:", pattern, text);
    if (regexec(&regex, text, 4, match, 0) == 0) {
        for (int i = 0; i < 4 && match[i].rm_so >= 0; i++) {
            printf(" [%.*s]", (int)(match[i].rm_eo - match[i].rm_so),
                   text + match[i].rm_so);
        }
    }
    putchar('\n');
    regfree(&regex);
}

int
main(void)
{
    try("a*b", "xaaab");
    try("^([a-z]+)=([0-9]+)$", "page=4096");
    try("^([a-z]+)=([0-9]+)$", "page=x");
    try("(foo|bar)+", "foobarfoo!");
    try("[[:digit:]]{2,3}", "1 22 333");
    try("a(", "a");
    try("colou?r", "color colour");
    printf("%d %d %d\n", fnmatch("*.c", "main.c", 0),
           fnmatch("*.c", "main.h", 0) != 0, fnmatch("[a-c]?", "b1", 0));
    return 0;
}
