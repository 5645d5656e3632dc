/* SPDX-License-Identifier: MIT */
/*
 * What a new process finds. At its first instruction every register is zero but
 *   rip  the entry    rsp  the stack's top - something, 16-byte aligned
 *   rdi  address of struct process_start, on the stack page
 * and rflags = IF. The strings stand right behind the structure.
 *
 *      top, a page's   +--------------------------+
 *                      | argument strings         |
 *                      | argv[argc] = NULL        |
 *                      | argv[0] ...              |
 *      rdi ----------> | struct process_start     |
 *      rsp ----------> | (16-byte aligned)        |
 *                      |   stack grows down       |
 */
#pragma once

#include <stdint.h>

struct process_start {
    uint64_t argc;
    uint64_t argv;      /* address of argc + 1 pointers */
    uint64_t random[2]; /* seed for stack protector and the like */
    uint32_t process_id;
    uint32_t flags;     /* enum start_flags */
    uint64_t heap_base; /* where a heap may begin: from here to USER_HEAP_END  */
};

enum start_flags {
    START_SELF_PAGER = 1 << 0, /* pager=self: name a fault handler first */
};

_Static_assert(sizeof(struct process_start) == 48, "no padding");

/*
 * The user half: nothing maps below USER_BASE, nor the last page. Where image,
 * stack, heap and regions without a place of their own begin, the kernel chooses
 * for each process; with aslr=off it is always the first address of each area,
 * and the last one of the stack's.
 */
#define USER_BASE       0x10000ull
#define USER_END        0x00007FFFFFFFF000ull
#define USER_IMAGE_BASE 0x400000ull
#define USER_MAP_BASE \
    0x0000100000000000ull /* where region_create looks first */
#define USER_HEAP_BASE   0x0000200000000000ull
#define USER_HEAP_END    0x0000400000000000ull
#define USER_STACK_AREA  0x0000700000000000ull
#define USER_STACK_TOP   0x00007FFFFFFF0000ull
#define USER_STACK_PAGES 256ull /* default: 1 MiB, above one guard page */
