/* SPDX-License-Identifier: MIT */
/* Programs that the shell has started: spawn, wait, and the background. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/process.h>
#include <secos/types.h>

#define JOB_MOST 16

/* A program, started or about to be. */
struct job {
    handle_t process; /* HANDLE_NONE = this place is free */
    uint32_t id;      /* as ps shows it; 0 = not known    */
    char name[NAME_BYTES];
};

/* Load module words[0] with @words as its arguments, suspended.
 * @flags   of struct spawn_request, besides SPAWN_SUSPENDED
 * @words   NULL-terminated
 * Returns ST_OK and fills *@job, or what process_spawn said, ST_E2BIG. */
int64_t job_load(char *const words[], uint32_t flags, struct job *job);

/* End it and wait until nothing of it is left. */
void job_unload(struct job *job);

/* Let it run and wait for its end, or for ^C, which ends it. Says how it ended.
 * Returns its status as the shell counts it (report_status). */
int job_run(struct job *job);

/* Let it run and remember it. Returns false if there are JOB_MOST already. */
bool job_run_in_background(const struct job *job);

/* Say how those in the background ended that did since the last time. */
void job_report_ended(void);
