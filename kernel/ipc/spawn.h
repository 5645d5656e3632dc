/* SPDX-License-Identifier: MIT */
/*
 * Making a process from a program, in steps that can be interrupted and, where
 * they read the caller's memory, restarted.
 *
 *      ARGS --> IMAGE --> CREATE --> LOAD --> VIEW ---> FINISH
 *       |         |         |          |        |         |
 *       copy      copy the  validate,  pages    pages     stack, handles,
 *       strings   ELF       process    16 a     16 a      thread
 *                           and thread step     step
 *
 * A spawn that fails, or whose maker is killed in between, ends the process it
 * has begun; teardown gives everything back. One that fails behind VIEW first
 * takes the view back (UNDO), so that the maker's pages are as they were.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/process.h>
#include <secos/status.h>

#include <base/compiler.h>

#include <task/elf.h>
#include <task/elf_image.h>
#include <task/loader.h>
#include <task/place.h>

struct binding;
struct boot_module;
struct memory_object;
struct object;
struct process;
struct thread;

#define SPAWN_STEP_PAGES 16u

enum spawn_phase {
    SPAWN_ARGS,
    SPAWN_IMAGE,
    SPAWN_CREATE,
    SPAWN_LOAD,
    SPAWN_VIEW,
    SPAWN_FINISH,
    SPAWN_UNDO,
    SPAWN_DONE,
};

struct spawn {
    struct process *creator; /* NULL = the kernel */
    struct process *process; /* one reference, from CREATE on */
    struct thread *thread;
    struct binding *pager; /* one reference */
    struct object *given;  /* one reference, or NULL */
    uint32_t given_rights;
    uint64_t given_badge;
    uint8_t phase; /* enum spawn_phase */
    bool resident;
    uint8_t priority;
    uint32_t console_rights;
    enum elf_status elf_status;
    const struct boot_module *module; /* NULL = the image is a copy: */
    struct memory_object *copy;       /* its pages, and one for scratch */
    struct elf_image image;
    uint64_t copied;
    struct spawn_request request;
    struct elf_plan plan;
    struct place place;
    struct loader loader;
    struct memory_object *views; /* of the creator; one reference, or NULL */
    uint64_t view_at;  /* the view is made, or taken back, up to here */
    uint64_t view_end; /* of what UNDO takes back */
    enum status error; /* what UNDO ends with */
    char args[SPAWN_ARGS_BYTES];
};

/* Whether each new process stands where chance puts it (aslr=on). */
extern bool spawn_aslr;

/* Do one step. Returns ST_OK while it goes well (phase says how far), else why
 * the spawn failed; then only spawn_drop may follow. */
MUST_CHECK enum status spawn_step(struct spawn *spawn);

/* A record for a spawn by @creator, charged to it; NULL = the kernel's own. Returns
 * NULL if there is no memory. */
struct spawn *spawn_alloc(struct process *creator);

/* Begin a spawn from the boot module @name with @args (strings back to back),
 * for the kernel itself. Returns ST_ENOENT or ST_ENOMEM. */
MUST_CHECK enum status spawn_begin_module(const char *name, const char *args,
                                          uint32_t args_bytes,
                                          struct spawn **out);

/* The system call: @address is that of a struct spawn_request. */
int64_t spawn_call(uint64_t address);

/* Let the process of a finished spawn run. */
void spawn_start(struct process *process);

/* Forget the spawn @object; a process that is not complete is ended. */
void spawn_drop(void *object);
