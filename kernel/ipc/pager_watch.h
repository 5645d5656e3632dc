/* SPDX-License-Identifier: MIT */
/*
 * Pagers under observation: who serves an endpoint, whether it answers in time,
 * and what happens to faults that nobody answers.
 *
 *      attach      the first receive with the SERVE right; one process at a time
 *      soft limit  a fault not answered for 100 ms: a line on the log
 *      hard limit  not answered for 1 s, or three strikes: the pager is dead
 *      grace       5 s without a pager: its clients' faults fail, by that name
 *
 * These are what an endpoint has at first; who manages it may set others. Soft and
 * hard limits are set twice, for two clocks of the process that serves:
 *
 *      could_work  runs or waits for something else      |####|....|####|    |####|
 *      ran         has the processor                     |####|    |####|    |####|
 *                                                         runs waits runs  kept runs
 *                                                                          off
 *
 * so a pager that asks a slow disk may be given long to wait and little to run.
 *
 * Not answered is a fault that was delivered, and the queue when faults wait in
 * it and none is taken: a pager that never receives again owes nothing, and hangs
 * all the same.
 *
 * While a thread of it is ready that who waits does not outrank, and others keep it
 * off the processor, both stand still, and so they do while a debugger holds the
 * machine, since they are driven by the tick. DEFER does not reset them, nor do two
 * threads that keep each other off. Both are sampled: a tick counts for whoever it
 * finds.
 *
 * A tick looks at a bounded number of things. Those for which there is no time have
 * their turn in the next one: their clocks stand still meanwhile, so where a thousand
 * pagers owe something at once, all are given more time, and nobody less.
 *
 * I1  endpoint.attached is NULL or a process that lists it in `serves`.
 * I2  An endpoint that a fault is queued at, or owed by, is in the watch list. The
 *     tick takes one out at which there is nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/fault.h>
#include <secos/status.h>

#include <base/compiler.h>

struct call;
struct endpoint;
struct pager_limits;
struct process;

/* Answers that could never be right before a pager is taken for dead. */
#define PAGER_STRIKES_MOST 3u

/* What an endpoint has at first. */
extern const struct pager_limits pager_watch_defaults;

/* The pager of @endpoint is given these limits from now on.
 * @ms  by enum pager_limit, in milliseconds
 * Returns ST_EINVAL if one is below PAGER_LIMIT_MS_LEAST or above
 * PAGER_LIMIT_MS_MOST, or a soft limit above its hard one. Cost: constant. */
MUST_CHECK enum status pager_watch_limit(struct endpoint *endpoint,
                                         const uint64_t ms[PAGER_LIMITS]);

/* The same of @endpoint's limits, to report them. */
void pager_watch_limits(const struct endpoint *endpoint,
                        uint64_t ms[PAGER_LIMITS]);

/* Make @process the server of @endpoint's faults.
 * Returns ST_EBUSY if another living process is, ST_EPERM if @process serves
 * endpoints of another rank. Cost: constant. */
MUST_CHECK enum status pager_watch_attach(struct endpoint *endpoint,
                                          struct process *process);

/* A fault is queued at @endpoint or delivered from it: watch it. If nobody has ever
 * served it, its grace period begins. Cost: constant. */
void pager_watch_expect(struct endpoint *endpoint);

/* @process ends: up to @most of its endpoints have no server from now on. Returns
 * true when none is left. */
MUST_CHECK bool pager_watch_detach_step(struct process *process, unsigned most);

/* @endpoint goes: watch it no more. */
void pager_watch_forget(struct endpoint *endpoint);

/* The tick: look at the oldest unanswered fault of each watched pager. Comes before the
 * scheduler's, whose deadlines would make a pager ready that slept until now. It
 * does not return if it ends the running process; that tick is not counted.
 * Context: timer interrupt. Cost: constant for each, and bounded in all. */
void pager_watch_tick(void);

/* The server of @endpoint answered what could never be right. The third time it
 * is ended; then this does not return, for it is the current process. */
void pager_watch_strike(struct endpoint *endpoint);
