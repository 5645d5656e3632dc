/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail on purpose (H65): boot option fail=sweep. From a spawn
 * system call until the process it made is gone, allocations are counted: at the
 * first such call the 1st fails, at the second the 2nd, and so on, until a
 * process was born, lived and ended without reaching the one that was to fail.
 * The test types the same command again and again; the kernel must never panic,
 * and every frame must be back each time.
 *
 * Frames, blocks of the heap and objects from pools count. The allocators are
 * wrapped by the linker; what they ask of each other counts too.
 */
#include <stdbool.h>
#include <stdint.h>

#include <ipc/modules.h>
#include <ipc/spawn.h>
#include <klib/log.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <task/process.h>
#include <task/thread.h>

static uint64_t fail_round;            /* the allocation that is to fail */
static uint64_t fail_left;             /* until then; 0 = not counting   */
static const struct process *fail_top; /* whose end ends the counting    */

/* Whether the allocation that @caller asks for is the one. */
static bool
fail_now(const char *what, const void *caller)
{
    if (fail_left == 0 || --fail_left != 0) {
        return false;
    }
    klog("fail: allocation %llu (%s) by %p", (unsigned long long)fail_round,
         what, caller);
    return true;
}

#define FAIL_WRAP(name, parameters, arguments)              \
    void *__real_##name parameters;                         \
    void *__wrap_##name parameters;                         \
    void *__wrap_##name parameters                          \
    {                                                       \
        if (fail_now(#name, __builtin_return_address(0))) { \
            return NULL;                                    \
        }                                                   \
        return __real_##name arguments;                     \
    }

FAIL_WRAP(pmm_alloc_frame, (void), ())
FAIL_WRAP(pmm_alloc_kind, (enum frame_kind kind, uint64_t owner), (kind, owner))
FAIL_WRAP(pmm_alloc_zeroed, (enum frame_kind kind, uint64_t owner),
          (kind, owner))
FAIL_WRAP(pmm_alloc_large, (void), ())
FAIL_WRAP(pmm_alloc_run, (uint64_t frames), (frames))
FAIL_WRAP(kmalloc, (size_t bytes), (bytes))
FAIL_WRAP(kmalloc_aligned, (size_t size, size_t alignment), (size, alignment))
FAIL_WRAP(pool_alloc, (struct pool * pool), (pool))

/* The counting is over: the next round goes one further, unless this one did not
 * get as far. */
static void
fail_end_round(void)
{
    if (fail_left == 0) {
        fail_round++;
    } else {
        klog("fail: done after %llu allocations",
             (unsigned long long)(fail_round - fail_left));
        fail_round = 0;
    }
    fail_left = 0;
    fail_top = NULL;
}

int64_t __real_spawn_call(uint64_t address);
int64_t __wrap_spawn_call(uint64_t address);

/* Count from the first entry of the call, not from one after a pause, nor from
 * one made by what is being watched. Where the call fails without having made a
 * process, it is over with it. */
int64_t
__wrap_spawn_call(uint64_t address)
{
    struct thread *thread = thread_current();
    bool begins = fail_round != 0 && fail_top == NULL
                  && thread->progress_object == NULL;
    int64_t result;

    if (begins) {
        fail_top = thread->process;
        fail_left = fail_round;
    }
    result = __real_spawn_call(address);
    if (fail_top == thread->process && result < 0) {
        fail_end_round();
    }
    return result;
}

void __real_process_destroy(struct object *object);
void __wrap_process_destroy(struct object *object);

/* A process is gone: a child of the one that called, or that one itself. */
void
__wrap_process_destroy(struct object *object)
{
    const struct process *process =
        CONTAINER_OF(object, struct process, object);

    if (fail_top != NULL
        && (process->parent == fail_top || process == fail_top)) {
        fail_end_round();
    }
    __real_process_destroy(object);
}

void __real_process_init(void);
void __wrap_process_init(void);

void
__wrap_process_init(void)
{
    const char *option = modules_option("fail");

    fail_round = option != NULL ? 1 : 0;
    __real_process_init();
}
