/* SPDX-License-Identifier: MIT */
/* Scalars that both sides of the gate share. */
#pragma once

#include <stdint.h>

/* A process's index for a kernel object: slot in bits 0-11, generation in bits
 * 12-31. 0 is never a handle. */
typedef uint32_t handle_t;

#define HANDLE_NONE      0u
#define HANDLE_SLOT_BITS 12
#define HANDLE_SLOT_MASK 0xFFFu

/* What a handle lets its holder do. A copy can only lose rights. */
enum right {
    RIGHT_READ = 1 << 0,    /* console: read; memory object: map readable    */
    RIGHT_WRITE = 1 << 1,   /* console: write; memory object: map writable   */
    RIGHT_CALL = 1 << 2,    /* endpoint: call; notification: signal          */
    RIGHT_RECEIVE = 1 << 3, /* endpoint: receive; notification: wait         */
    RIGHT_SERVE = 1 << 4,  /* endpoint: receive what the kernel sends: attach */
    RIGHT_GRANT = 1 << 5,  /* the handle may be copied into another process */
    RIGHT_MANAGE = 1 << 6, /* process, thread: kill, inspect; endpoint: mint */
    RIGHT_BIND = 1 << 7,   /* binding: make regions with it                 */
    RIGHT_ALL = 0xFF,
};

/* Object kinds, as `ps` and handle_info report them. */
enum object_kind {
    OBJECT_NONE = 0,
    OBJECT_PROCESS,
    OBJECT_THREAD,
    OBJECT_ENDPOINT,
    OBJECT_NOTIFICATION,
    OBJECT_MEMORY,
    OBJECT_BINDING,
    OBJECT_CONSOLE,
    /* Reserved for drivers: IRQ, PORT range, DEVICE memory, DMA run. */
    OBJECT_KINDS,
};

/* Protection of a region and of a page. */
enum prot {
    PROT_NONE = 0,
    PROT_READ = 1 << 0,
    PROT_WRITE = 1 << 1,
    PROT_EXEC = 1 << 2,
};
