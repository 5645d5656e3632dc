/* SPDX-License-Identifier: MIT */
/*
 * Threads: what pthread_create and the end of a thread ask for.
 *
 * A new thread returns from the same clone as its maker, but with 0 and on a
 * stack of its own. struct thread_child, at the top of that stack, brings what it
 * needs:
 *
 *      call->b ->  +---------------------+  the stack the child returns on
 *                  | struct thread_child |
 *                  +---------------------+  <- its stack in linux_thread_begin
 *
 * A thread that ends must not touch its stack once others may know: they unmap
 * it. linux_thread_leave (thread_entry.asm) does the last steps in registers.
 * For the same reason a thread that unmaps its own stack does so only there.
 *
 * Threads need the PROCESS group, and the IPC group to wait for each other
 * without naps: `secos-cc -pthread` gives a program both.
 */
#include <stddef.h>

#include <base/align.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>

#include "linux.h"

#define THREADS_MOST 64u

/* Linux: linux/sched.h. */
#define CLONE_VM             0x00000100u
#define CLONE_THREAD         0x00010000u
#define CLONE_SETTLS         0x00080000u
#define CLONE_PARENT_SETTID  0x00100000u
#define CLONE_CHILD_CLEARTID 0x00200000u
#define CLONE_NEEDED         (CLONE_VM | CLONE_THREAD | CLONE_SETTLS)

struct thread_row {
    uint32_t number; /* as gettid tells it; 0 = this row is free */
    uint64_t base;   /* of its thread-local storage: its FS base */
    uint64_t clear; /* address of the word to clear and wake at its end; or 0 */
    uint64_t unmap_base;
    uint64_t unmap_pages;
};

/* thread_entry.asm knows these offsets. */
struct thread_child {
    struct linux_call call;
    uint64_t stack;
    uint64_t base;
};

_Static_assert(sizeof(struct linux_call) == 72, "thread_entry.asm");
_Static_assert(SYS_region_destroy == 0x1021, "thread_entry.asm");
_Static_assert(SYS_thread_exit == 0x1039, "thread_entry.asm");

void linux_thread_begin(void *child);
void linux_thread_enter(const struct thread_child *child);
NORETURN void linux_thread_leave(uint64_t clear, bool *lock, uint64_t base,
                                 uint64_t pages);

/* Row 0 is the first thread, from the start. */
static struct thread_row thread_rows[THREADS_MOST];
static uint32_t thread_last; /* the highest number given out */
static uint32_t thread_count = 1;
static bool thread_ever;

/* The first word of thread-local storage is its own address. */
static uint64_t
thread_base_now(void)
{
    uint64_t base;

    __asm__ volatile("mov %%fs:0, %0" : "=r"(base));
    return base;
}

static struct thread_row *
thread_self(void)
{
    if (thread_ever) {
        uint64_t base = thread_base_now();

        for (unsigned i = 1; i < THREADS_MOST; i++) {
            if (thread_rows[i].number != 0 && thread_rows[i].base == base) {
                return &thread_rows[i];
            }
        }
    }
    return &thread_rows[0];
}

static struct thread_row *
thread_find_free(void)
{
    for (unsigned i = 1; i < THREADS_MOST; i++) {
        if (thread_rows[i].number == 0) {
            return &thread_rows[i];
        }
    }
    return NULL;
}

int64_t
linux_gettid(UNUSED struct linux_call *call)
{
    const struct thread_row *row = thread_self();

    return row == &thread_rows[0] ? process_started->process_id : row->number;
}

/* set_tid_address(word): to be cleared when this thread ends. */
int64_t
linux_set_tid_address(struct linux_call *call)
{
    thread_self()->clear = call->a;
    return linux_gettid(call);
}

/* ---- beginning ------------------------------------------------------------ */

/* In the new thread, on its own stack. */
void
linux_thread_enter(const struct thread_child *child)
{
    (void)thread_set_base(THREAD_BASE_FS, child->base);
}

static int64_t
thread_start(const struct linux_call *call)
{
    struct thread_child *child =
        (void *)(uintptr_t)align_down(call->b - sizeof(*child), 16);
    int64_t handle;

    *child = (struct thread_child){ .call = *call,
                                    .stack = call->b,
                                    .base = call->e };
    handle = thread_create(linux_thread_begin, child, child, 0);
    if (handle >= 0) {
        (void)handle_close((handle_t)handle); /* nobody joins it by handle */
    }
    return handle;
}

/* With the lock held. */
static int64_t
thread_clone(const struct linux_call *call)
{
    struct thread_row *row = thread_find_free();
    int64_t status;

    if (row == NULL) {
        return ST_EAGAIN;
    }
    if (thread_last == 0) {
        thread_last = process_started->process_id;
    }
    *row = (struct thread_row){
        .number = ++thread_last,
        .base = call->e,
        .clear = (call->a & CLONE_CHILD_CLEARTID) != 0 ? call->d : 0,
    };
    if ((call->a & CLONE_PARENT_SETTID) != 0) {
        *(uint32_t *)(uintptr_t)call->c = row->number;
    }
    thread_ever = true;
    thread_count++;
    status = thread_start(call);
    if (status < 0) {
        thread_count--;
        row->number = 0;
        return status;
    }
    return row->number;
}

/* clone(flags, stack, parent's word, child's word, thread-local storage): a
 * thread of this process, or ENOSYS. */
int64_t
linux_clone(struct linux_call *call)
{
    int64_t result;

    if ((call->a & CLONE_NEEDED) != CLONE_NEEDED || call->b == 0) {
        return ST_ENOSYS;
    }
    linux_lock();
    result = thread_clone(call);
    linux_unlock();
    return result;
}

/* ---- ending --------------------------------------------------------------- */

bool
linux_thread_unmap_later(uint64_t base, uint64_t pages)
{
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    struct thread_row *row;

    if (here < base || here - base >= pages * PAGE_BYTES) {
        return false;
    }
    row = thread_self();
    row->unmap_base = base;
    row->unmap_pages = pages;
    return true;
}

/* exit(status): of this thread; of the process if it is the last. Whoever waits
 * for the word is woken before it is cleared, and looks at it only when
 * linux_thread_leave has let go of the lock. */
int64_t
linux_exit_thread(struct linux_call *call)
{
    struct thread_row *row;
    struct thread_row old;

    linux_lock();
    if (thread_count == 1) {
        process_exit((int)call->a);
    }
    thread_count--;
    row = thread_self();
    old = *row;
    if (row != &thread_rows[0]) {
        row->number = 0;
    }
    if (old.clear != 0) {
        (void)linux_futex_wake_locked(old.clear, 1);
    }
    linux_thread_leave(old.clear, &linux_lock_held, old.unmap_base,
                       old.unmap_pages);
}

/* exit_group(status): of the process. */
int64_t
linux_exit(struct linux_call *call)
{
    process_exit((int)call->a);
}
