/* SPDX-License-Identifier: MIT */
/* Numbers of any length: factorials, Fibonacci numbers, powers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE 1000000000u

struct big {
    size_t digits;
    uint32_t digit[200];
};

static void
multiply(struct big *x, uint32_t by)
{
    uint64_t carry = 0;

    for (size_t i = 0; i < x->digits || carry != 0; i++) {
        carry += i < x->digits ? (uint64_t)x->digit[i] * by : 0;
        x->digit[i] = (uint32_t)(carry % BASE);
        carry /= BASE;
        if (i >= x->digits) {
            x->digits = i + 1;
        }
    }
}

static void
add(struct big *x, const struct big *y)
{
    uint32_t carry = 0;

    for (size_t i = 0; i < y->digits || carry != 0; i++) {
        if (i >= x->digits) {
            x->digit[i] = 0;
            x->digits = i + 1;
        }
        carry += x->digit[i] + (i < y->digits ? y->digit[i] : 0);
        x->digit[i] = carry % BASE;
        carry /= BASE;
    }
}

static void
show(const char *name, const struct big *x)
{
    printf("%s = %u", name, x->digit[x->digits - 1]);
    for (size_t i = x->digits - 1; i-- > 0;) {
        printf("%09u", x->digit[i]);
    }
    putchar('\n');
}

int
main(void)
{
    struct big f = { 1, { 1 } }, a = { 1, { 0 } }, b = { 1, { 1 } };
    struct big p = { 1, { 1 } };

    for (uint32_t i = 2; i <= 100; i++) {
        multiply(&f, i);
    }
    show("100!", &f);
    for (int i = 0; i < 500; i++) {
        struct big t = b;

        add(&b, &a);
        a = t;
    }
    show("F(500)", &a);
    for (int i = 0; i < 521; i++) {
        multiply(&p, 2);
    }
    show("2^521", &p);
    return (int)f.digits;
}
