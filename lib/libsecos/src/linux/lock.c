/* SPDX-License-Identifier: MIT */
/* One thread at a time among descriptors, files and waiters. */
#include <libsecos/process.h>

#include "linux.h"

/* The other thread may have a lower priority: yielding could wait for ever. */
#define LOCK_WAIT_NS 1000000u

bool linux_lock_held;

void
linux_lock(void)
{
    while (
        UNLIKELY(__atomic_test_and_set(&linux_lock_held, __ATOMIC_ACQUIRE))) {
        (void)process_sleep_until(process_clock() + LOCK_WAIT_NS);
    }
}

void
linux_unlock(void)
{
    __atomic_clear(&linux_lock_held, __ATOMIC_RELEASE);
}
