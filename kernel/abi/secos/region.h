/* SPDX-License-Identifier: MIT */
/* Regions as region_create takes them and region_query reports them. */
#pragma once

#include <stdint.h>

enum region_kind {
    REGION_IMAGE = 1, /* file pages of the program, mapped by the loader */
    REGION_STACK = 2,
    REGION_HEAP = 3,
    REGION_ANONYMOUS = 4,
    REGION_FILE = 5,
    REGION_GUARD = 6,  /* never mapped: every access ends the process */
    REGION_DEVICE = 7, /* reserved */
};

/* region_create(binding, base, pages, prot | kind << 8, first_page, 0):
 *   binding     HANDLE_NONE = the pager this process was given at its birth
 *   base        0 = the kernel finds a hole; returns the base
 *   kind        ANONYMOUS, HEAP, FILE or GUARD */
#define REGION_ARG(prot, kind) ((uint64_t)(prot) | (uint64_t)(kind) << 8)

/* Where the pages of a region come from. */
enum region_by {
    REGION_BY_NOBODY = 0, /* all there, or never (a guard)            */
    REGION_BY_PAGER = 1,  /* the process that serves its endpoint      */
    REGION_BY_OBJECT = 2, /* a memory object, which the kernel shows   */
    REGION_BY_KERNEL = 3, /* pager=kernel: the kernel, in place of one */
    REGION_BY_SELF = 4,   /* pager=self: the process's own handler     */
};

/* Filled by region_query and sys_regions. */
struct region_info {
    uint64_t id;
    uint64_t base;
    uint64_t pages;
    uint64_t first_page;
    uint64_t resident; /* pages mapped now */
    uint32_t prot;
    uint32_t max_prot;
    uint32_t kind;
    uint32_t rank;   /* of the endpoint that pages it; 0 = none  */
    uint64_t badge;  /* of the binding, without BADGE_KERNEL     */
    uint32_t source; /* enum region_by                       */
    uint32_t pager;  /* process that serves the endpoint; 0 = none now */
};

_Static_assert(sizeof(struct region_info) == 72, "no padding");
