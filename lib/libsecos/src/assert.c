/* SPDX-License-Identifier: MIT */
/* The message of a failed assertion. */
#include <libsecos/assert.h>
#include <libsecos/stdio.h>
#include <libsecos/stdlib.h>

void
assert_failed(const char *condition, const char *file, int line,
              const char *function)
{
    fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function,
            condition);
    abort();
}
