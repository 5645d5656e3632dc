/* SPDX-License-Identifier: MIT */
/* The machine: info, uptime, sleep, syscalls, pager, reboot, poweroff. */
#include <libsecos/process.h>
#include <libsecos/stdio.h>
#include <libsecos/string.h>
#include <libsecos/syscall.h>
#include <libsecos/system.h>

#include "commands.h"
#include "format.h"
#include "shell.h"

#define NS_PER_S  1000000000ul
#define NS_PER_MS 1000000ul

/* How long `pager restart` waits for the new one; it takes a millisecond. */
#define PAGER_WAIT_NS (15 * NS_PER_S)

static const char *
machine_placement(uint32_t placement)
{
    static const char *const names[] = { "a ring-3 server", "the kernel",
                                         "the process itself" };

    return placement < 3 ? names[placement] : "?";
}

int
command_info(const struct invocation *invocation)
{
    struct machine_info info = { .uptime_ns = 0 };
    int64_t status;

    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    status = sys_machine(&info);
    if (status < 0) {
        return command_failed("info", status);
    }
    printf("SecOS %.32s\n", info.version);
    printf("  processor     %.48s\n", info.cpu);
    printf("  protections   %.64s\n", info.features);
    printf("  booted by     Multiboot %u\n", info.boot_path);
    printf("  command line  %.256s\n", info.command_line);
    printf("  faults go to  %s\n", machine_placement(info.pager_placement));
    printf("  timer tick    %lu us\n", info.tick_ns / 1000);
    printf("  boot          %lu TSC ticks from the kernel's first instruction "
           "to the prompt\n",
           info.prompt_tsc - info.boot_tsc);
    return COMMAND_OK;
}

int
command_uptime(const struct invocation *invocation)
{
    struct machine_info info = { .uptime_ns = 0 };
    int64_t status;

    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    status = sys_machine(&info);
    if (status < 0) {
        return command_failed("uptime", status);
    }
    printf("up %lu.%03lu s\n", info.uptime_ns / NS_PER_S,
           info.uptime_ns / NS_PER_MS % 1000);
    printf("  kernel entries    %10lu\n", info.kernel_entries);
    printf("  faults answered   %10lu\n", info.faults);
    printf("  context switches  %10lu\n", info.context_switches);
    printf("  CR3 loads         %10lu\n", info.cr3_loads);
    return COMMAND_OK;
}

/* Read "12" or "0.25" as nanoseconds; at most nine digits before the point. */
static bool
machine_seconds(const char *text, uint64_t *ns)
{
    uint64_t value = 0;
    uint64_t unit = NS_PER_S;
    int digits = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0') * NS_PER_S;
        if (++digits > 9) {
            return false;
        }
    }
    if (*text == '.' && digits > 0) {
        for (text++; *text >= '0' && *text <= '9'; text++) {
            unit /= 10;
            value += (uint64_t)(*text - '0') * unit;
        }
    }
    *ns = value;
    return *text == '\0' && digits > 0;
}

int
command_sleep(const struct invocation *invocation)
{
    uint64_t ns;
    int64_t bits;

    if (invocation->count != 2 || !machine_seconds(invocation->words[1], &ns)) {
        return command_usage(invocation);
    }
    shell_watch_begin();
    bits = shell_wait(SHELL_BIT_INTERRUPT, process_clock() + ns);
    shell_watch_end();
    if (bits > 0) {
        printf("^C\n");
        return COMMAND_BROKEN;
    }
    return COMMAND_OK;
}

int
command_syscalls(const struct invocation *invocation)
{
    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    printf("  number  name               args class group\n");
    for (uint64_t i = 0; i < SYS_TABLE_ROWS; i++) {
        struct syscall_info row = { .number = 0 };
        int64_t status = sys_table(i, &row);

        if (status == ST_ENOENT) {
            continue;
        }
        if (status < 0) {
            return command_failed("syscalls", status);
        }
        printf("  0x%04x  %-18.24s %4u %5c %s%s\n", row.number, row.name,
               row.arguments, row.restart_class, format_sys_group(row.group),
               row.allowed != 0 ? "" : " (refused)");
    }
    return COMMAND_OK;
}

