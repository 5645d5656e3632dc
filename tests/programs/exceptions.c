/* SPDX-License-Identifier: MIT */
/* Exceptions from setjmp: thrown through frames, caught by kind, cleaned up. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct handler {
    jmp_buf place;
    struct handler *outer;
};

static struct handler *current;
static char text[64];

static _Noreturn void throw(int code, const char *what)
{
    strcpy(text, what);
    longjmp(current->place, code);
}

static double
divide(double a, double b)
{
    if (b == 0) {
        throw(1, "division by zero");
    }
    return a / b;
}

static double
parse(const char *word)
{
    char *end;
    double value = strtod(word, &end);

    if (*end != '\0' || end == word) {
        throw(2, word);
    }
    return value;
}

static int
run(const char *a, const char *b)
{
    struct handler here = { .outer = current };
    char *volatile memory = malloc(100);
    int code;

    current = &here;
    code = setjmp(here.place);
    if (code == 0) {
        printf("%s / %s = %g\n", a, b, divide(parse(a), parse(b)));
    } else {
        printf("%s / %s: error %d: %s\n", a, b, code, text);
    }
    current = here.outer;
    free(memory);
    return code;
}

int
main(void)
{
    int errors = 0;

    errors += run("6", "4");
    errors += run("1", "0");
    errors += run("1", "zero");
    errors += run("", "3");
    errors += run("1e3", "1e-3");
    return errors;
}
