/* SPDX-License-Identifier: MIT */
/* strchr, strstr, strspn and their like, at all offsets of a word. */
#include <stdio.h>
#include <string.h>

static long
at(const char *base, const char *found)
{
    return found != NULL ? (long)(found - base) : -1;
}

int
main(void)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog";
    char padded[64];

    printf("%ld %ld %ld %ld\n", at(text, strchr(text, 'q')),
           at(text, strrchr(text, 'o')), at(text, strchr(text, 'X')),
           at(text, strchr(text, '\0')));
    printf("%ld %ld %ld %ld\n", at(text, strstr(text, "the")),
           at(text, strstr(text + 1, "the")), at(text, strstr(text, "cat")),
           at(text, strstr(text, "")));
    printf("%zu %zu %ld\n", strspn(text, "etha "), strcspn(text, "xyz"),
           at(text, strpbrk(text, "zyx")));
    printf("%ld %ld\n", at(text, memchr(text, 'f', sizeof(text))),
           at(text, memchr(text, 'f', 5)));
    for (size_t offset = 0; offset < 16; offset++) {
        memset(padded, 'a', sizeof(padded));
        padded[offset + 20] = 'b';
        padded[offset + 30] = '\0';
        printf("%zu %ld %ld;", strlen(padded + offset),
               at(padded, strchr(padded + offset, 'b')),
               at(padded, strstr(padded + offset, "ab")));
    }
    putchar('\n');
    return (int)strlen(text);
}
