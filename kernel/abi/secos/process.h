/* SPDX-License-Identifier: MIT */
/* Spawning, waiting and what is told of a process's end. */
#pragma once

#include <stdint.h>

#include <secos/types.h>

#define NAME_BYTES       16
#define SPAWN_ARGS_BYTES 1024

enum spawn_flags {
    SPAWN_SUSPENDED = 1 << 0,    /* loaded; process_start sets it going      */
    SPAWN_LEND_CONSOLE = 1 << 1, /* the child may read the console, if we may */
};

/*
 * process_spawn(&request): returns a handle to the process.
 *
 * A view: the child has what the caller has in [view_base, view_pages pages), at
 * the same addresses: its regions, which a pager must serve, and its pages as they
 * are. Either side goes on writing, and none sees what the other wrote.
 */
struct spawn_request {
    char name[NAME_BYTES]; /* what ps shows; names the module if elf_bytes = 0 */
    uint64_t elf;          /* address of an ELF image in the caller's memory */
    uint64_t elf_bytes;    /* 0 = the boot module called @name               */
    uint64_t args;         /* NUL-terminated strings, back to back           */
    uint32_t args_bytes; /* their length with the last NUL, <= SPAWN_ARGS_BYTES */
    uint32_t flags;      /* enum spawn_flags                               */
    uint32_t priority;   /* 0 = the caller's                               */
    handle_t pager;      /* binding of stack, bss and heap; 0 = inherit    */
    handle_t give;       /* one handle copied into slot HANDLE_SLOT_GIVEN  */
    uint32_t reserved;   /* 0 */
    uint64_t max_mem;    /* bytes; 0 = what the manifest says              */
    uint64_t view_base;  /* of a copy-on-write view; page-aligned          */
    uint64_t view_pages; /* 0 = none                                       */
};

_Static_assert(sizeof(struct spawn_request) == 88, "no padding");

/* Slots a new process finds filled (generation 0, so the handle is the slot). */
#define HANDLE_SLOT_SELF     1u /* its own process                            */
#define HANDLE_SLOT_PAGER    2u /* binding for its regions                    */
#define HANDLE_SLOT_CONSOLE  3u /* console, with the rights its parent lent   */
#define HANDLE_SLOT_GIVEN    4u /* spawn_request.give                         */
#define HANDLE_SLOT_ENDPOINT 4u /* the boot pager: the endpoint it serves     */

/* What process_wait returns: bits 0-7 status or vector, bit 8 = killed by a
 * fault, bit 9 = killed by somebody. */
#define EXIT_BY_FAULT 0x100
#define EXIT_BY_KILL  0x200
#define EXIT_CODE(w)  ((w)&0xFF)

enum fault_reason {
    REASON_NONE = 0,
    REASON_EXCEPTION = 1,  /* the processor refused an instruction         */
    REASON_NO_REGION = 2,  /* no region covers the address                 */
    REASON_PROTECTION = 3, /* the region does not allow the access         */
    REASON_GUARD = 4,      /* a guard region                               */
    REASON_PAGER_FAIL = 5, /* the pager answered FAIL                      */
    REASON_PAGER_GONE = 6, /* the pager did not come back in time          */
    REASON_NO_MEMORY = 7,  /* no frame, or over the quota                  */
    REASON_KILLED = 8,     /* process_kill                                 */
    REASON_DEPENDS = 9,    /* a pager's own fault                          */
    REASON_HANDLER = 10,   /* a missing page in the fault handler itself   */
};

/* process_report(process, &report): why it ended. */
struct exit_report {
    uint32_t ended; /* 0 = still alive: the rest is zero */
    uint32_t wait;  /* what process_wait returns          */
    uint32_t reason;
    uint32_t vector;
    uint64_t error_code;
    uint64_t rip;
    uint64_t address;     /* CR2 of a page fault */
    uint64_t region_base; /* 0 = none            */
    uint32_t region_kind;
    uint32_t pager_error; /* of VERDICT_FAIL     */
    uint64_t image_base;  /* address of the program's lowest page */
};

_Static_assert(sizeof(struct exit_report) == 64, "no padding");

/* One row of sys_processes. */
struct process_info {
    uint32_t id;
    uint32_t parent;
    uint32_t threads;
    uint32_t state; /* enum process_state */
    uint32_t priority;
    uint32_t regions;
    uint64_t resident_frames; /* pages mapped                    */
    uint64_t table_frames;    /* frames that hold its tables     */
    uint64_t charged_frames;  /* everything its quota pays for: its own frames
                               * and what its children hold       */
    uint64_t held_frames;     /* drawn from its parent's quota    */
    uint64_t limit_frames;    /* may never hold more              */
    uint64_t reserve_frames;  /* its children leave it so much    */
    uint64_t faults;          /* page faults answered            */
    uint64_t cpu_ticks;
    char name[NAME_BYTES];
};

_Static_assert(sizeof(struct process_info) == 104, "no padding");

enum process_state {
    PROCESS_RUNNING = 1,  /* on the CPU or ready      */
    PROCESS_BLOCKED = 2,  /* waits for a message, event, time or child */
    PROCESS_FAULTING = 3, /* waits for its pager      */
    PROCESS_ENDING = 4,
    PROCESS_SUSPENDED = 5, /* not started yet         */
};
