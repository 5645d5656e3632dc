/* SPDX-License-Identifier: MIT */
/* Interrupt lines by number, whatever controller serves them. */
#pragma once

#include <stdbool.h>

#include <base/compiler.h>

#define IRQ_LINES 16u

/* Route line n to vector TRAP_IRQ_BASE + n, every line masked.
 * Context: boot, interrupts off, once. */
void irq_init(void);

/* Close or open one line, @line < IRQ_LINES. */
void irq_mask(unsigned line);
void irq_unmask(unsigned line);

/* Tell the controller that the interrupt of @line was taken; without it neither
 * this line nor one of lower priority comes again.
 * Returns false when no device asked for it: noise, which the controller
 * reports on the lowest line of a chip (7, 15). There is nothing to serve then.
 * Context: the line's trap, interrupts off. */
MUST_CHECK bool irq_ack(unsigned line);
