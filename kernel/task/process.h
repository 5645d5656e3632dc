/* SPDX-License-Identifier: MIT */
/*
 * Processes: a space, handles, a quota and the threads that run in it.
 *
 *      spawn --> SUSPENDED --> running --- exit, fault, kill ---> ENDING
 *                                                                   |
 *        reaped when the last reference goes <--- ENDED <--- teardown steps
 *
 * Ending is two things. First, at once and without waiting for anything: no
 * thread of the process runs again, and its report is written. Then, in steps of
 * a few pages between which others run, the reaper - its first thread, turned
 * into a continuation - gives back everything. Only after the last frame is
 * back does anybody who waits hear of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/process.h>
#include <secos/status.h>

#include <base/compiler.h>
#include <base/list.h>

#include <mm/quota.h>
#include <mm/vmm.h>
#include <task/charge.h>
#include <task/handle.h>
#include <task/manifest.h>
#include <task/object.h>
#include <task/thread.h>

#define PROCESS_SLOTS 4096u

/* Numbers of processes, and of memory objects, that programs leave to the services
 * (the boot pager, the first program and what it starts), and those to the kernel,
 * which starts them again. */
#define NUMBERS_FOR_SERVICES 64u
#define NUMBERS_FOR_KERNEL   8u

/* Generations below a first process: what a charge walks up at most. */
#define PROCESS_DEPTH_MOST 128u

struct binding;
struct memory_object;
struct notification;

struct process {
    struct space space;
    struct handle_table handles;
    struct quota quota;
    uint64_t charged_bytes; /* kernel objects, as bytes of the quota's frames */
    struct list threads;
    uint32_t thread_count;
    uint32_t live_threads; /* that have not called thread_exit */
    uint32_t managers;     /* handles with RIGHT_MANAGE, its own included */
    uint32_t id;
    uint32_t parent_id;
    uint32_t depth;         /* ancestors that its quota may have to ask */
    struct process *parent; /* while it lives; NULL = the kernel */
    struct list children;
    struct list sibling_link;
    bool payer_is_parent; /* the parent's quota pays for this structure */
    bool ending;
    bool pages_itself; /* a thread of it named a fault handler */
    uint8_t priority_ceiling;
    uint32_t permissions;     /* bit n = may use group n of enum sys_group */
    uint64_t reflect_handler; /* of foreign system calls; 0 = none */
    char name[NAME_BYTES];

    /* The program, for debuggers and reports. */
    uint64_t entry;
    uint64_t image_base; /* its lowest page; 0 = not placed yet */
    uint64_t map_base;   /* from where holes for regions are looked for */
    uint64_t stack_top;
    uint64_t kstack_top;
    struct trap_frame *regs;
    struct manifest manifest;

    /* What its regions are bound to unless it says otherwise. */
    struct binding *pager;
    struct list bonds; /* with pagers that are told of its end: ipc/detach.h */

    /* IPC: what was delivered to it and not yet answered, and what it pages
     * (ipc/). */
    struct list delivered; /* messages, by delivered_link          */
    struct list owed;      /* faults, the same: the oldest is first */
    struct list made;      /* charges of small objects: task/charge.h      */
    struct list memory;    /* memory objects it made and pays for       */
    struct memory_object *views; /* of its pages in copy-on-write views, NULL */
    struct list protection_faults; /* open ones on present pages          */
    struct list turns;  /* its queued faults that lead a turn: endpoint.h */
    struct list serves; /* endpoints whose faults it answers         */
    struct watch_clock watch_clock;
    uint64_t watch_tick;  /* the last one that it counted                 */
    uint32_t served_rank; /* of the endpoints it serves; 0 = none          */
    uint64_t faults;      /* answered page faults of its threads            */

    /* Its end. */
    struct exit_report report;
    struct list waiters;       /* threads in process_wait */
    struct list announce_link; /* ended, and not all of them know */
    struct notification *watcher;
    uint64_t watch_bits;
    struct thread *reaper;
    /* What others want to be told when it ends (the supervisor). */
    void (*on_end)(struct process *process);

