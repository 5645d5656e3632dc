/* SPDX-License-Identifier: MIT */
/* How a program ends: by exit, by abort, by a smashed stack. */
#include "exit.h"

#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

#include <libsecos/console.h>
#include <libsecos/errno.h>
#include <libsecos/process.h>
#include <libsecos/stdlib.h>

#define EXIT_FUNCTIONS 32

/* Set by crt0 before anything else runs. The guard has a value of its own so
 * that it lies in .data, on a page that the loader has filled. */
const struct process_start *process_started = NULL;
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0x5EC05EC05EC05E00u;

int errno;
void (*exit_flush)(void);

static void (*exit_functions[EXIT_FUNCTIONS])(void);
static int exit_count;

int
atexit(void (*function)(void))
{
    if (exit_count == EXIT_FUNCTIONS) {
        return -1;
    }
    exit_functions[exit_count] = function;
    exit_count++;
    return 0;
}

void
_Exit(int status)
{
    process_exit(status);
}

static NORETURN void
exit_now(int status)
{
    if (exit_flush != NULL) {
        exit_flush();
    }
    process_exit(status);
}

void
exit(int status)
{
    /* Counted down first: a function that calls exit goes on with the rest. */
    while (exit_count > 0) {
        exit_count--;
        exit_functions[exit_count]();
    }
    exit_now(status);
}

void
abort(void)
{
    exit_now(EXIT_ABORT);
}

/* Called by the compiler's code when a guard on the stack has changed. Nothing
 * of the stack may be trusted any more: say so and go, without stdio. */
NORETURN void __stack_chk_fail(void);

void
__stack_chk_fail(void)
{
    static const char text[] = "*** stack smashing detected ***\r\n";

    (void)console_write_all(HANDLE_SLOT_CONSOLE, text, sizeof(text) - 1);
    process_exit(EXIT_ABORT);
}
