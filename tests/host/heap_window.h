/* SPDX-License-Identifier: MIT */
/*
 * kernel/mm/heap.c on the host, with its window of large blocks where a program
 * may map pages, and with page tables that are an array. Include it instead of
 * the source; who includes it brings CHECK and CHECK_EQ.
 */
#pragma once

#include <mm/frame.h>
#include <mm/layout.h>
#include <mm/vmm.h>

#undef HEAP_BASE
#undef HEAP_END
#define HEAP_BASE 0x200000000000ull
#define HEAP_END  0x200040000000ull
#include "kernel/mm/heap.c"

/* Declared here, since <sys/mman.h> has its own PROT_READ. */
void *mmap(void *at, size_t bytes, int prot, int flags, int fd, long offset);
int munmap(void *at, size_t bytes);

#define HOST_READ_WRITE              3
#define HOST_PRIVATE_FIXED_ANONYMOUS 0x32

#define WINDOW_PAGES ((HEAP_END - HEAP_BASE) / PAGE_BYTES)

static void *window[WINDOW_PAGES]; /* the frame behind each page */
static uint64_t window_mapped;
static int map_fails_in = -1; /* mappings until one fails; -1 = never */

uint64_t
cpu_random(void)
{
    return 0x1122334455667788ull;
}

enum status
vmm_map(vaddr_t page, void *frame, uint32_t prot)
{
    uint64_t i = (page.raw - HEAP_BASE) / PAGE_BYTES;

    CHECK(i < WINDOW_PAGES && window[i] == NULL);
    CHECK_EQ(prot, PROT_READ | PROT_WRITE);
    if (map_fails_in == 0) {
        return ST_ENOMEM;
    }
    map_fails_in--;
    CHECK(mmap((void *)page.raw, PAGE_BYTES, HOST_READ_WRITE,
               HOST_PRIVATE_FIXED_ANONYMOUS, -1, 0)
          == (void *)page.raw);
    window[i] = frame;
    window_mapped++;
    return ST_OK;
}

void *
vmm_unmap(vaddr_t page)
{
    uint64_t i = (page.raw - HEAP_BASE) / PAGE_BYTES;
    void *frame = window[i];

    munmap((void *)page.raw, PAGE_BYTES);
    window[i] = NULL;
    window_mapped--;
    return frame;
}

bool
vmm_translate(vaddr_t address, paddr_t *out)
{
    uint64_t i = (address.raw - HEAP_BASE) / PAGE_BYTES;

    CHECK(i < WINDOW_PAGES);
    if (window[i] == NULL) {
        return false;
    }
    *out = paddr(physmap_paddr(window[i]).raw + address.raw % PAGE_BYTES);
    return true;
}
