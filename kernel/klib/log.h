/* SPDX-License-Identifier: MIT */
/* The kernel's own lines on the console. */
#pragma once

#include <base/compiler.h>

/*
 * Write one line: @fmt formatted as by base/fmt.h, then "\r\n", which callers
 * leave out. Nothing is buffered: when klog returns, the UART has the line.
 * Context: any. Cost: linear in the length of the line.
 */
void klog(const char *fmt, ...) PRINTF_LIKE(1, 2);
