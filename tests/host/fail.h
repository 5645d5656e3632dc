/* SPDX-License-Identifier: MIT */
/*
 * The Nth allocation fails. A test that includes this is linked with
 * HOST_NAME_LINK := $(FAIL_LINK): every call from one source file into another
 * of the allocators below then comes here first. The sources stay as they are.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <mm/heap.h>
#include <mm/pmm.h>

#define FAIL_NEVER UINT64_MAX

static uint64_t fail_in = FAIL_NEVER; /* allocations until one fails */

/* Whether the allocation being asked for is the one. */
static inline bool
fail_now(void)
{
    return fail_in != FAIL_NEVER && fail_in-- == 0;
}

#define FAIL_WRAP(name, parameters, arguments)              \
    void *__real_##name parameters;                         \
    void *__wrap_##name parameters;                         \
    void *__wrap_##name parameters                          \
    {                                                       \
        return fail_now() ? NULL : __real_##name arguments; \
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
