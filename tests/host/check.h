/* SPDX-License-Identifier: MIT */
/*
 * The harness of the host tests: a program per module, no registration magic.
 *
 *      #include "check.h"
 *
 *      TEST(free_twice_is_refused)
 *      {
 *          CHECK(pool_free(&p, x));
 *          CHECK_EQ(pool_count(&p), 0);
 *          CHECK_PANICS(pool_free(&p, x), "freed twice");
 *      }
 *
 *      int main(void)
 *      {
 *          RUN(free_twice_is_refused);
 *          return CHECK_REPORT();
 *      }
 *
 * A failed check is counted and reported and the test goes on, so that one run
 * shows all that is wrong. `HOST_TESTS += x` and `HOST_x := sources` in
 * tests/host/build.mk build and run tests/host/test_x.c.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fakes/fakes.h"

static unsigned check_passed;
static unsigned check_failed;
static const char *check_test = "(outside a test)";

static inline void
check_note(bool good, const char *file, int line, const char *what)
{
    if (good) {
        check_passed++;
        return;
    }
    check_failed++;
    printf("%s:%d: in %s: %s\n", file, line, check_test, what);
}

static inline void
check_note_equal(int64_t a, int64_t b, const char *file, int line,
                 const char *what)
{
    check_note(a == b, file, line, what);
    if (a != b) {
        printf("    left  %lld (0x%llx)\n    right %lld (0x%llx)\n",
               (long long)a, (unsigned long long)a, (long long)b,
               (unsigned long long)b);
    }
}

static inline int
check_report(const char *file)
{
    const char *name = file;

    for (const char *p = file; *p != '\0'; p++) {
        name = *p == '/' ? p + 1 : name;
    }
    printf("%s: %u passed, %u failed\n", name, check_passed, check_failed);
    return check_failed == 0 && check_passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define TEST(name) static void test_##name(void)

#define RUN(name)           \
    do {                    \
        check_test = #name; \
        test_##name();      \
    } while (0)

#define CHECK(cond) check_note((cond), __FILE__, __LINE__, #cond)

/* Both sides are integers; 64 bits of them are compared and shown. */
#define CHECK_EQ(a, b)                                               \
    check_note_equal((int64_t)(a), (int64_t)(b), __FILE__, __LINE__, \
                     #a " == " #b)

/* @statement must end in a panic whose message contains @text. What it had
 * allocated on the way is lost: see fake_panic_catch. */
#define CHECK_PANICS(statement, text)                                        \
    do {                                                                     \
        if (setjmp(*fake_panic_arm()) == 0) {                                \
            statement;                                                       \
            fake_panic_disarm();                                             \
            check_note(false, __FILE__, __LINE__, #statement " must panic"); \
        } else {                                                             \
            check_note(fake_panic_said(text), __FILE__, __LINE__,            \
                       #statement " must panic saying " text);               \
        }                                                                    \
    } while (0)

#define CHECK_REPORT() check_report(__FILE__)
