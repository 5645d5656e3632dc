/* SPDX-License-Identifier: MIT */
/*
 * The world that kernel code finds when it runs on the host.
 *
 * The fakes are an archive: a test that defines one of these functions itself
 * simply does not pull in the fake. One file per function family, for the same
 * reason.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- panic.c: panic() aborts the test, unless one is expected ---- */

/* Expect a panic: panic() will longjmp to the returned buffer. Used by
 * CHECK_PANICS; setjmp must be called in the frame that stays alive. */
jmp_buf *fake_panic_arm(void);
void fake_panic_disarm(void);

/* Whether the last panic message contains @text. */
bool fake_panic_said(const char *text);

/* ---- log.c: klog() collects what the kernel would have said ---- */

/* Everything logged since the last fake_log_clear, lines ended by \n; the
 * oldest half is dropped when 64 KiB are full. */
const char *fake_log(void);
void fake_log_clear(void);

/* ---- ram.c: physical memory is an arena; see include/arch/addr.h ---- */

/* Make @bytes of RAM (a multiple of 2 MiB) from physical address 0, all zero,
 * 2 MiB aligned in the host too. Replaces the arena of an earlier call, so
 * that each test starts with a fresh machine. */
void fake_ram_create(uint64_t bytes);
void fake_ram_destroy(void);

extern uint8_t *fake_ram;
extern uint64_t fake_ram_bytes;
