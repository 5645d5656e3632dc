/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp: values, nesting, and out of many calls at once. */
#include <setjmp.h>
#include <stdio.h>

static jmp_buf outer, inner;

static void
dive(int depth)
{
    if (depth == 0) {
        longjmp(inner, 7);
    }
    dive(depth - 1);
    puts("never");
}

static int
attempt(int number)
{
    volatile int steps = number;
    int code = setjmp(inner);

    if (code == 0) {
        dive(steps * 10);
    }
    printf("attempt %d came back with %d\n", steps, code);
    if (number == 3) {
        longjmp(outer, 0);
    }
    return code;
}

int
main(void)
{
    volatile int total = 0;
    volatile double kept = 1.25;
    int code = setjmp(outer);

    if (code == 0) {
        for (int i = 1; i < 10; i++) {
            total += attempt(i);
            kept *= 2;
        }
    }
    printf("outer %d total %d kept %g\n", code, total, kept);
    return total;
}
