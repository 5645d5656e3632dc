/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader told us, copied out of its memory and checked.
 *
 * Multiboot 1 (QEMU -kernel) and Multiboot 2 (GRUB on BIOS and UEFI) say the
 * same things in different forms. boot_info_parse reads either into one
 * structure that needs nothing of the loader's memory any more: after it, the
 * loader's structures may be overwritten. The modules themselves are not
 * copied.
 *
 *   I1  No byte outside [0, 4 GiB) of physical memory is read, and of a
 *       Multiboot 2 structure none beyond its total_size.
 *   I2  Every string ends in NUL within its array and holds no control
 *       characters; what does not fit is cut.
 *   I3  start <= end for every module.
 *   I4  Ranges are as the firmware gave them: unsorted, overlapping, of any
 *       type and perhaps wrapping. mm/memmap makes sense of them.
 *   I5  The loops are bounded by the limits below, or by total_size / 8.
 *
 * Source: "Multiboot Specification" 0.6.96 and "Multiboot2 Specification" 2.0.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include <arch/addr.h>

#include "memmap.h"

#define BOOT_INFO_RANGES    1024
#define BOOT_INFO_MODULES   32
#define BOOT_INFO_MAGIC_MB1 0x2BADB002u
#define BOOT_INFO_MAGIC_MB2 0x36D76289u

/* Physical memory that boot/ has mapped, where every loader structure lies. */
#define BOOT_INFO_REACH 0x100000000ull

struct boot_module {
    char name[16];  /* first word of its string, without folder and ".elf" */
    char args[128]; /* the other words */
    paddr_t start;
    paddr_t end;
};

struct boot_info {
    uint32_t boot_path; /* 1 Multiboot 1, 2 Multiboot 2 */
    uint32_t range_count;
    uint32_t ranges_lost; /* that did not fit */
    uint32_t module_count;
    uint32_t modules_lost;
    paddr_t info_start; /* the loader's main structure */
    paddr_t info_end;
    char command_line[256]; /* options only: no name of the kernel's file */
    char options[256];      /* the same with every blank turned into NUL  */
    uint32_t options_bytes;
    struct memmap_entry ranges[BOOT_INFO_RANGES]; /* as the firmware wrote */
    struct boot_module modules[BOOT_INFO_MODULES];
};

enum boot_status {
    BOOT_OK = 0,
    BOOT_BAD_MAGIC = 1,     /* not started by a Multiboot loader      */
    BOOT_BAD_ADDRESS = 2,   /* the structure is not where we can read */
    BOOT_BAD_STRUCTURE = 3, /* its sizes contradict each other        */
    BOOT_NO_MEMORY_MAP = 4, /* nothing says where RAM is              */
};

/*
 * Read what the loader left at physical address @phys.
 * @magic  what it left in EAX
 * @out    filled; in any state when the result is not BOOT_OK
 * Context: boot, while the first 4 GiB are in the physmap.
 * Cost: linear in the size of the structures.
 */
MUST_CHECK enum boot_status boot_info_parse(uint32_t magic, uint64_t phys,
                                            struct boot_info *out);

/* Physical memory [0, bytes) as an array, for tests that bring their own. */
struct boot_memory {
    const uint8_t *base;
    uint64_t bytes;
};

/* boot_info_parse over @memory instead of the physmap. Pure. */
MUST_CHECK enum boot_status
boot_info_parse_memory(const struct boot_memory *memory, uint32_t magic,
                       uint64_t phys, struct boot_info *out);

/* A sentence that says what @status means. */
const char *boot_status_text(enum boot_status status);

/* The value of option @key: for `key=value` the value, for a bare `key` an
 * empty string, NULL when the command line has neither. The last one wins. */
const char *boot_option(const struct boot_info *info, const char *key);

/* Whether option @key was given with exactly this value. */
bool boot_option_is(const struct boot_info *info, const char *key,
                    const char *value);

/* The module called @name, or NULL. The first one wins. */
const struct boot_module *boot_module_lookup(const struct boot_info *info,
                                             const char *name);
