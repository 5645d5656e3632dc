/* SPDX-License-Identifier: MIT */
/* signal, raise, and a handler that leaves by longjmp. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t seen;
static jmp_buf place;

static void
count(int number)
{
    seen += number == SIGTERM ? 1 : 100;
    signal(number, count);
}

static void
jump(int number)
{
    signal(number, SIG_DFL);
    longjmp(place, number == SIGFPE ? 5 : 6);
}

int
main(void)
{
    signal(SIGTERM, count);
    signal(SIGINT, SIG_IGN);
    printf("%d %d\n", raise(SIGTERM), raise(SIGTERM));
    printf("%d\n", raise(SIGINT));
    signal(SIGFPE, jump);
    if (setjmp(place) == 0) {
        raise(SIGFPE);
        puts("never");
    }
    printf("seen %d %d\n", (int)seen, signal(SIGTERM, SIG_DFL) == count);
    fflush(stdout);
    raise(SIGTERM);
    puts("never");
    return 1;
}
