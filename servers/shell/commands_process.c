/* SPDX-License-Identifier: MIT */
/* Processes and programs: ps, run, elfload, kill. */
#include <libsecos/process.h>
#include <libsecos/stdio.h>
#include <libsecos/string.h>
#include <libsecos/system.h>

#include "commands.h"
#include "format.h"
#include "job.h"
#include "process_list.h"
#include "space_list.h"

/* ---- ps ------------------------------------------------------------------- */

/* A limit beyond this is none: 4 TiB. */
#define PS_LIMIT_SHOWN (1ull << 30)

static bool
ps_row(const struct process_info *row, void *context)
{
    (void)context;
    printf("%5u %6u %-9s %4u %7u %8lu %6lu %8lu %6lu  %.16s\n", row->id,
           row->parent, format_process_state(row->state), row->priority,
           row->regions, format_kb(row->resident_frames), row->table_frames,
           row->faults, row->cpu_ticks, row->name);
    return false;
}

/* Who pays: a process uses its own frames and what its children hold. */
static bool
ps_quota_row(const struct process_info *row, void *context)
{
    char limit[24] = "none";

    (void)context;
    if (row->limit_frames < PS_LIMIT_SHOWN) {
        snprintf(limit, sizeof(limit), "%lu", row->limit_frames);
    }
    printf("%5u %6u %10lu %10lu %10s %8lu  %.16s\n", row->id, row->parent,
           row->charged_frames, row->held_frames, limit, row->reserve_frames,
           row->name);
    return false;
}

int
command_ps(const struct invocation *invocation)
{
    bool quota = invocation->count == 2
                 && strcmp(invocation->words[1], "-q") == 0;
    int64_t status;

    if (invocation->count != 1 && !quota) {
        return command_usage(invocation);
    }
    if (quota) {
        printf(
            "  pid parent       uses      holds      limit  reserve  name\n");
    } else {
        printf("  pid parent state     prio regions   mem KB tables   faults"
               "  ticks  name\n");
    }
    status = process_list_each(quota ? ps_quota_row : ps_row, NULL);
    return status < 0 ? command_failed("ps", status) : COMMAND_OK;
}

/* ---- run ------------------------------------------------------------------ */

static int
run_failed(const struct invocation *invocation, int64_t status)
{
    const char *name = invocation->words[1];

    if (status == ST_ENOENT) {
        printf("%s: no module called %s; `elfload` lists them\n",
               invocation->words[0], name);
        return COMMAND_UNKNOWN;
    }
    return command_failed(name, status);
}

int
command_run_program(const struct invocation *invocation)
{
    struct job job;
    int64_t status;

    if (invocation->count < 2) {
        return command_usage(invocation);
    }
    status = job_load(invocation->words + 1,
                      invocation->background ? 0 : SPAWN_LEND_CONSOLE, &job);
    if (status < 0) {
        return run_failed(invocation, status);
    }
    if (!invocation->background) {
        return job_run(&job);
    }
    if (!job_run_in_background(&job)) {
        job_unload(&job);
        printf("run: %d programs run in the background already\n", JOB_MOST);
        return COMMAND_FAILED;
    }
    printf("[%u] %s\n", job.id, job.name);
    return COMMAND_OK;
}

/* ---- elfload -------------------------------------------------------------- */

/* Find the module called @name. Returns ST_ENOENT behind the last. */
static int64_t
elfload_find(const char *name, struct module_info *info)
{
    int64_t status = ST_OK;

    for (uint64_t i = 0; status == ST_OK; i++) {
        status = sys_module(i, info);
        if (status == ST_OK && strncmp(info->name, name, NAME_BYTES) == 0) {
            return ST_OK;
        }
    }
    return status;
}

static int
elfload_list(void)
{
    struct module_info info = { .bytes = 0 };
    int64_t status = ST_OK;

    for (uint64_t i = 0; status == ST_OK; i++) {
        status = sys_module(i, &info);
        if (status == ST_OK) {
            printf("  %-16.16s%8lu bytes%s\n", info.name, info.bytes,
                   info.elf_status == 0 ? "" : "  (not a program)");
        }
    }
    return status == ST_ENOENT ? COMMAND_OK : command_failed("elfload", status);
}

static void
elfload_print(const struct module_info *info)
{
    printf("%.16s: %lu bytes, %u segments, entry 0x%lx as linked\n", info->name,
           info->bytes, info->segments, info->entry);
    if (info->manifest_version == 0) {
        printf("  no manifest: least privilege\n");
        return;
    }
    printf("  manifest version %u, requires%s%s%s%s, at most ",
           info->manifest_version,
           (info->manifest_flags & 1) != 0 ? " wx-block" : "",
           (info->manifest_flags & 2) != 0 ? " stack-guard" : "",
           (info->manifest_flags & 4) != 0 ? " nx-data" : "",
           (info->manifest_flags & 8) != 0 ? " rx-code" : "");
    if (info->manifest_max_mem >= 1ull << 46) {
        printf("what its parent has\n");
    } else {
        printf("%lu KB\n", info->manifest_max_mem / 1024);
    }
}

int
command_elfload(const struct invocation *invocation)
{
    struct module_info info = { .bytes = 0 };
    struct job job;
    int64_t status;

    if (invocation->count == 1) {
        return elfload_list();
    }
    if (invocation->count != 2) {
        return command_usage(invocation);
    }
    status = elfload_find(invocation->words[1], &info);
    if (status < 0) {
        return run_failed(invocation, status);
    }
    elfload_print(&info);
    status = job_load(invocation->words + 1, 0, &job);
    if (status < 0) {
        return command_failed("elfload", status);
    }
    printf("  loaded as process %u:\n", job.id);
    (void)space_list_print(job.id);
    job_unload(&job);
    printf("  unloaded\n");
    return COMMAND_OK;
}

/* ---- kill ----------------------------------------------------------------- */

int
command_kill(const struct invocation *invocation)
{
    uint64_t id;
    int64_t status;

    if (invocation->count != 2 || !command_number(invocation->words[1], &id)
        || id == 0 || id > UINT32_MAX) {
        return command_usage(invocation);
    }
    status = process_kill(PROCESS_BY_ID(id));
    return status < 0 ? command_failed("kill", status) : COMMAND_OK;
}
