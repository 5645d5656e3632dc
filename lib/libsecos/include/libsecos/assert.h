/* SPDX-License-Identifier: MIT */
/* <assert.h>. No #pragma once: the standard lets NDEBUG change between two
 * inclusions. */
#include <base/compiler.h>

/* The names are the standard's. NOLINTBEGIN(readability-identifier-naming) */
#undef assert
#undef static_assert
#define static_assert _Static_assert

#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)  \
    ((condition) ? (void)0 \
                 : assert_failed(#condition, __FILE__, __LINE__, __func__))
#endif
/* NOLINTEND(readability-identifier-naming) */

/* Say on stderr which assertion failed, and abort. */
NORETURN void assert_failed(const char *condition, const char *file, int line,
                            const char *function);
