/* SPDX-License-Identifier: MIT */
/* The end of the kernel: one place, one format. */
#pragma once

#include <stdbool.h>

#include <base/compiler.h>

/*
 * Print "PANIC: <message>", what the stack says about how we got here, and
 * stop. @fmt names the module and the fact: "pmm: no RAM above 1 MiB".
 * A panic inside a panic prints one short line and stops.
 * Context: any, also an IST stack; uses the serial line and nothing else.
 */
NORETURN COLD void panic(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Whether a panic ends the machine through the test port (boot option `test`)
 * with PANIC_TEST_CODE, or halts it so that a person can read the message. */
void panic_set_test_mode(bool on);

/* What the test port is told: QEMU then exits with (code << 1) | 1. */
#define PANIC_TEST_CODE 0x3F
