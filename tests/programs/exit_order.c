/* SPDX-License-Identifier: MIT */
/* atexit functions run in reverse, may register more, and streams are flushed. */
#include <stdio.h>
#include <stdlib.h>

static void
last(void)
{
    printf("last");
}

static void
late(void)
{
    puts("late");
}

static void
first(void)
{
    puts("first");
    atexit(late);
}

int
main(void)
{
    atexit(last);
    atexit(first);
    printf("main, ");
    exit(300 & 0xFF);
}