/* ---- pager ---------------------------------------------------------------- */

static void
pager_print(const struct pager_info *info)
{
    if (info->alive != 0) {
        printf("pager: process %u\n", info->process_id);
    } else {
        printf("pager: not running\n");
    }
    printf("  restarts            %8lu\n", info->restarts);
    printf("  faults served       %8lu\n", info->faults_served);
    printf("  faults waiting      %8lu\n", info->faults_waiting);
    printf("  faults redelivered  %8lu\n", info->faults_redelivered);
    printf("  strikes             %8lu\n", info->strikes);
    printf("  limits              answer %lu ms, log at %lu; processor %lu ms, "
           "log at %lu\n",
           info->limits_ms[PAGER_LIMIT_HARD], info->limits_ms[PAGER_LIMIT_SOFT],
           info->limits_ms[PAGER_LIMIT_RUN_HARD],
           info->limits_ms[PAGER_LIMIT_RUN_SOFT]);
    if (info->restarts_most != 0) {
        printf("                      %lu restarts in 10 s, grace %lu ms\n",
               info->restarts_most, info->limits_ms[PAGER_LIMIT_GRACE]);
    } else {
        printf("                      any restarts, grace %lu ms\n",
               info->limits_ms[PAGER_LIMIT_GRACE]);
    }
    if (info->last_death[0] != '\0') {
        printf("  last death          at %lu.%03lu s: %.64s\n",
               info->last_death_ns / NS_PER_S,
               info->last_death_ns / NS_PER_MS % 1000, info->last_death);
    }
}

/* Wait until a pager runs that is not process @old; *@info is about it. */
static int64_t
pager_await(uint32_t old, struct pager_info *info)
{
    uint64_t end = process_clock() + PAGER_WAIT_NS;
    int64_t status;

    do {
        (void)process_sleep_until(process_clock() + NS_PER_MS);
        status = sys_pager(PAGER_STATUS, info);
        if (status < 0 || (info->alive != 0 && info->process_id != old)) {
            return status;
        }
    } while (process_clock() < end);
    return ST_ETIMEDOUT;
}

int
command_pager(const struct invocation *invocation)
{
    static const char *const words[] = { [PAGER_STATUS] = "status",
                                         [PAGER_RESTART] = "restart",
                                         [PAGER_KILL] = "kill" };
    const char *word = invocation->count == 1 ? "status" : invocation->words[1];
    struct pager_info info = { .alive = 0 };
    int64_t status;
    unsigned operation = 0;

    while (operation < 3 && strcmp(word, words[operation]) != 0) {
        operation++;
    }
    if (invocation->count > 2 || operation == 3) {
        return command_usage(invocation);
    }
    status = sys_pager((enum pager_operation)operation, &info);
    if (status >= 0 && operation == PAGER_RESTART) {
        status = pager_await(info.process_id, &info);
    }
    if (status == ST_ESRCH) {
        printf("pager: none runs at the moment; one is started by itself\n");
        return COMMAND_FAILED;
    }
    if (status < 0) {
        return command_failed("pager", status);
    }
    if (operation == PAGER_KILL) {
        printf("pager: killed process %u\n", info.process_id);
        return COMMAND_OK;
    }
    pager_print(&info);
    return COMMAND_OK;
}

/* ---- the end -------------------------------------------------------------- */

int
command_reboot(const struct invocation *invocation)
{
    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    printf("Restarting.\n");
    return command_failed("reboot", sys_power(POWER_REBOOT, 0));
}

int
command_poweroff(const struct invocation *invocation)
{
    uint64_t code;

    if (invocation->count == 1) {
        printf("Switching off.\n");
        return command_failed("poweroff", sys_power(POWER_OFF, 0));
    }
    if (invocation->count != 2 || !command_number(invocation->words[1], &code)
        || code > UINT8_MAX) {
        printf("CODE is a number from 0 to 255\n");
        return command_usage(invocation);
    }
    return command_failed("poweroff CODE: test machines only",
                          sys_power(POWER_TEST_EXIT, code));
}
