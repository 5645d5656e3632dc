/* SPDX-License-Identifier: MIT */
/* Doing a step: each is a system call, a trap or an interrupt. */
#pragma once

#include "step.h"

struct process;

/* Do the possible step @step. Returns NULL, or the name of the invariant that was
 * seen to be broken by it. */
const char *act_do(const struct step *step);

/* Serve and complete until nothing is left to do. Returns NULL, or the name of what
 * was broken on the way: "progress" if somebody waits still. */
const char *act_serve(void);

/* Whether a client's thread waits, which it may not when all is served. */
bool act_somebody_waits(void);

/* Kill @argument, a process. Context: inside door_enter. */
void act_kill(void *argument);

/* act_pager.c: the steps from STEP_RECEIVE on, for act_do. */
void act_pager_do(const struct step *step);
