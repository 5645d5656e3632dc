/* SPDX-License-Identifier: MIT */
/* What a terminal sends, through the line editor and, at each Enter, through
 * the parser. Besides the sanitizers: the invariant L1 of line.h, and that every
 * word lies in its line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "servers/shell/line.h"
#include "servers/shell/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void
show(void *context, char c)
{
    (void)context;
    (void)c;
}

static void
parse(const char *text)
{
    char *copy = strdup(text);
    size_t length = strlen(text);
    struct parsed parsed;

    (void)parse_line(copy, &parsed);
    require(parsed.count >= 0 && parsed.count <= PARSE_WORDS);
    for (int i = 0; i < parsed.count; i++) {
        require(parsed.words[i] >= copy && parsed.words[i] <= copy + length);
        require(strlen(parsed.words[i]) <= length);
    }
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct line line;

    line_init(&line, show, NULL);
    line_start(&line, "secos$ ");
    for (size_t i = 0; i < bytes; i++) {
        enum line_event event = line_key(&line, data[i]);

        require(line.cursor <= line.length && line.length < LINE_BYTES);
        require(strlen(line.text) == line.length);
        if (event == LINE_DONE) {
            line_add_history(&line, line.text);
            parse(line.text);
        }
        if (event != LINE_MORE) {
            line_start(&line, "secos$ ");
        }
    }
    return 0;
}
