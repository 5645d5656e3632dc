/* SPDX-License-Identifier: MIT */
/*
 * The way into the kernel and the ways out of it.
 *
 * The kernel never returns from a switch: it leaves for ring 3 or goes to sleep.
 * Here both end the step, so that whoever drives the machine chooses what happens
 * next: door_enter() calls the kernel and says how it was left. Nothing of this is
 * part of the state that the explorer copies.
 */
#pragma once

#include <base/compiler.h>

enum door {
    DOOR_RETURNED,  /* the function came back                     */
    DOOR_RAN,       /* some thread would run in ring 3 now        */
    DOOR_SLEPT,     /* no thread is ready, or only a continuation */
    DOOR_PANICKED,  /* door_words() says what                     */
    DOOR_CRASHED,   /* a wild pointer                             */
    DOOR_GOT_STUCK, /* an endless loop                            */
};

/* Leave the kernel, for good. Context: inside door_enter. */
NORETURN void door_leave(enum door how);

/* Call @function(@argument) as an interrupt or a system call would. Also for code
 * that only looks at the kernel, since a broken one may be no good to look at. */
enum door door_enter(void (*function)(void *), void *argument);

/* The name of the invariant that leaving this way breaks, or NULL. */
const char *door_judge(enum door how);

/* What the panic said. */
const char *door_words(void);

/* Make DOOR_CRASHED and DOOR_GOT_STUCK of SIGSEGV and its kind, and SIGVTALRM. */
void door_catch_signals(void);
