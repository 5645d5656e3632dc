/* SPDX-License-Identifier: MIT */
/* What the compilers call the same thing by different names. */
#pragma once

#define MUST_CHECK              __attribute__((warn_unused_result))
#define NORETURN                __attribute__((noreturn))
#define PACKED                  __attribute__((packed))
#define COLD                    __attribute__((cold, noinline))
#define ALWAYS_INLINE           inline __attribute__((always_inline))
#define NOINLINE                __attribute__((noinline))
#define UNUSED                  __attribute__((unused))
#define SECTION(name)           __attribute__((section(name)))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* A promise to the compiler: this is never reached (a function before it does not
 * return, or a check further down need not be made). */
#define UNREACHABLE() __builtin_unreachable()

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The structure that holds @member, from a pointer to that member. */
#define CONTAINER_OF(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
