/* SPDX-License-Identifier: MIT */
/* In and out of the kernel, by longjmp. */
#include "door.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <klib/kassert.h>
#include <klib/log.h>
#include <klib/panic.h>
#include <sys/time.h>

#define STUCK_SECONDS 2

static jmp_buf door_buffer;
static volatile sig_atomic_t door_is_inside;
static volatile sig_atomic_t door_entries;
static const char *door_panic = "";

void
door_leave(enum door how)
{
    door_is_inside = 0;
    longjmp(door_buffer, how);
}

enum door
door_enter(void (*function)(void *), void *argument)
{
    int how = setjmp(door_buffer);

    if (how == DOOR_RETURNED) {
        door_is_inside = 1;
        door_entries++;
        function(argument);
        door_is_inside = 0;
    }
    return (enum door)how;
}

const char *
door_judge(enum door how)
{
    switch (how) {
    case DOOR_PANICKED:
        return "kernel_assertions_hold";
    case DOOR_CRASHED:
        return "no_wild_pointer";
    case DOOR_GOT_STUCK:
        return "no_endless_loop";
    case DOOR_RETURNED:
    case DOOR_RAN:
    case DOOR_SLEPT:
        break;
    }
    return NULL;
}

const char *
door_words(void)
{
    return door_panic;
}

void
panic(const char *fmt, ...)
{
    static char words[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    door_panic = words;
    if (!door_is_inside) {
        fprintf(stderr, "panic: %s\n", words);
        abort();
    }
    door_leave(DOOR_PANICKED);
}

void
kassert_failed(const char *where_and_what)
{
    panic("assertion failed: %s", where_and_what);
}

/* The kernel's lines are the driver's to judge; EXPLORE_LOG=1 shows them. */
void
klog(const char *fmt, ...)
{
    static int shown = -1;
    va_list args;

    if (shown < 0) {
        shown = getenv("EXPLORE_LOG") != NULL;
    }
    if (shown == 0) {
        return;
    }
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

static void
door_on_signal(int signal)
{
    static int seen;

    if (signal == SIGVTALRM) {
        if (seen != door_entries || !door_is_inside) {
            seen = door_entries;
            return;
        }
        door_leave(DOOR_GOT_STUCK);
    }
    if (!door_is_inside) {
        static const char words[] = "the driver itself has crashed\n";

        (void)!write(2, words, sizeof(words) - 1);
        _exit(3);
    }
    door_leave(DOOR_CRASHED);
}

void
door_catch_signals(void)
{
    static char stack[65536];
    /* Of the process's own time: others may keep it waiting for longer. */
    struct itimerval every = { { STUCK_SECONDS, 0 }, { STUCK_SECONDS, 0 } };
    stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction action = {
        .sa_handler = door_on_signal,
        .sa_flags = SA_NODEFER | SA_ONSTACK,
    };

    sigaltstack(&alternative, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    action.sa_flags = SA_NODEFER;
    sigaction(SIGVTALRM, &action, NULL);
    setitimer(ITIMER_VIRTUAL, &every, NULL);
}
