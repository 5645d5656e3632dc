/* SPDX-License-Identifier: MIT */
/*
 * The serial console: bytes out by polling, bytes in by interrupt.
 *
 * Input waits in a ring. When the ring is full the interrupt of the line is
 * switched off and bytes stay in the UART, so that a sender with flow control
 * (QEMU among them) is held back instead of losing bytes; taking bytes out
 * switches it on again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <base/compiler.h>

#define CONSOLE_IRQ 4u

/* Set up COM1: 115200 baud, 8 data bits, no parity, FIFOs on, receive interrupt
 * on (delivered once irq_unmask(CONSOLE_IRQ) was called).
 * Context: boot, before the first klog. */
void console_init(void);

/* Send one byte as it is. Waits while the UART is busy, for a bounded time: a
 * line that never drains loses bytes, it does not stop the kernel.
 * Context: any. */
void console_put(char c);

/* Send @bytes bytes of @text as they are. */
void console_write(const char *text, size_t bytes);

/* Move what the UART received into the ring. To be called for every interrupt
 * of CONSOLE_IRQ, before or after irq_ack.
 * Returns whether there is input to read now. */
bool console_interrupt(void);

/* Take the oldest byte (0-255) of the ring into *@byte.
 * Returns false, leaving *@byte alone, when there is none. */
MUST_CHECK bool console_try_get(int *byte);

/* Whether console_try_get would succeed. */
bool console_has_input(void);
