/* SPDX-License-Identifier: MIT */
/*
 * Claim: libsecos's string, number and sorting functions do what the host's do.
 * Method: the same arguments to both; exhaustive where the space is small.
 * lib/base's own string functions have a test of their own.
 */
#define _GNU_SOURCE /* memrchr */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "check.h"

/* libsecos's, compiled under these names. */
char *secos_strcpy(char *to, const char *from);
char *secos_strncpy(char *to, const char *from, size_t bytes);
char *secos_strncat(char *to, const char *from, size_t bytes);
size_t secos_strlcat(char *to, const char *from, size_t size);
size_t secos_strspn(const char *s, const char *accept);
size_t secos_strcspn(const char *s, const char *reject);
char *secos_strpbrk(const char *s, const char *accept);
char *secos_strtok_r(char *s, const char *separators, char **rest);
int secos_strcasecmp(const char *a, const char *b);
int secos_strncasecmp(const char *a, const char *b, size_t limit);
void *secos_memrchr(const void *s, int byte, size_t bytes);
char *secos_strdup(const char *s);
char *secos_strerror(int number);
long secos_strtol(const char *s, char **end, int base);
unsigned long secos_strtoul(const char *s, char **end, int base);
void secos_qsort(void *items, size_t count, size_t bytes,
                 int (*compare)(const void *, const void *));
void *secos_bsearch(const void *key, const void *items, size_t count,
                    size_t bytes, int (*compare)(const void *, const void *));
int secos_rand(void);
void secos_srand(unsigned seed);
extern int secos_errno;
int secos_errno;

static int
sign(int x)
{
    return x < 0 ? -1 : x > 0;
}

/* All texts of up to three characters of "aB," and the empty one. */
#define TEXTS 40

static void
text_number(int n, char text[4])
{
    static const char alphabet[] = "aB,";
    int length = n == 0 ? 0 : n < 4 ? 1 : n < 13 ? 2 : 3;

    n -= length == 0 ? 0 : length == 1 ? 1 : length == 2 ? 4 : 13;
    for (int i = 0; i < length; i++) {
        text[i] = alphabet[n % 3];
        n /= 3;
    }
    text[length] = '\0';
}

TEST(pairs_of_short_texts)
{
    for (int i = 0; i < TEXTS; i++) {
        for (int k = 0; k < TEXTS; k++) {
            char a[4];
            char b[4];

            text_number(i, a);
            text_number(k, b);
            CHECK_EQ(secos_strspn(a, b), strspn(a, b));
            CHECK_EQ(secos_strcspn(a, b), strcspn(a, b));
            CHECK(secos_strpbrk(a, b) == strpbrk(a, b));
            CHECK_EQ(sign(secos_strcasecmp(a, b)), sign(strcasecmp(a, b)));
            for (size_t n = 0; n < 4; n++) {
                CHECK_EQ(sign(secos_strncasecmp(a, b, n)),
                         sign(strncasecmp(a, b, n)));
                CHECK(secos_memrchr(a, b[0], strlen(a))
                      == memrchr(a, b[0], strlen(a)));
            }
        }
    }
}

TEST(copies_end_where_the_hosts_do)
{
    for (int i = 0; i < TEXTS; i++) {
        for (size_t n = 0; n < 8; n++) {
            char text[4];
            char ours[16] = "xy\0zzzzzzzzzzzz";
            char theirs[16] = "xy\0zzzzzzzzzzzz";

            text_number(i, text);
            secos_strncpy(ours + 4, text, n);
            strncpy(theirs + 4, text, n);
            CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
            secos_strncat(ours, text, n);
            strncat(theirs, text, n);
            CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
            secos_strcpy(ours, text);
            CHECK(strcmp(ours, text) == 0);
        }
    }
}

TEST(strlcat_says_when_it_cut)
{
    char text[6] = "abc";

    CHECK_EQ(secos_strlcat(text, "defg", sizeof(text)), 7);
    CHECK(strcmp(text, "abcde") == 0);
    CHECK_EQ(secos_strlcat(text, "x", 3), 4);
    CHECK(strcmp(text, "abcde") == 0);
}

