/* SPDX-License-Identifier: MIT */
/*
 * The handlers of the system call table: one file per group of calls. What a
 * call takes and returns is in docs/abi.md; a handler checks the arguments and
 * calls the room that does the work. All have the same six parameters, so that
 * both doors call any of them the same way.
 */
#pragma once

#include <stdint.h>

#include <secos/syscall.h>

/* The parameters of every handler: rdi rsi rdx r10 r8 r9. */
#define SYS_ARGS                                             \
    UNUSED uint64_t a, UNUSED uint64_t b, UNUSED uint64_t c, \
        UNUSED uint64_t d, UNUSED uint64_t e, UNUSED uint64_t f

/* One prototype per row. */
#define SYS_PROTOTYPE(name, offset, arguments, class, group)           \
    int64_t sys_##name(uint64_t a, uint64_t b, uint64_t c, uint64_t d, \
                       uint64_t e, uint64_t f);
SYSCALL_LIST(SYS_PROTOTYPE)
#undef SYS_PROTOTYPE
