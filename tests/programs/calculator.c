/* SPDX-License-Identifier: MIT */
/* A calculator with precedence, functions and variables, by descent. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *at;
static double variables[26];
static int failed;

static double sum(void);

static void
blanks(void)
{
    while (isspace((unsigned char)*at)) {
        at++;
    }
}

static double
primary(void)
{
    static const struct {
        const char *name;
        double (*function)(double);
    } functions[] = { { "sqrt", sqrt }, { "sin", sin }, { "ln", log } };
    double x;

    blanks();
    if (*at == '(') {
        at++;
        x = sum();
        blanks();
        failed |= *at != ')';
        at += *at == ')';
        return x;
    }
    if (*at == '-') {
        at++;
        return -primary();
    }
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(functions[i].name);

        if (strncmp(at, functions[i].name, n) == 0) {
            at += n;
            return functions[i].function(primary());
        }
    }
    if (islower((unsigned char)*at)) {
        return variables[*at++ - 'a'];
    }
    char *end;
    x = strtod(at, &end);
    failed |= end == at;
    at = end;
    return x;
}

static double
power(void)
{
    double x = primary();

    blanks();
    if (*at == '^') {
        at++;
        return pow(x, power());
    }
    return x;
}

static double
product(void)
{
    double x = power();

    for (blanks(); *at == '*' || *at == '/' || *at == '%'; blanks()) {
        char sign = *at++;
        double y = power();

        x = sign == '*' ? x * y : sign == '/' ? x / y : fmod(x, y);
    }
    return x;
}

static double
sum(void)
{
    double x = product();

    for (blanks(); *at == '+' || *at == '-'; blanks()) {
        char sign = *at++;
        double y = product();

        x = sign == '+' ? x + y : x - y;
    }
    return x;
}

int
main(void)
{
    char line[200];
    int errors = 0;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        double *target = NULL, value;

        line[strcspn(line, "\n")] = '\0';
        at = line;
        failed = 0;
        if (islower((unsigned char)line[0]) && line[1] == '=') {
            target = &variables[line[0] - 'a'];
            at = line + 2;
        }
        value = sum();
        failed |= *at != '\0';
        if (failed) {
            printf("%s: error near \"%s\"\n", line, at);
            errors++;
            continue;
        }
        if (target != NULL) {
            *target = value;
        }
        printf("%s = %.10g\n", target != NULL ? line + 2 : line, value);
    }
    return errors;
}
