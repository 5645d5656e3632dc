/* SPDX-License-Identifier: MIT */
/* qsort on records, with ties broken so that every order is the only one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    char name[12];
    int year;
    double weight;
};

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct record *)a)->name,
                  ((const struct record *)b)->name);
}

static int
by_year(const void *a, const void *b)
{
    const struct record *x = a;
    const struct record *y = b;

    return x->year != y->year ? (x->year > y->year) - (x->year < y->year)
                              : strcmp(x->name, y->name);
}

static int
by_weight(const void *a, const void *b)
{
    double x = ((const struct record *)a)->weight;
    double y = ((const struct record *)b)->weight;

    return (x < y) - (x > y);
}

static int
by_value(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;

    return (x > y) - (x < y);
}

static void
show(const char *title, const struct record *rows, size_t count)
{
    puts(title);
    for (size_t i = 0; i < count; i++) {
        printf("  %-10s %d %6.2f\n", rows[i].name, rows[i].year,
               rows[i].weight);
    }
}

int
main(void)
{
    struct record rows[] = {
        { "minix", 1987, 12.5 }, { "mach", 1985, 30.25 }, { "l4", 1993, 0.75 },
        { "sel4", 2009, 1.5 },   { "xv6", 2006, 0.9 },    { "hubris", 2019, 2 },
        { "qnx", 1982, 8.125 },  { "plan9", 1987, 14 },
    };
    size_t count = sizeof(rows) / sizeof(rows[0]);
    static int numbers[10000];
    unsigned state = 1;

    qsort(rows, count, sizeof(rows[0]), by_name);
    show("by name", rows, count);
    qsort(rows, count, sizeof(rows[0]), by_year);
    show("by year", rows, count);
    qsort(rows, count, sizeof(rows[0]), by_weight);
    show("by weight", rows, count);
    for (size_t i = 0; i < 10000; i++) {
        state = state * 1103515245u + 12345u;
        numbers[i] = (int)(state >> 8) % 5000;
    }
    qsort(numbers, 10000, sizeof(numbers[0]), by_value);
    for (size_t i = 1; i < 10000; i++) {
        if (numbers[i - 1] > numbers[i]) {
            return 1;
        }
    }
    printf("%d %d %d\n", numbers[0], numbers[5000], numbers[9999]);
    return 0;
}
