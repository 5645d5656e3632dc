/* SPDX-License-Identifier: MIT */
/* What a process asks about itself, and small things that it changes. */
#include <stddef.h>

#include <base/string.h>

#include <libsecos/process.h>

#include "linux.h"

/* Linux: asm/prctl.h, asm-generic/resource.h. */
#define ARCH_SET_GS   0x1001u
#define ARCH_SET_FS   0x1002u
#define RLIMIT_STACK  3u
#define RLIMIT_NOFILE 7u
#define RLIM_INFINITY UINT64_MAX
#define NAME_FIELD    65u
#define NAME_FIELDS   6u

int64_t
linux_zero(UNUSED struct linux_call *call)
{
    return 0;
}

int64_t
linux_getpid(UNUSED struct linux_call *call)
{
    return process_started->process_id;
}

int64_t
linux_sched_yield(UNUSED struct linux_call *call)
{
    return thread_yield();
}

int64_t
linux_arch_prctl(struct linux_call *call)
{
    switch (call->a) {
    case ARCH_SET_FS:
        return thread_set_base(THREAD_BASE_FS, call->b);
    case ARCH_SET_GS:
        return thread_set_base(THREAD_BASE_GS, call->b);
    default:
        return ST_EINVAL;
    }
}

int64_t
linux_uname(struct linux_call *call)
{
    static const char *const fields[NAME_FIELDS] = {
        "SecOS", "secos", "1.0", "microkernel", "x86_64", "",
    };
    char *to = (char *)(uintptr_t)call->a;

    for (unsigned i = 0; i < NAME_FIELDS; i++) {
        (void)strlcpy(to + i * NAME_FIELD, fields[i], NAME_FIELD);
    }
    return 0;
}

static int64_t
process_limit(uint64_t which, uint64_t *limit)
{
    uint64_t value = RLIM_INFINITY;

    if (limit == NULL) {
        return 0;
    }
    if (which == RLIMIT_STACK) {
        value = LINUX_STACK_BYTES;
    } else if (which == RLIMIT_NOFILE) {
        value = LINUX_DESCRIPTORS;
    }
    limit[0] = value;
    limit[1] = value;
    return 0;
}

int64_t
linux_getrlimit(struct linux_call *call)
{
    return process_limit(call->a, (uint64_t *)(uintptr_t)call->b);
}

/* prlimit64(pid, which, new, old): limits are told, not changed. */
int64_t
linux_prlimit(struct linux_call *call)
{
    if (call->c != 0) {
        return ST_EPERM;
    }
    return process_limit(call->b, (uint64_t *)(uintptr_t)call->d);
}

/* One processor. Returns the bytes written, as the kernel does. */
int64_t
linux_sched_getaffinity(struct linux_call *call)
{
    if (call->b < sizeof(uint64_t)) {
        return ST_EINVAL;
    }
    *(uint64_t *)(uintptr_t)call->c = 1;
    return sizeof(uint64_t);
}
