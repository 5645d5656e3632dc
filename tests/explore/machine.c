/* SPDX-License-Identifier: MIT */
/* The processor, its frames and stacks. */
#include "machine.h"

#include <string.h>

#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <ipc/console.h>
#include <ipc/journal.h>
#include <ipc/supervisor.h>
#include <klib/panic.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <mm/pmm_state.h>
#include <mm/vmm_internal.h>
#include <task/call.h>
#include <task/kernel_stack.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

#include "door.h"
#include "tests/host/fakes/fakes.h"

#define MIB          (1ull << 20)
#define RAM_BYTES    (2 * MIB)
#define FRAMES       MACHINE_FRAMES
#define QUOTA_FRAMES 4096u

struct cpu cpu_boot;
struct cpu_features cpu_features = { .fpu_bytes = 64 };
struct space vmm_kernel;
const uint64_t vmm_shared_slots[VMM_SHARED_SLOTS] = {
    PHYSMAP_BASE,
    KSTACK_BASE,
    KERNEL_IMAGE_BASE,
};

static uint64_t machine_words_of_frames[FRAMES];
static struct thread *machine_chosen; /* whose continuation may run */

/* ---- what the kernel asks of a processor ------------------------------- */

static void
machine_switch(void *thread)
{
    sched_switch(thread);
}

enum door
machine_run(struct thread *thread)
{
    enum door how;

    sched_remove(thread);
    machine_chosen = thread;
    how = door_enter(machine_switch, thread);
    machine_chosen = NULL;
    return how;
}

void
context_resume(UNUSED struct trap_frame *frame)
{
    door_leave(DOOR_RAN);
}

/* The call begins again when the driver asks for that. */
void
context_restart_syscall(UNUSED struct trap_frame *frame)
{
    cpu_boot.current->resume = RESUME_SYSCALL;
    door_leave(DOOR_RAN);
}

/* Every moment at which an interrupt may come is one at which it comes, and asks
 * for the dispatcher: what follows is a step of its own. */
void
machine_interrupt(void)
{
    machine_chosen = NULL;
    cpu_boot.resched = true;
}

void
machine_idle(void)
{
    door_leave(DOOR_SLEPT);
}

void
context_call(UNUSED uint64_t stack_top, void (*function)(void *),
             void *argument)
{
    struct thread *thread = argument;

    if (thread != NULL && thread != machine_chosen) {
        cpu_boot.current = NULL;
        sched_add(thread);
        door_leave(DOOR_SLEPT);
    }
    function(argument);
    panic("machine: a continuation returned");
}

void
context_init(struct context *context, uint64_t kernel_stack_top, void *fpu)
{
    context->kernel_stack_top = kernel_stack_top;
    context->fpu = fpu;
    context->frame =
        (struct trap_frame *)(uintptr_t)(kernel_stack_top
                                         - sizeof(struct trap_frame));
    memset(context->frame, 0, sizeof(*context->frame));
}

void
cpu_halt(void)
{
    door_leave(DOOR_SLEPT);
}

/* A kernel stack holds nothing but the register frame, so that is all there is
 * of it: the pointer handed out lies below what may be touched. */
void *
kernel_stack_alloc(struct quota *quota)
{
    struct trap_frame *frame;

    if (quota_charge(quota, KERNEL_STACK_PAGES) != ST_OK) {
        return NULL;
    }
    frame = kmalloc(sizeof(*frame));
    if (frame == NULL) {
        quota_uncharge(quota, KERNEL_STACK_PAGES);
        return NULL;
    }
    return (void *)((uintptr_t)(frame + 1) - KERNEL_STACK_PAGES * PAGE_BYTES);
}

void
kernel_stack_free(void *stack, struct quota *quota)
{
    kfree((struct trap_frame *)(uintptr_t)kernel_stack_top(stack) - 1);
    quota_uncharge(quota, KERNEL_STACK_PAGES);
}

/* ---- frames ------------------------------------------------------------ */

/* The part of the frame allocator that the kernel runs through inline: a pool of
 * one frame, and no block to take another one from. */
struct pmm_state pmm;
static uint64_t machine_no_frames;

static void
machine_change_kind(uint64_t index, uint64_t word)
{
    pmm.count[frame_kind_of(frame_table[index])]--;
    frame_table[index] = word;
    pmm.count[frame_kind_of(word)]++;
}

/* Free frames are zero, so that a write to one after its end is noticed. */
static void
machine_check_zero(const uint64_t *frame)
{
    if (frame[0] != 0 || memcmp(frame, frame + 1, PAGE_BYTES - 8) != 0) {
        panic("machine: a free frame was written to");
    }
}

/* The lowest free frame that is not in the pool, or FRAMES. */
static uint64_t
machine_find_free(void)
{
    for (uint64_t i = 1; i < FRAMES; i++) {
        if (frame_kind_of(frame_table[i]) == FRAME_FREE
            && (pmm.pool_count == 0 || pmm.pool[0] != i)) {
            machine_check_zero(frame_at(i));
            return i;
        }
    }
    return FRAMES;
}

