/* SPDX-License-Identifier: MIT */
/*
 * How a process ended, as a sentence. Pure.
 *
 *      exit 0
 *      killed by #PF (vector 14, error 0x7) at rip 0x400012, address 0x400000:
 *      write to a read-only page (image at 0x400000)        (in one line)
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <secos/process.h>

/* Long enough for every sentence. */
#define REPORT_BYTES 224

/* Write the sentence for @report to @buffer, NUL-terminated. */
void report_format(const struct exit_report *report, char *buffer,
                   size_t bytes);

/* The status a shell gives such an end: the exit status, 128 + vector for a
 * fault, 137 for a kill. */
int report_status(const struct exit_report *report);
