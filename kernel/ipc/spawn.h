/* SPDX-License-Identifier: MIT */
/*
 * Making a process from a program, in steps that can be interrupted and, where
 * they read the caller's memory, restarted.
 *
 *      ARGS --> IMAGE --> CREATE --> LOAD --> FINISH
 *       |         |         |          |        |
 *       copy      copy the  validate,  pages    stack, handles,
 *       strings   ELF       process    16 a     thread
 *                           and thread step
 *
 * A spawn that fails, or whose maker is killed in between, ends the process it
 * has begun; teardown gives everything back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/process.h>
#include <secos/status.h>

#include <base/compiler.h>

#include <task/elf.h>
#include <task/loader.h>

struct binding;
struct boot_module;
struct object;
struct process;
struct thread;

enum spawn_phase {
    SPAWN_ARGS,
    SPAWN_IMAGE,
    SPAWN_CREATE,
    SPAWN_LOAD,
    SPAWN_FINISH,
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
    const struct boot_module *module; /* NULL = the image is a copy */
    uint8_t *image;
    uint64_t image_bytes;
    uint64_t copied;
    struct spawn_request request;
    struct elf_plan plan;
    struct loader loader;
    char args[SPAWN_ARGS_BYTES];
};

/* Do one step. Returns ST_OK while it goes well (phase says how far), else why
 * the spawn failed; then only spawn_drop may follow. */
MUST_CHECK enum status spawn_step(struct spawn *spawn);

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
