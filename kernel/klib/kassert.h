/* SPDX-License-Identifier: MIT */
/*
 * Assertions about ourselves. They are compiled into every build, so they must
 * be cheap: a test, a branch never taken, and one address out of line.
 *
 * A broken invariant of the kernel ends here; nothing that a user program, a
 * loader or a file can do may reach one (those get an enum status).
 */
#pragma once

#include <base/compiler.h>

#define KASSERT_TEXT_(x) #x
#define KASSERT_TEXT(x)  KASSERT_TEXT_(x)

/* Stop the machine unless @cond holds. */
#define KASSERT(cond)                                                       \
    do {                                                                    \
        if (UNLIKELY(!(cond))) {                                            \
            kassert_failed(__FILE__ ":" KASSERT_TEXT(__LINE__) ": " #cond); \
        }                                                                   \
    } while (0)

/* Refuse to compile unless @cond holds. */
#define KASSERT_STATIC(cond) _Static_assert(cond, #cond)

/* What KASSERT calls: panics with "assertion failed: @where_and_what". */
NORETURN COLD void kassert_failed(const char *where_and_what);
