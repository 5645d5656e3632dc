/* SPDX-License-Identifier: MIT */
/*
 * What holds between any two steps. Each check looks at the kernel's own objects
 * and has a name, by which the explorer reports it: look.c has those of threads
 * and faults, look_memory.c those of pages and frames.
 */
#pragma once

#include <stdbool.h>

#include "world.h"

#define LOOK_MOST    64u
#define LOOK_CLIENTS WORLD_CLIENTS
#define LOOK_PEOPLE  (WORLD_CLIENTS + WORLD_PAGERS)

/* Everything there is, collected anew for each look. */
struct look {
    struct process *processes[LOOK_PEOPLE]; /* clients first; NULL = gone */
    struct thread *threads[LOOK_MOST];
    unsigned thread_count;
    const char *broken;
};

/* Look at everything. Returns NULL, or the name of an invariant that does not
 * hold. */
const char *look_at_world(void);

/* All names, also of those that steps and ends look at; NULL at the end. */
extern const char *const look_names[];

/* Note that the invariant @name is broken unless @holds. */
void look_expect(struct look *look, bool holds, const char *name);

/* look_memory.c. Context: the lists of @look are sound. */
void look_at_memory(struct look *look);
