/* SPDX-License-Identifier: MIT */
/*
 * Claim: base/string.h does what the C library of this machine does.
 * Method: our functions under other names, each compared with the library's
 * over all small lengths, offsets and overlaps.
 */
#include <string.h>

#include "check.h"
#include "random.h"

/* Ours, next to the library's. */
#define memcpy  base_memcpy
#define memmove base_memmove
#define memset  base_memset
#define memcmp  base_memcmp
#define memchr  base_memchr
#define strlen  base_strlen
#define strnlen base_strnlen
#define strcmp  base_strcmp
#define strncmp base_strncmp
#define strchr  base_strchr
#define strrchr base_strrchr
#define strstr  base_strstr
#define strlcpy base_strlcpy
#include "lib/base/src/string.c"
#include "lib/base/src/strlcpy.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr
#undef strlcpy

#define SIZE 64

static unsigned char ours[SIZE];
static unsigned char theirs[SIZE];

static void
fill(void)
{
    for (int i = 0; i < SIZE; i++) {
        ours[i] = theirs[i] = (unsigned char)random_next();
    }
}

static int
sign(int x)
{
    return (x > 0) - (x < 0);
}

TEST(memmove_and_memcpy_for_all_offsets_and_lengths)
{
    for (size_t to = 0; to < SIZE; to++) {
        for (size_t from = 0; from < SIZE; from++) {
            size_t most = SIZE - (to > from ? to : from);
            size_t bytes = random_below(most + 1);

            fill();
            CHECK(base_memmove(ours + to, ours + from, bytes) == ours + to);
            memmove(theirs + to, theirs + from, bytes);
            CHECK(memcmp(ours, theirs, SIZE) == 0);
        }
    }
    for (size_t bytes = 0; bytes <= SIZE; bytes++) {
        fill();
        memset(ours, 0, SIZE);
        CHECK(base_memcpy(ours, theirs, bytes) == ours);
        CHECK(memcmp(ours, theirs, bytes) == 0);
        CHECK(bytes == SIZE || ours[bytes] == 0);
    }
}

TEST(memset_for_all_offsets_and_lengths)
{
    for (size_t to = 0; to < SIZE; to++) {
        for (size_t bytes = 0; bytes <= SIZE - to; bytes++) {
            int byte = (int)random_next();

            fill();
            CHECK(base_memset(ours + to, byte, bytes) == ours + to);
            memset(theirs + to, byte, bytes);
            CHECK(memcmp(ours, theirs, SIZE) == 0);
        }
    }
}

/* Short strings over a small alphabet, so that matches are common. */
static void
word(char *s, size_t most)
{
    size_t length = random_below(most + 1);

    for (size_t i = 0; i < length; i++) {
        s[i] = (char)("ab\xff"[random_below(3)]);
    }
    s[length] = '\0';
}

TEST(searching_and_comparing)
{
    char a[20];
    char b[20];

    for (int i = 0; i < 20000; i++) {
        size_t limit = random_below(20);
        int c = "ab\xff\0c"[random_below(5)];

        word(a, 12);
        word(b, i % 2 == 0 ? 12 : 3);
        CHECK_EQ(base_strlen(a), strlen(a));
        CHECK_EQ(base_strnlen(a, limit), strnlen(a, limit));
        CHECK_EQ(sign(base_strcmp(a, b)), sign(strcmp(a, b)));
        CHECK_EQ(sign(base_strncmp(a, b, limit)), sign(strncmp(a, b, limit)));
        CHECK_EQ(sign(base_memcmp(a, b, limit)), sign(memcmp(a, b, limit)));
        CHECK(base_strchr(a, c) == strchr(a, c));
        CHECK(base_strrchr(a, c) == strrchr(a, c));
        CHECK(base_strstr(a, b) == strstr(a, b));
        CHECK(base_memchr(a, c, limit) == memchr(a, c, limit));
    }
}

TEST(strlcpy_always_ends_in_nul)
{
    char to[8];

    for (size_t size = 0; size <= sizeof(to); size++) {
        memset(to, 'x', sizeof(to));
        CHECK_EQ(base_strlcpy(to, "abcde", size), 5);
        if (size == 0) {
            CHECK(to[0] == 'x');
        } else {
            CHECK_EQ(strlen(to), size - 1 < 5 ? size - 1 : 5);
            CHECK(strncmp(to, "abcde", strlen(to)) == 0);
        }
    }
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(memmove_and_memcpy_for_all_offsets_and_lengths);
    RUN(memset_for_all_offsets_and_lengths);
    RUN(searching_and_comparing);
    RUN(strlcpy_always_ends_in_nul);
    return CHECK_REPORT();
}
