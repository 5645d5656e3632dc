/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: keeps two programs alive, the boot pager and the first program
 * (the shell). It is a kernel thread without a stack of its own: a continuation
 * that runs when a service has ended or its time to be started again has come.
 *
 *      ended --- log why ---> wait (backoff) ---> spawn from the module ---> runs
 *
 * The module image is never written, so what starts again is what started first.
 * The endpoint that regions are bound to belongs to the supervisor: it outlives
 * every pager, and faults wait in its queue meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>
#include <secos/system.h>

#include <base/compiler.h>

struct process;

/* Start both services by the boot options:
 *   init=NAME        the first program (default: shell)
 *   exit-with-init   when it ends, so does the machine, with its status
 *   pager-restarts=N, unlimited   how often a pager starts again in 10 s
 *   pager-limits=SOFT:HARD:RUN_SOFT:RUN_HARD:GRACE   ms, see pager_watch.h
 * Context: boot, last. Panics if there is no such module. */
void supervisor_init(void);

/* There is work for the supervisor's thread. Context: any. */
void supervisor_wake(void);

/* What `pager status` shows. */
void supervisor_pager_info(struct pager_info *out);

/* End the boot pager; it is started again as after any death.
 * Returns ST_ESRCH if it is not running. */
MUST_CHECK enum status supervisor_kill_pager(void);

/* @process is about to be killed for @why, which outlives the call: if it is the
 * boot pager, its death is told by that name. */
void supervisor_pager_failed(const struct process *process, const char *why);