TEST(strtok_r_cuts_as_the_hosts_does)
{
    for (int i = 0; i < TEXTS * TEXTS; i++) {
        char ours[16];
        char theirs[16];
        char a[4];
        char b[4];
        char *rest = NULL;
        char *host_rest = NULL;
        char *one;
        char *two;

        text_number(i % TEXTS, a);
        text_number(i / TEXTS, b);
        snprintf(ours, sizeof(ours), "%s,%s", a, b);
        strcpy(theirs, ours);
        one = secos_strtok_r(ours, ",", &rest);
        two = strtok_r(theirs, ",", &host_rest);
        while (one != NULL && two != NULL) {
            CHECK(strcmp(one, two) == 0);
            one = secos_strtok_r(NULL, ",", &rest);
            two = strtok_r(NULL, ",", &host_rest);
        }
        CHECK(one == NULL && two == NULL);
    }
}

TEST(numbers_in_every_base)
{
    static const char *const texts[] = {
        "",
        "0",
        "-0",
        "+7",
        "  42x",
        "0x",
        "0x1F",
        "0X1g",
        "-0x8",
        "077",
        "08",
        "zz",
        "-zz",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "-1",
        "- 1",
        "--1",
        "\t\n 5",
        "99999999999999999999999999",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        for (int base = 0; base <= 36; base += base == 0 ? 2 : 1) {
            char *ours;
            char *theirs;

            errno = 0;
            secos_errno = 0;
            CHECK_EQ(secos_strtol(texts[i], &ours, base),
                     strtol(texts[i], &theirs, base));
            CHECK(ours == theirs);
            CHECK_EQ(secos_errno, errno);
            errno = 0;
            secos_errno = 0;
            CHECK_EQ(secos_strtoul(texts[i], &ours, base),
                     strtoul(texts[i], &theirs, base));
            CHECK(ours == theirs);
            CHECK_EQ(secos_errno, errno);
        }
    }
}

TEST(impossible_bases_are_refused)
{
    char *end;

    CHECK_EQ(secos_strtol("5", &end, 1), 0);
    CHECK_EQ(secos_errno, EINVAL);
    CHECK_EQ(secos_strtoul("5", &end, 37), 0);
    CHECK_EQ(secos_errno, EINVAL);
}

static int
compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;

    return x < y ? -1 : x > y;
}

TEST(sorting_sorts_and_searching_finds)
{
    for (size_t count = 0; count < 300; count++) {
        int *ours = malloc(count * sizeof(int) + 1);
        int *theirs = malloc(count * sizeof(int) + 1);

        secos_srand((unsigned)count);
        for (size_t i = 0; i < count; i++) {
            ours[i] = secos_rand() % (int)(count + 1) * 2;
            theirs[i] = ours[i];
        }
        secos_qsort(ours, count, sizeof(int), compare_ints);
        qsort(theirs, count, sizeof(int), compare_ints);
        CHECK(memcmp(ours, theirs, count * sizeof(int)) == 0);
        for (int key = -1; key < (int)count * 2 + 3; key++) {
            int *found =
                secos_bsearch(&key, ours, count, sizeof(int), compare_ints);
            bool there = false;

            for (size_t i = 0; i < count; i++) {
                there = there || ours[i] == key;
            }
            CHECK_EQ(found != NULL, there);
            CHECK(found == NULL || *found == key);
        }
        free(ours);
        free(theirs);
    }
}

TEST(copies_and_messages)
{
    char *copy = secos_strdup("text");

    CHECK(strcmp(copy, "text") == 0);
    free(copy);
    CHECK(strstr(secos_strerror(ENOMEM), "memory") != NULL);
    CHECK(strcmp(secos_strerror(4711), "unknown error") == 0);
}

int
main(void)
{
    RUN(pairs_of_short_texts);
    RUN(copies_end_where_the_hosts_do);
    RUN(strlcat_says_when_it_cut);
    RUN(strtok_r_cuts_as_the_hosts_does);
    RUN(numbers_in_every_base);
    RUN(impossible_bases_are_refused);
    RUN(sorting_sorts_and_searching_finds);
    RUN(copies_and_messages);
    return CHECK_REPORT();
}
