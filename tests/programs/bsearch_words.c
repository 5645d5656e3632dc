/* SPDX-License-Identifier: MIT */
/* bsearch: every word that is there, and those around that are not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "badge", "bind",   "frame", "handle",
                                     "page",  "region", "space", "verdict" };
#define WORDS (sizeof(words) / sizeof(words[0]))

static int
compare(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

int
main(void)
{
    static const char *const wanted[] = {
        "badge", "region", "verdict", "aaa", "framf", "zzz", "", "page"
    };
    int found = 0;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const char *const *at =
            bsearch(wanted[i], words, WORDS, sizeof(words[0]), compare);

        printf("%-8s %td\n", wanted[i], at != NULL ? at - words : -1);
        found += at != NULL;
    }
    printf("%d\n", bsearch("x", words, 0, sizeof(words[0]), compare) == NULL);
    return found;
}
