/* SPDX-License-Identifier: MIT */
/* Number to function, and who says what was asked. */
#include <stddef.h>

#include <base/fmt.h>
#include <base/string.h>

#include "linux.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
const linux_fn linux_table[LINUX_CALLS] = {
    [0 ... LINUX_CALLS - 1] = linux_missing,
#define LINUX_ROW(number, name, function) [number] = function,
    LINUX_LIST(LINUX_ROW)
#undef LINUX_ROW
};
#pragma GCC diagnostic pop

static bool calls_tell_missing;

static void
calls_tell(const struct linux_call *call, int64_t result)
{
    char text[160];
    const char *name = linux_name(call->number);

    (void)fmt_snprintf(text, sizeof(text),
                       "linux: %s (%lu) 0x%lx 0x%lx 0x%lx 0x%lx = %ld\n",
                       name != NULL ? name : "?", call->number, call->a,
                       call->b, call->c, call->d, result);
    linux_console_say(text);
}

int64_t
linux_missing(struct linux_call *call)
{
    if (calls_tell_missing) {
        calls_tell(call, ST_ENOSYS);
    }
    return ST_ENOSYS;
}

int64_t
linux_traced(struct linux_call *call)
{
    int64_t result;

    if (call->number >= LINUX_CALLS) {
        return linux_missing(call);
    }
    /* What does not return is told before. */
    if (linux_table[call->number] == linux_exit) {
        calls_tell(call, 0);
    }
    result = linux_table[call->number](call);
    if (linux_table[call->number] != linux_missing) {
        calls_tell(call, result);
    }
    return result;
}

uint64_t
linux_trace_entry(void)
{
    const char *what = linux_environment("SECOS_TRACE");

    calls_tell_missing = what != NULL;
    return (uint64_t)(uintptr_t)(what != NULL && strcmp(what, "all") == 0
                                     ? linux_entry_traced
                                     : linux_entry);
}
