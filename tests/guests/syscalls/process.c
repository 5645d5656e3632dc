/* SPDX-License-Identifier: MIT */
/* Processes. */
#include "group.h"

static int64_t
spawn_args(const volatile void *args, uint32_t bytes)
{
    struct spawn_request request = child("hello");

    request.args = syscall_address(args);
    request.args_bytes = bytes;
    request.flags = SPAWN_SUSPENDED;
    return process_spawn(&request);
}

static int64_t
spawn_elf(const volatile void *image, uint64_t bytes)
{
    struct spawn_request request = child("image");

    request.elf = syscall_address(image);
    request.elf_bytes = bytes;
    return process_spawn(&request);
}

static int64_t
spawn_handles(handle_t pager, handle_t give)
{
    struct spawn_request request = child("hello");

    request.pager = pager;
    request.give = give;
    return process_spawn(&request);
}

static void
process_spawn_refused(void)
{
    static char many[SPAWN_ARGS_BYTES + 8];
    struct spawn_request request = child("no-such-module");

    IS(process_spawn(&request), ST_ENOENT);
    request = child("");
    IS(process_spawn(&request), ST_ENOENT);
    memset(request.name, 'x', NAME_BYTES);
    IS(process_spawn(&request), ST_ENOENT);
    request = child("x\r\nPANIC"); /* would forge a line of the log */
    IS(process_spawn(&request), ST_EINVAL);
    request = child("hell\x80");
    IS(process_spawn(&request), ST_EINVAL);
    request = child("hello");
    request.reserved = 1;
    IS(process_spawn(&request), ST_EINVAL);
    IS(spawn_with(1u << 31, 0), ST_EINVAL);
    IS(spawn_with(4, 0), ST_EINVAL);
    IS(spawn_with(0, 32), ST_EINVAL);
    IS(spawn_with(0, UINT32_MAX), ST_EINVAL);
    IS(spawn_with(0, 31), ST_EPERM);
    IS(spawn_args(many, SPAWN_ARGS_BYTES + 1), ST_E2BIG);
    IS(spawn_args(many, UINT32_MAX), ST_E2BIG);
    IS(spawn_args(many, 65), ST_E2BIG); /* 65 empty strings */
    IS(spawn_args("abc", 3), ST_EINVAL);
    IS(spawn_args(at(KERNEL), 16), ST_EFAULT);
    IS(spawn_handles(0, 99), ST_EBADF);
    IS(spawn_handles(0, HANDLE_SLOT_SELF), ST_EPERM); /* no GRANT */
    IS(spawn_handles(99, 0), ST_EBADF);
    IS(spawn_handles(HANDLE_SLOT_SELF, 0), ST_EBADF);
    IS(spawn_elf(page_buffer, sizeof(page_buffer)), ST_ENOEXEC);
    IS(spawn_elf(page_buffer, 1), ST_ENOEXEC);
    IS(spawn_elf(page_buffer, 1ull << 40), ST_E2BIG);
    IS(spawn_elf(page_buffer, UINT64_MAX), ST_E2BIG);
    IS(spawn_elf(at(KERNEL), 4096), ST_EFAULT);
    IS(spawn_elf(at(ANY_BASE), 4096), ST_EFAULT);
    request = child("hello");
    request.max_mem = PAGE;
    IS(process_spawn(&request), ST_ENOMEM);
}

static void
process_life(void)
{
    struct exit_report report;
    handle_t bell = (handle_t)notify_create();
    handle_t suspended = (handle_t)spawn_with(SPAWN_SUSPENDED, 0);
    handle_t look = (handle_t)handle_copy(suspended, RIGHT_READ);
    handle_t rule = (handle_t)handle_copy(suspended, RIGHT_MANAGE);

    memset(&report, 0xAA, sizeof(report));
    IS(process_report(suspended, &report), ST_OK);
    SAYS(report.ended == 0 && report.wait == 0 && report.rip == 0);
    IS(process_wait(suspended, 1), ST_ETIMEDOUT);
    IS(process_wait(suspended, process_clock() + 8 * MS), ST_ETIMEDOUT);
    IS(process_start(look), ST_EPERM);
    IS(process_kill(look), ST_EPERM);
    IS(process_watch(look, bell, 1), ST_EPERM);
    IS(process_wait(rule, 1), ST_EPERM);
    IS(process_report(rule, &report), ST_EPERM);
    IS(process_watch(rule, 99, 1), ST_EBADF);
    IS(process_watch(rule, HANDLE_SLOT_SELF, 1), ST_EBADF);
    IS(process_watch(rule, bell, 4), ST_OK);
    IS(process_start(rule), ST_OK);
    IS(process_start(rule), ST_EINVAL);
    IS(notify_wait(bell, 4, 0), 4);
    IS(process_wait(look, 0), 0);
    IS(process_wait(look, 0), 0);
    IS(process_start(rule), ST_EINVAL);
    IS(process_kill(rule), ST_ESRCH);
    IS(process_watch(rule, bell, 8), ST_OK); /* it has ended: at once */
    IS(notify_wait(bell, 8, 1), 8);
    IS(process_report(look, &report), ST_OK);
    SAYS(report.ended == 1 && report.wait == 0 && report.reason == 0);
    (void)handle_close(suspended);
    (void)handle_close(look);
    (void)handle_close(rule);

    suspended = (handle_t)spawn_with(SPAWN_SUSPENDED, 0);
    IS(process_watch(suspended, bell, 1), ST_OK);
    IS(process_watch(suspended, HANDLE_NONE, 0), ST_OK);
    IS(process_kill(suspended), ST_OK);
    IS(process_wait(suspended, 0), EXIT_BY_KILL);
    IS(process_report(suspended, &report), ST_OK);
    SAYS(report.reason == REASON_KILLED && report.vector == 0);
    IS(notify_wait(bell, 1, 1), ST_ETIMEDOUT); /* no longer watched */
    (void)handle_close(suspended);
    (void)handle_close(bell);
}

/* H69, H89: oneself, nobody, others by number. */
static void
process_names(void)
{
    IS(process_wait(HANDLE_SLOT_SELF, 0), ST_EDEADLK);
    IS(process_start(HANDLE_SLOT_SELF), ST_EINVAL);
    IS(process_kill(0), ST_EBADF);
    IS(process_kill(99), ST_EBADF);
    IS(process_kill(HANDLE_SLOT_CONSOLE), ST_EBADF);
    IS(process_kill(UINT64_MAX >> 1), ST_EBADF);
    IS(process_kill(PROCESS_BY_ID(0)), ST_ESRCH);
    IS(process_kill(PROCESS_BY_ID(NO_SUCH_PID)), ST_ESRCH);
    IS(process_kill(UINT64_MAX), ST_ESRCH); /* number 2^63 - 1 */
    IS(process_kill(PROCESS_BY_ID(1ull << 32 | 1)), ST_ESRCH);
    IS(syscall2(SYS_process_wait, PROCESS_BY_ID(NO_SUCH_PID), 1), ST_ESRCH);
    IS(syscall2(SYS_process_wait, PROCESS_BY_ID(process_self()), 1),
       ST_EDEADLK);
}

int
group_process(void)
{
    process_spawn_refused();
    process_life();
    process_names();
    return claim_end();
}
