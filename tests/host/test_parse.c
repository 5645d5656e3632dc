/* SPDX-License-Identifier: MIT */
/*
 * Claim: a line becomes the words that parse.h draws, inside its own buffer.
 * Method: examples for each rule, then every line of seven characters of an
 * alphabet that has all special ones.
 */
#include <string.h>

#include "check.h"
#include "servers/shell/parse.h"

/* The words of @line joined by |, or "!" and the error number. A buffer of just
 * its size: the sanitizer sees a step too far. */
static const char *
words_of(const char *line)
{
    static char joined[512];
    char *text = strdup(line);
    struct parsed parsed;
    enum parse_error error = parse_line(text, &parsed);

    joined[0] = '\0';
    if (error != PARSE_OK) {
        CHECK_EQ(parsed.count, 0);
        snprintf(joined, sizeof(joined), "!%d", (int)error);
    }
    for (int i = 0; i < parsed.count; i++) {
        strcat(joined, i > 0 ? "|" : "");
        strcat(joined, parsed.words[i]);
    }
    CHECK(parsed.words[parsed.count] == NULL);
    if (parsed.background) {
        strcat(joined, "&");
    }
    free(text);
    return joined;
}

#define WORDS(line, expected) CHECK(strcmp(words_of(line), expected) == 0)

TEST(blanks_separate)
{
    WORDS("", "");
    WORDS("   ", "");
    WORDS("mem", "mem");
    WORDS("  mem  -v\t", "mem|-v");
}

TEST(quotes_keep_blanks)
{
    WORDS("echo \"a  b\" 'c  d'", "echo|a  b|c  d");
    WORDS("a'b c'd", "ab cd");
    WORDS("''", "");
    WORDS("a '' b", "a||b");
    WORDS("\"a\\\"b\"", "a\"b");
    WORDS("'a\\b'", "a\\b");
    WORDS("'a&b' \"#\"", "a&b|#");
}

TEST(a_backslash_keeps_one_character)
{
    WORDS("a\\ b", "a b");
    WORDS("a\\\\b", "a\\b");
    WORDS("a\\&", "a&");
}

TEST(an_ampersand_asks_for_the_background)
{
    WORDS("run hog &", "run|hog&");
    WORDS("run hog&", "run|hog&");
    WORDS("run hog & ", "run|hog&");
    WORDS("&", "&");
    WORDS("a & b", "!3");
    WORDS("a&b", "!3");
    WORDS("a && b", "!3");
}

TEST(a_hash_begins_a_comment)
{
    WORDS("# all", "");
    WORDS("a # b", "a");
    WORDS("a#b", "a#b");
    WORDS("a & # b", "a&");
}

TEST(open_quotes_are_errors)
{
    WORDS("'a", "!1");
    WORDS("\"a", "!1");
    WORDS("\"a\\", "!1");
    WORDS("a\\", "!1");
}

TEST(too_many_words_are_an_error)
{
    char line[2 * PARSE_WORDS + 8] = "";

    for (int i = 0; i < PARSE_WORDS; i++) {
        strcat(line, "a ");
    }
    CHECK(words_of(line)[0] == 'a');
    strcat(line, "a");
    WORDS(line, "!2");
}

TEST(every_short_line_stays_in_its_buffer)
{
    static const char alphabet[] = "a \\\"'&#";
    unsigned long lines = 1;

    for (int i = 0; i < 7; i++) {
        lines *= 7;
    }
    for (unsigned long n = 0; n < lines; n++) {
        char line[8] = "";
        unsigned long rest = n;
        struct parsed parsed;

        for (int i = 0; i < 7; i++) {
            line[i] = alphabet[rest % 7];
            rest /= 7;
        }
        (void)parse_line(line, &parsed);
        for (int i = 0; i < parsed.count; i++) {
            if (parsed.words[i] < line || parsed.words[i] >= line + 8
                || strlen(parsed.words[i]) > 7) {
                CHECK(!"a word outside its line");
            }
        }
    }
    CHECK_EQ(lines, 823543);
}

TEST(every_error_has_a_text)
{
    for (int i = PARSE_OK; i <= PARSE_AMPERSAND; i++) {
        CHECK(strlen(parse_error_text((enum parse_error)i)) > 3);
    }
}

int
main(void)
{
    RUN(blanks_separate);
    RUN(quotes_keep_blanks);
    RUN(a_backslash_keeps_one_character);
    RUN(an_ampersand_asks_for_the_background);
    RUN(a_hash_begins_a_comment);
    RUN(open_quotes_are_errors);
    RUN(too_many_words_are_an_error);
    RUN(every_short_line_stays_in_its_buffer);
    RUN(every_error_has_a_text);
    return CHECK_REPORT();
}
