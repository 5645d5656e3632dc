/* SPDX-License-Identifier: MIT */
/*
 * A small world in which page faults happen: some clients with a few threads and
 * a few pages each, one endpoint, and pagers that come and go.
 *
 *      boss --- made the endpoint, the binding and a memory object; starts pagers
 *       |
 *       +-- client 0..n    a region of `pages` pages bound to the endpoint
 *       |                  even threads: write in ring 3
 *       |                  odd threads:  have a system call read for them
 *       +-- pager          receives, answers, hangs, dies, is started again
 *
 * A step (step.h) is one thing that one thread, or the world around them, does
 * next, from ring 3 to ring 3; between two steps nobody runs, so any thread that
 * is ready may be the next. What must hold between any two steps is in look.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "door.h"
#include "step.h"

#define WORLD_CLIENTS 3u
#define WORLD_THREADS 4u
#define WORLD_PAGES   6u
#define WORLD_PAGERS  3u
#define WORLD_SERVERS 2u
#define WORLD_SLOTS   128u

/* The handles a pager is born with. */
#define WORLD_SLOT_ENDPOINT HANDLE_SLOT_GIVEN
#define WORLD_SLOT_MEMORY   (HANDLE_SLOT_GIVEN + 1)

struct process;
struct thread;
struct endpoint;
struct binding;
struct call;
struct memory_object;
struct region;

struct world_scope {
    unsigned clients;
    unsigned threads; /* of each client       */
    unsigned pages;   /* of each client       */
    unsigned servers; /* threads of the pager */
    unsigned poor;    /* pages a client can pay for; 0 = all */
    unsigned pagers;  /* at a time: one that serves, others that end */
    unsigned answers; /* bit n: the pager may give enum step_answer n */
    unsigned steps;   /* bit n: enum step_event n may happen */
};

struct world_client {
    struct process *process; /* NULL when its end is complete */
    struct thread *threads[WORLD_THREADS];
    struct step calls[WORLD_THREADS]; /* what a RESUME_SYSCALL thread repeats */
    bool failed[WORLD_THREADS];       /* and that this page of it was refused */
    bool written[WORLD_PAGES];        /* and nobody but itself may undo that */
};

struct world_pager {
    struct process *process;
    struct thread *threads[WORLD_SERVERS];
};

/* The last id that was handed out for each reply slot. */
struct world_slot {
    uint32_t generation;
    bool is_owed;
};

struct world {
    struct world_scope scope;
    struct process *boss;
    struct endpoint *endpoint;
    struct binding *binding;
    struct memory_object *memory;
    struct world_client clients[WORLD_CLIENTS];
    struct world_pager pagers[WORLD_PAGERS];
    struct world_slot slots[WORLD_SLOTS];
    /* In use when there was nobody but the boss. */
    uint64_t first_frames;
    uint64_t first_charge;
    uint64_t first_blocks;
    /* The name of an invariant that a step itself saw broken, or NULL. */
    const char *complaint;
};

extern struct world world;

/* Start the machine and the boss. Context: once in a program. */
void world_boot(void);

/* Make clients and the first pager. */
void world_begin(const struct world_scope *scope);

/* Everybody is killed and reaped, the object goes. Returns NULL, or the name of
 * what was broken: everything must have been given back. */
const char *world_end(void);

/* Start @pager, which is none so far. Context: inside door_enter. */
void world_start_pager(struct world_pager *pager);

/* ---- running code of the kernel ---- */

/* Run @function as @thread; NULL: as an interrupt in idle time. A thread whose
 * system call is not at its end has to do the same again: step.c sees to that.
 * Returns how the kernel was left; what that breaks is complained about. */
enum door world_run(struct thread *thread, void (*function)(void *),
                    void *argument);

/* The invariant @name is broken; the first complaint counts. */
void world_complain(const char *name);

/* ---- who is there ---- */

/* Thread @index of client or pager @who, or NULL if it is gone. */
struct thread *world_client_thread(unsigned who, unsigned index);
struct thread *world_pager_thread(unsigned who, unsigned index);

/* Whether a client or a pager is there and not about to end. */
bool world_client_is_alive(unsigned who);
bool world_pager_is_alive(unsigned who);

/* Whether @thread is the member of @process it was: NULL if it is gone. */
struct thread *world_living(const struct process *process,
                            const struct thread *thread);

/* The region of @page, or NULL; looked up without the kernel's noticing. */
const struct region *world_region(unsigned client, unsigned page);

/* What the page table of a client says about @page; 0 = nothing. */
uint64_t world_leaf(unsigned client, unsigned page);

/* Fault number @index of those that @pager owes, or NULL. */
struct call *world_owed(unsigned pager, unsigned index);

/* The page number, in the space, of page 0 of every client. */
uint64_t world_first_page(void);

/* What page @page of the object holds in its first word, and what a client's
 * write leaves in the second. */
uint64_t world_content(unsigned page);
uint64_t world_mark(unsigned client, unsigned page);
