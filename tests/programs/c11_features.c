/* SPDX-License-Identifier: MIT */
/* The language: generic selection, flexible arrays, compound literals, VLAs. */
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#define KIND(x) \
    _Generic((x), int: "int", double: "double", char *: "string", \
             float: "float", default: "other")

struct message {
    size_t bytes;
    char text[];
};

union number {
    double value;
    unsigned char bytes[sizeof(double)];
};

static struct point {
    int x, y;
} points[] = { [2] = { .y = 5 }, [0] = { 1, 2 } };

static double
mean(size_t rows, size_t columns, double table[rows][columns])
{
    double sum = 0;

    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            sum += table[i][j];
        }
    }
    return sum / (double)(rows * columns);
}

static struct point
mirror(struct point p)
{
    return (struct point){ p.y, p.x };
}

int
main(void)
{
    struct message *message = malloc(sizeof(*message) + 6);
    double table[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    union number number = { .value = 1.0 };
    alignas(64) char aligned[3];
    size_t n = sizeof(points) / sizeof(points[0]);
    int vla[n];

    printf("%s %s %s %s %s\n", KIND(1), KIND(1.0), KIND("x"), KIND(1.0f),
           KIND(1u));
    message->bytes = 6;
    memcpy(message->text, "hello", 6);
    printf("%s %zu %zu\n", message->text, sizeof(*message),
           offsetof(struct message, text));
    free(message);
    for (size_t i = 0; i < n; i++) {
        struct point p = mirror(points[i]);

        vla[i] = p.x * 10 + p.y;
        printf("%d ", vla[i]);
    }
    printf("%zu %g\n", sizeof(vla), mean(2, 3, table));
    printf("%02x%02x %d %g\n", number.bytes[7], number.bytes[6],
           (int)((size_t)aligned % 64), (double)sqrt(2.0f));
    printf("%s line %d\n", __func__, __LINE__ > 0);
    return _Alignof(double);
}
