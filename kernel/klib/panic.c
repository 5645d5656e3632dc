/* SPDX-License-Identifier: MIT */
/*
 * The last words. They come from a machine that has just proved to be in a
 * state we did not foresee, so this file uses as little of it as it can: the
 * serial line, the formatter and the stack it runs on.
 *
 * The way here is told without frame pointers, which a smashed stack would not
 * have: every word of the stack, up to the end of its page, that points into
 * .text is printed. Some are left over from calls that have returned; the page
 * is mapped, since we stand on it, so looking cannot fault.
 *
 * Numbers get names here, once, for all who panic: the text is watched on its
 * way out, and behind an address of the kernel's code comes its function.
 */
#include "panic.h"

#include <stdarg.h>
#include <stdint.h>

#include <base/align.h>
#include <base/fmt.h>

#include <arch/console.h>
#include <arch/cpu.h>

#include "kassert.h"
#include "log.h"
#include "symbol.h"

/* Enough to see the way, few enough for a screen. */
#define PANIC_STACK_LINES 16

static bool panic_test_mode;
static bool panic_in_progress;

void
panic_set_test_mode(bool on)
{
    panic_test_mode = on;
}

static void
panic_put_plain(void *context, char c)
{
    (void)context;
    console_put(c);
}

/* Print which function @address is in, if it is in any. */
static void
panic_name(uint64_t address)
{
    struct symbol symbol;

    if (symbol_lookup(address, &symbol)) {
        fmt_print(panic_put_plain, NULL, " <%s+0x%lx>", symbol.name,
                  symbol.offset);
    }
}

/* Print @c. @context: the hexadecimal number that is being printed, or 0. */
static void
panic_put(void *context, char c)
{
    uint64_t *number = context;

    if (c >= '0' && c <= '9') {
        *number = *number << 4 | (uint64_t)(c - '0');
    } else if (c >= 'a' && c <= 'f') {
        *number = *number << 4 | (uint64_t)(c - 'a' + 10);
    } else {
        panic_name(*number);
        *number = 0;
    }
    console_put(c);
}

static NOINLINE void
panic_print_stack(void)
{
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    uint64_t end = align_down(here, PAGE_BYTES) + PAGE_BYTES;
    unsigned lines = 0;

    for (uint64_t at = here; at < end && lines < PANIC_STACK_LINES; at += 8) {
        uint64_t word = *(const uint64_t *)(uintptr_t)at;
        struct symbol symbol;

        /* Behind a call: the next function may begin there. */
        if (symbol_lookup(word - 1, &symbol)) {
            klog("  stack 0x%lx <%s+0x%lx>", word, symbol.name,
                 symbol.offset + 1);
            lines++;
        }
    }
}

static NORETURN void
panic_stop(void)
{
    if (panic_test_mode) {
        power_test_exit(PANIC_TEST_CODE);
    }
    cpu_halt();
}

void
panic(const char *fmt, ...)
{
    uint64_t number = 0;
    va_list args;

    __asm__ volatile("cli");
    if (panic_in_progress) {
        console_write("PANIC inside a panic\r\n", 22);
        panic_stop();
    }
    panic_in_progress = true;
    console_write("\r\nPANIC: ", 9);
    va_start(args, fmt);
    fmt_vprint(panic_put, &number, fmt, args);
    va_end(args);
    panic_name(number);
    console_write("\r\n", 2);
    panic_print_stack();
    panic_stop();
}

void
kassert_failed(const char *where_and_what)
{
    panic("assertion failed: %s", where_and_what);
}
