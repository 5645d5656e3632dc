/* SPDX-License-Identifier: MIT */
/* Time, handles and notifications. */
#include "group.h"

static void
basic_time(void)
{
    uint64_t now = process_clock();

    IS(syscall_null(), ST_OK);
    IS(syscall_null_int80(), ST_OK);
    IS(thread_yield(), ST_OK);
    IS(process_sleep_until(0), ST_OK);
    IS(process_sleep_until(1), ST_OK);
    IS(process_sleep_until(now + 10 * MS), ST_OK);
    SAYS(process_clock() >= now + 10 * MS);
    SAYS(process_self() == process_started->process_id);
    IS(thread_set_base(2, 0), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_FS, USER_END), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_GS, KERNEL), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_GS, 1ull << 47), ST_EINVAL);
    IS(thread_set_base(THREAD_BASE_FS, USER_END - 1), ST_OK);
    IS(thread_set_base(THREAD_BASE_FS, 0), ST_OK);
    IS(syscall1(SYS_reflect_set, KERNEL), ST_EINVAL);
    IS(syscall1(SYS_reflect_set, USER_END), ST_EINVAL);
    IS(syscall1(SYS_reflect_set, 1), ST_EINVAL);
    IS(syscall1(SYS_reflect_set, 0), ST_OK);
}

static void
basic_handles(void)
{
    int64_t self = HANDLE_SLOT_SELF;
    int64_t less = handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
    int64_t none = handle_copy(HANDLE_SLOT_SELF, 0);

    IS(handle_info(HANDLE_SLOT_SELF) & 0xFF, OBJECT_PROCESS);
    IS(rights_of(self), RIGHT_READ | RIGHT_MANAGE);
    IS(rights_of(less), RIGHT_READ);
    IS(rights_of(none), 0);
    IS(rights_of(handle_copy((handle_t)less, RIGHT_ALL)), RIGHT_READ);
    IS(syscall2(SYS_handle_copy, HANDLE_SLOT_SELF, 0x100), ST_EINVAL);
    IS(syscall2(SYS_handle_copy, HANDLE_SLOT_SELF, UINT64_MAX), ST_EINVAL);
    IS(process_kill((uint64_t)less), ST_EPERM);
    IS(process_wait((handle_t)none, 1), ST_EPERM);
    IS(handle_close((handle_t)none), ST_OK);
    IS(handle_close((handle_t)none), ST_EBADF);
    IS(handle_info((handle_t)none), ST_EBADF);
    IS(syscall1(SYS_handle_info, 0), ST_EBADF);
    IS(syscall1(SYS_handle_close, 0), ST_EBADF);
    IS(syscall1(SYS_handle_info, HANDLE_SLOT_MASK), ST_EBADF);
    IS(syscall1(SYS_handle_info, 1ull << 32 | HANDLE_SLOT_SELF), ST_EBADF);
    IS(syscall1(SYS_handle_info, UINT64_MAX), ST_EBADF);
    IS(syscall1(SYS_handle_copy, UINT64_MAX), ST_EBADF);
    IS(handle_close((handle_t)less), ST_OK);
}

/* H62: a handle kept too long is an error and never somebody else's object. */
static void
basic_stale(void)
{
    handle_t old = (handle_t)notify_create();
    handle_t new;
    int64_t reused = 0;

    (void)handle_close(old);
    new = (handle_t)notify_create();
    SAYS((old & HANDLE_SLOT_MASK) == (new &HANDLE_SLOT_MASK));
    SAYS(old != new);
    IS(notify_signal(old, 1), ST_EBADF);
    IS(handle_copy(old, 1), ST_EBADF);
    (void)handle_close(new);
    /* More often than a slot has generations: it is retired before they wrap. */
    for (uint32_t i = 0; i < (1u << 20) + 16; i++) {
        new = (handle_t)handle_copy(HANDLE_SLOT_SELF, RIGHT_READ);
        reused += new == old;
        (void)handle_close(new);
    }
    claim_equal("H62 an old handle that is valid again", reused, 0);
    IS(handle_info(old), ST_EBADF);
}

static void
basic_table_full(void)
{
    static handle_t many[1u << HANDLE_SLOT_BITS];
    uint64_t count = 0;
    int64_t handle;

    while ((handle = handle_copy(HANDLE_SLOT_SELF, RIGHT_READ)) > 0) {
        many[count++] = (handle_t)handle;
    }
    claim_status("the handle table is full some day", handle, ST_EMFILE);
    SAYS(count > 4000);
    IS(notify_create(), ST_EMFILE);
    IS(syscall1(SYS_endpoint_create, 0), ST_EMFILE);
    IS(syscall1(SYS_memory_create, 1), ST_EMFILE);
    while (count > 0) {
        (void)handle_close(many[--count]);
    }
    handle = notify_create();
    SAYS(handle > 0);
    (void)handle_close((handle_t)handle);
}

static void
basic_notify(void)
{
    handle_t bell = (handle_t)notify_create();
    handle_t ring = (handle_t)handle_copy(bell, RIGHT_CALL);
    handle_t hear = (handle_t)handle_copy(bell, RIGHT_RECEIVE);
    uint64_t now = process_clock();

    IS(notify_wait(bell, 1, 1), ST_ETIMEDOUT);
    IS(notify_wait(bell, 1, now + 8 * MS), ST_ETIMEDOUT);
    SAYS(process_clock() >= now + 8 * MS);
    IS(notify_signal(ring, 5), ST_OK);
    IS(notify_wait(hear, 4, 0), 4);
    IS(notify_wait(hear, 3, 0), 1);
    IS(notify_wait(hear, 7, 1), ST_ETIMEDOUT);
    IS(notify_signal(ring, UINT64_MAX), ST_OK);
    IS(notify_wait(hear, INT64_MAX, 0), INT64_MAX);
    IS(notify_wait(hear, 0, 0), ST_EINVAL);
    IS(notify_wait(hear, 1ull << 63, 0), ST_EINVAL);
    IS(notify_wait(hear, UINT64_MAX, 0), ST_EINVAL);
    IS(notify_signal(hear, 1), ST_EPERM);
    IS(notify_wait(ring, 1, 1), ST_EPERM);
    IS(notify_signal(HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(notify_wait(HANDLE_SLOT_CONSOLE, 1, 1), ST_EBADF);
    IS(syscall2(SYS_notify_signal, UINT64_MAX, 1), ST_EBADF);
    (void)handle_close(bell);
    (void)handle_close(ring);
    (void)handle_close(hear);
}

int
group_basic(void)
{
    basic_time();
    basic_handles();
    basic_notify();
    basic_stale();
    basic_table_full();
    return claim_end();
}
