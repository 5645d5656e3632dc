/* SPDX-License-Identifier: MIT */
/* kernel/mm/heap.c as it is, with its window of large blocks where a program of
 * the host may map pages. */
#include <mm/layout.h>

#undef HEAP_BASE
#undef HEAP_END
#define HEAP_BASE 0x200000000000ull
#define HEAP_END  0x200040000000ull
#include "kernel/mm/heap.c"
