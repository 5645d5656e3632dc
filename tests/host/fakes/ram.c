/* SPDX-License-Identifier: MIT */
/* Physical memory for the host: lazily backed, so that 16 GiB cost nothing. */
#include <stdio.h>
#include <stdlib.h>

#include <sys/mman.h>

#include "fakes.h"

#define RAM_ALIGN 0x200000ull

uint8_t *fake_ram;
uint64_t fake_ram_bytes;

static void *ram_mapping;
static size_t ram_mapping_bytes;

void
fake_ram_create(uint64_t bytes)
{
    uintptr_t base;

    fake_ram_destroy();
    ram_mapping_bytes = (size_t)(bytes + RAM_ALIGN);
    ram_mapping = mmap(NULL, ram_mapping_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram_mapping == MAP_FAILED) {
        perror("fake_ram_create");
        abort();
    }
    base = ((uintptr_t)ram_mapping + RAM_ALIGN - 1) & ~(RAM_ALIGN - 1);
    fake_ram = (uint8_t *)base;
    fake_ram_bytes = bytes;
}

void
fake_ram_destroy(void)
{
    if (ram_mapping_bytes != 0) {
        munmap(ram_mapping, ram_mapping_bytes);
    }
    ram_mapping_bytes = 0;
    fake_ram = NULL;
    fake_ram_bytes = 0;
}
