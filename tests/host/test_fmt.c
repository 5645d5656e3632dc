/* SPDX-License-Identifier: MIT */
/*
 * Claim: base/fmt prints what the C standard says, for every conversion, flag,
 * width, precision and length it knows, and never writes beyond the buffer.
 * Method: all combinations against the host's own snprintf.
 */
#include <stdarg.h>
#include <string.h>

#include <base/fmt.h>

#include "check.h"

static const char *const flags[] = { "",   "-",  "0",   "+",  " ",  "#",
                                     "-0", "0+", "- #", "0#", "+ ", "-+0 #" };
static const char *const widths[] = { "", "1", "5", "20" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".7", ".25" };

/* Print with both and compare text and length. */
#define SAME(format, ...)                                               \
    do {                                                                \
        char ours[256];                                                 \
        char theirs[256];                                               \
        int a = fmt_snprintf(ours, sizeof(ours), format, __VA_ARGS__);  \
        int b = snprintf(theirs, sizeof(theirs), format, __VA_ARGS__);  \
        CHECK_EQ(a, b);                                                 \
        CHECK(strcmp(ours, theirs) == 0);                               \
        if (strcmp(ours, theirs) != 0) {                                \
            printf("    \"%s\": \"%s\" and not \"%s\"\n", format, ours, \
                   theirs);                                             \
        }                                                               \
    } while (0)

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat"

static void
each_format(const char *tail, void (*use)(const char *format))
{
    for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++) {
        for (size_t w = 0; w < sizeof(widths) / sizeof(*widths); w++) {
            for (size_t p = 0; p < sizeof(precisions) / sizeof(*precisions);
                 p++) {
                char format[32];

                snprintf(format, sizeof(format), "<%%%s%s%s%s>", flags[f],
                         widths[w], precisions[p], tail);
                use(format);
            }
        }
    }
}

static void
use_int(const char *format)
{
    static const int values[] = {
        0, 1, -1, 42, -1234567, 2147483647, -2147483647 - 1
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        SAME(format, values[i]);
    }
}

static void
use_long(const char *format)
{
    static const long values[] = { 0, 7, -7, 0x7FFFFFFFFFFFFFFF,
                                   -0x7FFFFFFFFFFFFFFF - 1 };

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        SAME(format, values[i]);
    }
}

static void
use_text(const char *format)
{
    SAME(format, "");
    SAME(format, "x");
    SAME(format, "a longer text");
}

TEST(integers_of_every_length_match_the_host)
{
    static const char *const tails[] = { "d",  "i",  "u",   "x",   "X",  "o",
                                         "hd", "hu", "hhd", "hhu", "hhx" };
    static const char *const long_tails[] = { "ld",  "lu", "lx", "lo", "lld",
                                              "llx", "zu", "zx", "td", "jd" };

    for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
        each_format(tails[i], use_int);
    }
    for (size_t i = 0; i < sizeof(long_tails) / sizeof(*long_tails); i++) {
        each_format(long_tails[i], use_long);
    }
}

TEST(texts_match_the_host)
{
    each_format("s", use_text);
    SAME("%c%c%c", 'a', 0x7F, 'b');
    SAME("%5c|%-5c|", 'a', 'b');
    SAME("100%% of %d", 1);
}

TEST(stars_match_the_host)
{
    for (int width = -20; width <= 20; width++) {
        SAME("<%*d>", width, 42);
        SAME("<%-*s>", width, "ab");
        for (int precision = -3; precision < 10; precision++) {
            SAME("<%*.*d>", width, precision, 42);
            SAME("<%*.*s>", width, precision, "abcdef");
        }
    }
}

TEST(pointers_have_0x_and_digits)
{
    char text[32];

    fmt_snprintf(text, sizeof(text), "%p", (void *)0x1234abcd);
    CHECK(strcmp(text, "0x1234abcd") == 0);
    fmt_snprintf(text, sizeof(text), "%p", NULL);
    CHECK(strcmp(text, "0x0") == 0);
}

TEST(null_text_is_shown)
{
    char text[32];

    fmt_snprintf(text, sizeof(text), "%s", (const char *)NULL);
    CHECK(strcmp(text, "(null)") == 0);
}

TEST(unknown_conversions_stay)
{
    char text[32];

    CHECK_EQ(fmt_snprintf(text, sizeof(text), "a%-5yb%"), 7);
    CHECK(strcmp(text, "a%-5yb%") == 0);
}

TEST(a_text_with_precision_needs_no_end)
{
    const char open[3] = { 'a', 'b', 'c' };
    char text[8];

    CHECK_EQ(fmt_snprintf(text, sizeof(text), "%.3s", open), 3);
    CHECK(strcmp(text, "abc") == 0);
}

TEST(buffers_of_every_size_are_kept_to)
{
    for (size_t size = 0; size < 12; size++) {
        char text[16];

        memset(text, 'z', sizeof(text));
        CHECK_EQ(fmt_snprintf(text, size, "%d-%s", 123, "abcd"), 8);
        if (size > 0) {
            CHECK_EQ(strlen(text), size - 1 < 8 ? size - 1 : 8);
        }
        CHECK_EQ(text[size < 9 ? size : 9], 'z');
    }
    CHECK_EQ(fmt_snprintf(NULL, 0, "%d", 12345), 5);
}

TEST(a_huge_width_is_bounded)
{
    CHECK_EQ(fmt_snprintf(NULL, 0, "%99999999999d", 1), FMT_WIDTH_MAX);
    CHECK_EQ(fmt_snprintf(NULL, 0, "%*d", -2147483647 - 1, 1), FMT_WIDTH_MAX);
    CHECK_EQ(fmt_snprintf(NULL, 0, "%.*d", 2147483647, 1), FMT_WIDTH_MAX);
}

int
main(void)
{
    RUN(integers_of_every_length_match_the_host);
    RUN(texts_match_the_host);
    RUN(stars_match_the_host);
    RUN(pointers_have_0x_and_digits);
    RUN(null_text_is_shown);
    RUN(unknown_conversions_stay);
    RUN(a_text_with_precision_needs_no_end);
    RUN(buffers_of_every_size_are_kept_to);
    RUN(a_huge_width_is_bounded);
    return CHECK_REPORT();
}