void
machine_fill_pool(void)
{
    uint64_t index = pmm.pool_count == 0 ? machine_find_free() : FRAMES;

    if (index < FRAMES) {
        pmm.pool[pmm.pool_count++] = index;
    }
}

void *
pmm_alloc_kind(enum frame_kind kind, uint64_t owner)
{
    uint64_t index = machine_find_free();

    if (index == FRAMES) {
        return NULL;
    }
    machine_change_kind(index, owner | (uint64_t)kind);
    return frame_at(index);
}

void *
pmm_alloc_zeroed(enum frame_kind kind, uint64_t owner)
{
    return pmm_alloc_kind(kind, owner);
}

void *
pmm_alloc_frame(void)
{
    return pmm_alloc_kind(FRAME_HEAP, 0);
}

/* A world of few frames has no 2 MiB of them. */
bool
pmm_open_large(void)
{
    return false;
}

void
pmm_free_frame(void *frame)
{
    uint64_t index = frame_index(frame);

    if (index >= FRAMES || frame_kind_of(frame_table[index]) == FRAME_FREE) {
        panic("machine: a frame was freed twice");
    }
    memset(frame, 0, PAGE_BYTES);
    machine_change_kind(index, FRAME_FREE);
}

void
pmm_set_kind(void *frame, enum frame_kind kind, uint64_t owner)
{
    machine_change_kind(frame_index(frame), owner | (uint64_t)kind);
}

/* Only for the call slots, at the start, when frames are free in a row. */
void *
pmm_alloc_run(uint64_t frames)
{
    void *first = pmm_alloc_frame();

    while (--frames > 0) {
        (void)pmm_alloc_frame();
    }
    return first;
}

bool
pmm_pool_refill_one(void)
{
    return false;
}

uint64_t
pmm_count(enum frame_kind kind)
{
    return pmm.count[kind];
}

uint64_t
machine_frames(enum frame_kind kind)
{
    return pmm.count[kind];
}

/* ---- rooms that are not here ------------------------------------------- */

void
pool_init(struct pool *pool, UNUSED const char *name, size_t bytes)
{
    pool->cache.object_bytes = (uint32_t)bytes;
}

void *
pool_alloc(struct pool *pool)
{
    return kmalloc(pool->cache.object_bytes);
}

void
pool_free(UNUSED struct pool *pool, void *object)
{
    kfree(object);
}

void
supervisor_wake(void)
{
}

void
supervisor_pager_failed(UNUSED const struct process *process,
                        UNUSED const char *why)
{
}

void
console_object_destroy(UNUSED struct object *object)
{
    panic("machine: there is no console");
}

void
context_upcall(UNUSED struct trap_frame *frame, UNUSED uint64_t rip,
               UNUSED uint64_t rsp, UNUSED uint64_t a, UNUSED uint64_t b,
               UNUSED uint64_t c)
{
    panic("machine: no thread answers its own faults");
}

bool
log_admits(void)
{
    return true;
}

/* ---- start ------------------------------------------------------------- */

static enum status
machine_alloc_tables(UNUSED void *context, unsigned count, void **tables)
{
    for (unsigned i = 0; i < count; i++) {
        tables[i] = pmm_alloc_zeroed(FRAME_PAGE_TABLE, frame_private(0, 0));
    }
    return ST_OK;
}

static const struct mmu_table_ops machine_table_ops = {
    .alloc = machine_alloc_tables,
};

void
machine_start(void)
{
    void *root;

    fake_ram_create(RAM_BYTES);
    frame_table = machine_words_of_frames;
    frame_limit = FRAMES;
    for (uint64_t i = 0; i < FRAMES; i++) {
        frame_table[i] = i == 0 ? FRAME_RESERVED : FRAME_FREE;
        pmm.count[frame_table[i]]++;
    }
    root = pmm_alloc_zeroed(FRAME_PAGE_TABLE, frame_private(0, 0));
    vmm_kernel.tables.last = MMU_LAST_NONE;
    vmm_kernel.tables.root = physmap_paddr(root);
    vmm_kernel.tables.ops = &machine_table_ops;
    for (unsigned i = 0; i < VMM_SHARED_SLOTS; i++) {
        (void)!mmu_pin_slot(&vmm_kernel.tables, vaddr(vmm_shared_slots[i]));
    }
    cpu_boot.self = &cpu_boot;
    host_gs_set_base(&cpu_boot);
    mmu_load_root(vmm_kernel.tables.root);
    pmm.blocks.word = &machine_no_frames;
    journal_init(false);
    sched_init(0);
    call_init();
    /* More than there are frames: quotas draw in units of 64, and here it is they
     * that are to be short, never RAM. */
    quota_init(&process_root_quota, NULL, QUOTA_FRAMES);
}
