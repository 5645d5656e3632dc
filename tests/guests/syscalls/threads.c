/* SPDX-License-Identifier: MIT */
/* Threads. */
#include "group.h"

static volatile uint64_t thread_seen;
static uint8_t thread_stack[2 * PAGE] __attribute__((aligned(16)));

static void
thread_body(void *argument)
{
    thread_seen = syscall_address(argument);
    thread_exit(77);
}

static void
thread_spin(void *argument)
{
    (void)argument;
    for (;;) {
        (void)process_sleep_until(process_clock() + 1000 * MS);
    }
}

static int64_t
thread_at(uint64_t entry, uint64_t stack)
{
    return syscall4(SYS_thread_create, entry, stack, 0, 0);
}

/* H2: no frame with an address that iretq or sysretq would refuse. */
int
group_thread_addresses(void)
{
    uint64_t stack = syscall_address(thread_stack + sizeof(thread_stack));

    IS(thread_at(0, stack), ST_EINVAL);
    IS(thread_at(USER_END, stack), ST_EINVAL);
    IS(thread_at(1ull << 47, stack), ST_EINVAL);
    IS(thread_at(KERNEL, stack), ST_EINVAL);
    IS(thread_at(UINT64_MAX, stack), ST_EINVAL);
    IS(thread_at((uintptr_t)thread_body, 1ull << 47), ST_EINVAL);
    IS(thread_at((uintptr_t)thread_body, KERNEL), ST_EINVAL);
    IS(thread_at((uintptr_t)thread_body, UINT64_MAX), ST_EINVAL);
    return claim_end();
}

static volatile handle_t thread_own;

static NORETURN void
thread_kill_itself(void *nothing)
{
    (void)nothing;
    while (thread_own == 0) {
        (void)thread_yield();
    }
    thread_exit((int)-thread_kill(thread_own, 0));
}

int
group_threads(void)
{
    void *top = thread_stack + sizeof(thread_stack) - 8;
    unsigned count = 0;
    int64_t thread;
    int64_t other;

    thread = thread_create(thread_body, (void *)(uintptr_t)0x1234, top, 0);
    SAYS(thread > 0);
    IS(thread_join((handle_t)thread, 0), 77);
    SAYS(thread_seen == 0x1234);
    IS(thread_join((handle_t)thread, 0), 77);
    IS(thread_priority((handle_t)thread, 5), ST_ESRCH);
    IS(thread_join(99, 0), ST_EBADF);
    IS(thread_join(HANDLE_SLOT_SELF, 0), ST_EBADF);
    IS(handle_close((handle_t)thread), ST_OK);
    IS(thread_join((handle_t)thread, 0), ST_EBADF);

    IS(thread_create(thread_body, NULL, top, 32), ST_EINVAL);
    IS(thread_create(thread_body, NULL, top, 31), ST_EPERM);
    SAYS(thread_priority(0, 0) > 0);
    IS(thread_priority(0, 31), ST_EPERM);
    IS(thread_priority(0, 32), ST_EINVAL);
    other = thread_create(thread_spin, NULL, top, 0);
    IS(thread_join((handle_t)other, 1), ST_ETIMEDOUT);
    IS(thread_priority((handle_t)other, 1), thread_priority(0, 0));
    IS(thread_priority((handle_t)other, 0), 1);
    IS(thread_kill((handle_t)other, 55), ST_OK);
    IS(thread_join((handle_t)other, 0), 55);
    IS(thread_kill((handle_t)other, 1), ST_ESRCH);
    IS(handle_close((handle_t)other), ST_OK);
    IS(thread_kill((handle_t)other, 1), ST_EBADF);
    IS(thread_kill(HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(thread_kill(HANDLE_NONE, 1), ST_EBADF);
    other = thread_create(thread_kill_itself, NULL, top, 0);
    thread_own = (handle_t)other;
    IS(thread_join((handle_t)other, 0), -ST_EDEADLK);
    IS(handle_close((handle_t)other), ST_OK);

    /* A limit that is an error and not a stall. */
    do {
        thread = thread_create(thread_spin, NULL, top, 0);
        count++;
    } while (thread > 0 && count < 10000);
    IS(thread, ST_EAGAIN);
    SAYS(count > 16);
    return claim_end();
}
