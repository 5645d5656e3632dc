/* SPDX-License-Identifier: MIT */
/* The kernel's own lines on the console. */
#pragma once

#include <stdbool.h>

#include <base/compiler.h>

/*
 * Write one line: @fmt formatted as by base/fmt.h, then "\r\n", which callers
 * leave out. Nothing is buffered: when klog returns, the UART has the line.
 * Context: any. Cost: linear in the length of the line.
 */
void klog(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Lines of refusals that are written in one second, whoever causes them. */
#define LOG_ADMITS_PER_SECOND 64u

/* Whether one more line may be written that a program can cause as often as it
 * likes. What was left out in a second is counted, and said in the next one. */
bool log_admits(void);
