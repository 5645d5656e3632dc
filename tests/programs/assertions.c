/* SPDX-License-Identifier: MIT */
/* assert: silent when true, gone under NDEBUG, fatal when false. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static_assert(sizeof(int) == 4, "the ABI says so");

static void
on_abort(int number)
{
    (void)number;
    puts("aborted");
    fflush(stdout);
    _Exit(9);
}

int
main(void)
{
    int calls = 0;

    assert(++calls == 1);
    printf("%d\n", calls);
    fclose(stderr);
    signal(SIGABRT, on_abort);
    assert(calls == 2);
    puts("never");
    return 0;
}
