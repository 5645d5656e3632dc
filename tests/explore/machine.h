/* SPDX-License-Identifier: MIT */
/*
 * The machine under the kernel's fault, IPC and memory code, on the host.
 *
 *      kernel/ipc  kernel/task  kernel/mm (spaces, regions)  kernel/sys/region_range
 *                 the kernel's own sources, unchanged
 *      ------------------------------------------------------------------------
 *      machine.c      one processor, frames, kernel stacks
 *      heap_*.c       kmalloc: from an arena that can be copied, or malloc
 *      include/       the few instructions that ring 3 may not execute
 *
 * The scheduler's choice does not count. A continuation (the end of a process)
 * runs only when the driver asks for that thread; else it goes back to its ready
 * queue, as if something better had preempted it. Wherever the kernel lets
 * interrupts in, one comes and asks for the dispatcher, so that a long operation
 * is as many steps as it has such places.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <secos/system.h>

#include "door.h"

#define MACHINE_FRAMES 96u

struct thread;

/* Frames, an empty kernel half, ready queues, call slots, the root quota.
 * Context: once in a program. */
void machine_start(void);

/* Let @thread, which is ready, run; a continuation runs to its next pause. */
enum door machine_run(struct thread *thread);

/* Have a zeroed frame ready for the fault path, as an idle processor does. */
void machine_fill_pool(void);

/* Frames in use of @kind. */
uint64_t machine_frames(enum frame_kind kind);

/* host_gs.c: the kernel finds what its processor owns through GS base, which the
 * host leaves alone. */
void host_gs_set_base(void *base);

/* heap_*.c: blocks that were allocated and not freed. */
uint64_t heap_blocks(void);

/* heap_arena.c: all there is, for snapshot.c. */
#define HEAP_ARENA_BYTES (32u << 10)
extern uint8_t heap_arena[HEAP_ARENA_BYTES];

/* heap_arena.c: bytes of it that were ever in use. */
size_t heap_arena_used(void);
