/* SPDX-License-Identifier: MIT */
/* Strings under pressure: anagrams, palindromes, run lengths, rotations. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_letter(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static void
key(const char *word, char *out)
{
    strcpy(out, word);
    qsort(out, strlen(out), 1, by_letter);
}

static int
palindrome(const char *s)
{
    const char *e = s + strlen(s);

    while (s < e) {
        if (!isalpha((unsigned char)*s)) {
            s++;
        } else if (!isalpha((unsigned char)e[-1])) {
            e--;
        } else if (tolower((unsigned char)*s++)
                   != tolower((unsigned char)*--e)) {
            return 0;
        }
    }
    return 1;
}

int
main(void)
{
    static const char *const words[] = { "listen", "silent", "enlist", "google",
                                         "elgoog", "tinsel", "abc" };
    char a[16], b[16], *text = calloc(1, 4096);

    for (size_t i = 0; i < 7; i++) {
        key(words[i], a);
        for (size_t j = i + 1; j < 7; j++) {
            key(words[j], b);
            if (strcmp(a, b) == 0) {
                printf("%s %s\n", words[i], words[j]);
            }
        }
    }
    printf("%d %d\n", palindrome("A man, a plan, a canal: Panama"),
           palindrome("not one"));
    strcpy(text, "1");
    for (int i = 0; i < 12; i++) {
        char *next = calloc(1, 4096), *to = next;

        for (const char *p = text; *p != '\0';) {
            size_t run = strspn(p, (char[]){ *p, '\0' });

            to += sprintf(to, "%zu%c", run, *p);
            p += run;
        }
        free(text);
        text = next;
        puts(text);
    }
    free(text);
    return 0;
}
