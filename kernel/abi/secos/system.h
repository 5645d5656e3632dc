/* SPDX-License-Identifier: MIT */
/* What the sys_ calls report of the machine, for the shell and the tests. */
#pragma once

#include <stdint.h>

#include <secos/fault.h>
#include <secos/process.h>

/* Who owns a frame: exactly one kind at every moment. */
enum frame_kind {
    FRAME_RESERVED = 0, /* not ours: firmware, holes, device       */
    FRAME_FREE = 1,
    FRAME_KERNEL_IMAGE = 2, /* .text .rodata .data .bss, PMM metadata  */
    FRAME_PAGE_TABLE = 3,
    FRAME_HEAP = 4,   /* kernel heap: slabs and large blocks     */
    FRAME_STACK = 5,  /* kernel stacks                           */
    FRAME_USER = 6,   /* mapped by one process                   */
    FRAME_SHARED = 7, /* belongs to a memory object              */
    FRAME_MODULE = 8, /* boot modules, kept for restarts         */
    FRAME_DMA = 9,    /* reserved for drivers                    */
    FRAME_KINDS = 10,
};

/* sys_memory(&info, bytes) */
struct memory_info {
    uint64_t ram_bytes;    /* what the machine was given, rounded up to 1 MiB */
    uint64_t total_frames; /* frames the PMM describes, reserved ones too  */
    uint64_t pooled_frames; /* FREE ones that are zeroed already           */
    uint64_t heap_allocated_bytes; /* kernel heap, since start             */
    uint64_t heap_freed_bytes;
    uint64_t heap_used_bytes;
    uint64_t frames[FRAME_KINDS]; /* Σ = total_frames                      */
    uint64_t quota_frames; /* what processes may hold together: the rest of
                            * RAM is the kernel's own                    */
    uint64_t quota_held;   /* what they hold                             */
};

/* sys_machine(&info, bytes) */
struct machine_info {
    uint64_t uptime_ns;
    uint64_t tick_ns;
    uint64_t kernel_entries; /* from ring 3, by any door            */
    uint64_t faults;         /* page faults that a pager answered   */
    uint64_t context_switches;
    uint64_t cr3_loads;
    uint64_t boot_tsc;        /* at the kernel's first instruction   */
    uint64_t prompt_tsc;      /* at the first console read           */
    uint32_t pager_placement; /* 0 server, 1 kernel, 2 self          */
    uint32_t boot_path;       /* 1 Multiboot 1, 2 Multiboot 2        */
    char cpu[48];
    char features[64];
    char version[32];
    char command_line[256];
};

/* sys_module(index, &info, bytes) */
struct module_info {
    char name[NAME_BYTES];
    uint64_t bytes;
    uint64_t elf_status; /* 0 = elf_validate accepts it; else its code */
    uint64_t entry;
    uint32_t segments;
    uint32_t manifest_version; /* 0 = none */
    uint64_t manifest_flags;
    uint64_t manifest_max_mem;
};

/* sys_translate(process, address, &info) */
struct translate_info {
    uint64_t frame_address; /* 0 = nothing mapped */
    uint32_t prot;
    uint32_t frame_kind;
    uint64_t page_bytes;
};

/* sys_pager(operation, &info, bytes) */
enum pager_operation {
    PAGER_STATUS = 0,
    PAGER_RESTART = 1,
    PAGER_KILL = 2
};

struct pager_info {
    uint32_t alive;
    uint32_t process_id;
    uint64_t restarts;
    uint64_t faults_served;
    uint64_t faults_waiting;
    uint64_t faults_redelivered;
    uint64_t strikes;
    uint64_t last_death_ns;
    char last_death[64];
    uint64_t limits_ms[PAGER_LIMITS];
    uint64_t restarts_most; /* in ten seconds; 0 = no limit */
};

/* sys_table(index, &info, bytes): one row of the system call table. */
struct syscall_info {
    char name[24];
    uint32_t number;
    uint8_t arguments;
    char restart_class;
    uint8_t group;
    uint8_t allowed; /* to the caller, by its manifest */
    uint64_t calls;
};

/* sys_audit(&report, bytes): the conservation law and the W^X rule. */
struct audit_info {
    uint64_t frames_checked;
    uint64_t leaves_checked;
    uint64_t conservation; /* violations: a frame with no owner, or two       */
    uint64_t wx_a;         /* (a) leaves writable and executable              */
    uint64_t wx_b;         /* (b) frames with a user-W and a user-X leaf      */
    uint64_t wx_c;         /* (c) writable leaves of kernel text or constants */
    uint64_t wx_d;         /* (d) the named exception, counted                */
    uint64_t user_in_kernel_half;
    uint64_t
        wrong_owner; /* a mapped frame that the frame table gives to another */
};

/* sys_frame(address, index, &info, bytes): whose frame that is, and the place
 * @index where it is mapped. */
#define FRAME_INFO_ZEROED 1u /* FREE, and zeroed beforehand              */
#define FRAME_INFO_WRITE  2u /* some user page that shows it is writable  */
#define FRAME_INFO_EXEC   4u /* ... is executable                        */

/* Places that sys_frame tells of at most. */
#define FRAME_INFO_PLACES 64u

struct frame_info {
    uint64_t address; /* of its first byte */
    uint64_t bytes;   /* 4 KiB, or 2 MiB */
    uint32_t kind;
    uint32_t flags;
    uint32_t process;     /* whose; 0 = the kernel's or nobody's */
    uint32_t object;      /* SHARED: the memory object's number ... */
    uint64_t object_page; /* ... and the page in it              */
    uint64_t places;      /* where user pages show it            */
    uint64_t mapped_at;   /* place @index; 0 = there is none     */
    uint64_t mapped_in;   /* its process                         */
};

/* sys_power(operation, code) */
enum power_operation {
    POWER_OFF = 0,
    POWER_REBOOT = 1,
    POWER_TEST_EXIT = 2
};
