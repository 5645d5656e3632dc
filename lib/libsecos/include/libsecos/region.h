/* SPDX-License-Identifier: MIT */
/* Regions of one's own space: spans of pages that a pager fills on demand. */
#pragma once

#include <stdint.h>

#include <secos/region.h>
#include <secos/types.h>

#include <base/align.h>

#include <libsecos/syscall.h>

/* What region_create wants to know. */
struct region_request {
    handle_t binding; /* HANDLE_NONE = the pager given to us at our birth */
    uint64_t base;    /* 0 = the kernel finds a hole */
    uint64_t pages;
    uint32_t prot;       /* enum prot */
    uint32_t kind;       /* enum region_kind */
    uint64_t first_page; /* as its pager will name it; 0 = base / PAGE_BYTES */
};

/* Create a region; no page of it exists until it is touched.
 * Returns its base, or ST_EINVAL, ST_ENOMEM, ST_EPERM, ST_EEXIST. */
static inline int64_t
region_create(const struct region_request *request)
{
    struct syscall_args args = {
        { request->binding, request->base, request->pages,
          REGION_ARG(request->prot, request->kind), request->first_page, 0 }
    };

    return syscall6(SYS_region_create, args);
}

/* Destroy what there is of regions in [@base, @base + @pages). */
static inline int64_t
region_destroy(uint64_t base, uint64_t pages)
{
    return syscall2(SYS_region_destroy, base, pages);
}

/* Take protection away from [@base, @base + @pages): it can only shrink. */
static inline int64_t
region_protect(uint64_t base, uint64_t pages, uint32_t prot)
{
    return syscall3(SYS_region_protect, base, pages, prot);
}

/* Describe the region at @address, or the next one above it. ST_ENOENT if there
 * is none. */
static inline int64_t
region_query(uint64_t address, struct region_info *info)
{
    return syscall2(SYS_region_query, address, syscall_address(info));
}

/* Have [@base, @base + @pages) filled now, as if each page were read or, with
 * PROT_WRITE in @prot, written, but with an answer instead of an end where one
 * cannot be had.
 * Returns how many pages from @base on are there now, or ST_EPAGER if the first
 * of them is not: the pager said FAIL, or memory is short. */
static inline int64_t
region_populate(uint64_t base, uint64_t pages, uint32_t prot)
{
    return syscall3(SYS_region_populate, base, pages, prot);
}
