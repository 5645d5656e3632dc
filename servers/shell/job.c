/* SPDX-License-Identifier: MIT */
/* Starting programs and hearing of their end. */
#include "job.h"

#include <base/compiler.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>
#include <libsecos/stdio.h>
#include <libsecos/string.h>
#include <libsecos/syscall.h>

#include "names.h"
#include "process_list.h"
#include "report.h"
#include "shell.h"

static struct job job_background[JOB_MOST];

/* Lay @words back to back, each with its NUL. Returns the bytes, or ST_E2BIG. */
static int64_t
job_pack(char *const words[], char *to)
{
    uint32_t used = 0;

    for (int i = 0; words[i] != NULL; i++) {
        size_t bytes = strlen(words[i]) + 1;

        if (bytes > SPAWN_ARGS_BYTES - used) {
            return ST_E2BIG;
        }
        memcpy(to + used, words[i], bytes);
        used += (uint32_t)bytes;
    }
    return used;
}

/* The child that is suspended: there is never more than the one just made. */
static bool
job_is_new_child(const struct process_info *row, void *id)
{
    if (row->parent != (uint32_t)process_self()
        || row->state != PROCESS_SUSPENDED) {
        return false;
    }
    *(uint32_t *)id = row->id;
    return true;
}

int64_t
job_load(char *const words[], uint32_t flags, struct job *job)
{
    struct spawn_request request = {
        .flags = SPAWN_SUSPENDED | flags,
        .priority = SHELL_CHILD_PRIORITY,
    };
    static char args[SPAWN_ARGS_BYTES]; /* too large for the stack */
    int64_t packed = job_pack(words, args);
    int64_t process;

    if (packed < 0) {
        return packed;
    }
    if (strlcpy(request.name, words[0], NAME_BYTES) >= NAME_BYTES) {
        return ST_ENOENT;
    }
    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)packed;
    process = process_spawn(&request);
    if (process < 0) {
        return process;
    }
    *job = (struct job){ .process = (handle_t)process };
    strlcpy(job->name, words[0], sizeof(job->name));
    process_list_each(job_is_new_child, &job->id);
    names_remember(job->id, job->name);
    return ST_OK;
}

/* Take back what is left of an ended job and say how it ended. */
static int
job_finish(struct job *job)
{
    struct exit_report report = { .ended = 0 };
    char text[REPORT_BYTES];

    (void)process_wait(job->process, 0);
    (void)process_report(job->process, &report);
    (void)handle_close(job->process);
    job->process = HANDLE_NONE;
    report_format(&report, text, sizeof(text));
    printf("%s: %s\n", job->name, text);
    return report_status(&report);
}

void
job_unload(struct job *job)
{
    (void)process_kill(job->process);
    (void)process_wait(job->process, 0);
    (void)handle_close(job->process);
    job->process = HANDLE_NONE;
}

int
job_run(struct job *job)
{
    int64_t bits = 0;

    /* Watched before it runs: its end cannot be missed. */
    (void)process_watch(job->process, shell_notification(), SHELL_BIT_CHILD);
    shell_watch_begin();
    (void)process_start(job->process);
    while (bits >= 0 && (bits & SHELL_BIT_CHILD) == 0) {
        bits = shell_wait(SHELL_BIT_CHILD | SHELL_BIT_INTERRUPT, 0);
        if (bits > 0 && (bits & SHELL_BIT_INTERRUPT) != 0) {
            printf("^C\n");
            (void)process_kill(job->process);
        }
    }
    shell_watch_end();
    return job_finish(job);
}

bool
job_run_in_background(const struct job *job)
{
    for (int i = 0; i < JOB_MOST; i++) {
        if (job_background[i].process == HANDLE_NONE) {
            job_background[i] = *job;
            (void)process_start(job->process);
            return true;
        }
    }
    return false;
}

void
job_report_ended(void)
{
    for (int i = 0; i < JOB_MOST; i++) {
        struct job *job = &job_background[i];
        struct exit_report report = { .ended = 0 };

        if (job->process == HANDLE_NONE
            || process_report(job->process, &report) != ST_OK
            || report.ended == 0) {
            continue;
        }
        printf("[%u] ", job->id);
        (void)job_finish(job);
    }
}