    struct object object;
};

/* What the quotas of the first processes draw on. */
extern struct quota process_root_quota;

/* Give the root quota all free frames but what the kernel keeps for itself.
 * Context: boot, when the kernel has allocated what it always needs. */
void process_init(void);

/* Create an empty process: space, handle table and self handle, no thread.
 * @parent  who pays and whom its limits come from; NULL = the kernel
 * Returns ST_ENOMEM or ST_EAGAIN (no free process number). */
MUST_CHECK enum status process_create(struct process *parent, const char *name,
                                      uint64_t limit_frames,
                                      struct process **process_out);

/* Undo process_create before the process has a thread, a page or a region. */
void process_discard(struct process *process);

/* The living or ended process with number @id, or NULL. No reference is taken.
 * Cost: constant. */
struct process *process_lookup(uint32_t id);

/* How many numbers of a kind must be left when @creator takes one; NULL = the
 * kernel does. */
static inline uint32_t
process_numbers_left(const struct process *creator)
{
    if (creator == NULL) {
        return 0;
    }
    return creator->depth == 0 ? NUMBERS_FOR_KERNEL : NUMBERS_FOR_SERVICES;
}

/* The process whose space has @space_id, or NULL. */
struct process *process_of_space(uint32_t space_id);

/* The first process whose number slot is @slot or above, or NULL: to list all,
 * go on behind process_slot(). */
struct process *process_next(uint32_t slot);
uint32_t process_slot(const struct process *process);

/* End @process: no thread of it runs again; teardown starts. Does nothing if it
 * is ending already. Does not return if the current thread is one of its.
 * @report  copied; `ended` and `wait` are filled in here from code and kind */
void process_end(struct process *process, const struct exit_report *report);

/* The same, with the report of one that was killed. */
void process_kill(struct process *process);

/* The current thread waits until the last frame of @process is back or the
 * deadline has passed. Its result is @status if that is an error, else
 * report.wait. Does not return. @process must not have ended yet, and somebody
 * must hold a reference for the wait: the caller's handle. */
NORETURN void process_wait_end(struct process *process, uint64_t deadline_ns,
                               enum status status);

/* The calling process. */
static inline struct process *
process_current(void)
{
    return thread_current()->process;
}

/* Charge or give back kernel memory below a frame's size, counted in bytes and
 * paid in whole frames. Returns ST_ENOMEM if the quota does not allow it. */
MUST_CHECK enum status process_charge_bytes(struct process *process,
                                            uint64_t bytes);
void process_uncharge_bytes(struct process *process, uint64_t bytes);

/* For ps: what it does now (enum process_state). */
uint32_t process_state(const struct process *process);

/* Set and clear who is signalled at its end; a reference is kept. */
void process_set_watch(struct process *process, struct notification *watcher,
                       uint64_t bits);

/* Tell up to @most of those who wait for processes that have ended, where they were
 * too many to be told at once; true when all know. The supervisor's work. */
MUST_CHECK bool process_announce_step(unsigned most);

/* The kernel's ends of an ending process: ipc/ unlinks calls and attachments in
 * bounded steps, true when nothing is left; and what tells a watcher. */
bool process_hook_teardown(struct process *process, unsigned most);
void process_hook_signal(struct notification *watcher, uint64_t bits);
void process_hook_unwatch(struct notification *watcher);
void process_hook_announce(void); /* there is work for process_announce_step */
void process_hook_unbind(struct binding *pager);
bool process_hook_end_bonds(struct process *process, unsigned most);

/* Where the records of its regions come from: charged to it, and holding a
 * reference to their binding. */
extern const struct region_ops process_region_ops;

/* The object class of processes calls these. A suspended process that nobody can
 * start any more ends with the last handle that could. */
void process_destroy(struct object *object);
void process_handle_added(struct object *object, uint32_t rights);
void process_handle_removed(struct object *object, uint32_t rights);
