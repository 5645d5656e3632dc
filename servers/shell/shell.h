/* SPDX-License-Identifier: MIT */
/* What the commands share: ^C, the last status, and the background. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/process.h>
#include <secos/types.h>

/* Bits of the shell's one notification. */
#define SHELL_BIT_INTERRUPT 1u /* ^C was typed       */
#define SHELL_BIT_CHILD     2u /* the child has ended */

/* Children run below the shell, so that it answers however many there are. */
#define SHELL_CHILD_PRIORITY 8u

/* Be told of ^C by SHELL_BIT_INTERRUPT instead of as a byte of input. */
void shell_watch_begin(void);

/* Have ^C as a byte again. */
void shell_watch_end(void);

/* Wait for any of @bits until @deadline_ns (0 = for ever).
 * Returns those that came, or a status below zero. */
int64_t shell_wait(uint64_t bits, uint64_t deadline_ns);

/* The shell's notification, to be signalled with bits above. */
handle_t shell_notification(void);
