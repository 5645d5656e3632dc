/* SPDX-License-Identifier: MIT */
/* What the groups of system calls share. Each group is a file, and ends with the
 * sum of its claims. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/ipc.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "../claim.h"

#define PAGE        4096u
#define KERNEL      0xFFFFFFFF80200000u
#define NO_SUCH_PID 0x7FFFFFF0u
#define MS          1000000u
#define RW          (PROT_READ | PROT_WRITE)
#define ANY_BASE    0x0000200000000000u

/* The claim is the call itself. */
#define IS(call, want)  claim_status(#call, call, want)
#define SAYS(condition) claim_true(#condition, condition)

extern uint8_t page_buffer[2 * PAGE];

static inline int64_t
create(uint64_t source, uint64_t base, uint64_t pages, uint64_t prot_and_kind,
       uint64_t first, uint64_t extra)
{
    struct syscall_args args = { { source, base, pages, prot_and_kind, first,
                                   extra } };

    return syscall6(SYS_region_create, args);
}

static inline uint64_t
anonymous(uint64_t pages)
{
    return (uint64_t)create(0, 0, pages, REGION_ARG(RW, REGION_ANONYMOUS), 0,
                            0);
}

static inline volatile uint8_t *
at(uint64_t address)
{
    return (volatile uint8_t *)(uintptr_t)address;
}

static inline int64_t
rights_of(int64_t handle)
{
    int64_t info = handle < 0 ? handle : handle_info((handle_t)handle);

    return info < 0 ? info : info >> 8;
}

static inline struct spawn_request
child(const char *name)
{
    struct spawn_request request = { .elf = 0 };

    strncpy(request.name, name, NAME_BYTES - 1);
    return request;
}

static inline int64_t
spawn_with(uint32_t flags, uint32_t priority)
{
    struct spawn_request request = child("hello");

    request.flags = flags;
    request.priority = priority;
    return process_spawn(&request);
}

int group_basic(void);
int group_memory(void);
int group_process(void);
int group_thread_addresses(void);
int group_threads(void);
int group_serve(void);
int group_console(void);
int group_console_read(void);
int group_inspect(void);
int group_reports(void);
