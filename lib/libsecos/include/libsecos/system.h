/* SPDX-License-Identifier: MIT */
/* Looking at the machine: what the shell shows. Needs the INSPECT group, and
 * system_power the POWER group. The structures are in secos/system.h. */
#pragma once

#include <stdint.h>

#include <secos/journal.h>
#include <secos/process.h>
#include <secos/region.h>
#include <secos/system.h>
#include <secos/types.h>

#include <libsecos/syscall.h>

/* Process ids end in the slot that holds the process. */
#define SYSTEM_PROCESS_SLOTS 4096u

static inline int64_t
sys_memory(struct memory_info *info)
{
    return syscall2(SYS_sys_memory, syscall_address(info), sizeof(*info));
}

static inline int64_t
sys_machine(struct machine_info *info)
{
    return syscall2(SYS_sys_machine, syscall_address(info), sizeof(*info));
}

/* Fill @rows with processes, beginning with the one in slot @start or the next
 * above. Returns rows written; 0 = no more. To go on, start one slot behind the
 * last row's: id % SYSTEM_PROCESS_SLOTS + 1. */
static inline int64_t
sys_processes(uint64_t start, struct process_info *rows, uint64_t bytes)
{
    return syscall3(SYS_sys_processes, start, syscall_address(rows), bytes);
}

/* Fill @rows with regions of process @process_id (0 = oneself), beginning with
 * the one at address @start or the next above. Returns rows written, a few dozen
 * at most; 0 = no more. To go on, start at the end of the last row's. */
static inline int64_t
sys_regions(uint64_t process_id, struct region_info *rows, uint64_t bytes,
            uint64_t start)
{
    return syscall4(SYS_sys_regions, process_id << 32, syscall_address(rows),
                    bytes, start);
}

/* Say what @process_id (0 = oneself) has mapped at @address. */
static inline int64_t
sys_translate(uint64_t process_id, uint64_t address,
              struct translate_info *info)
{
    return syscall3(SYS_sys_translate, process_id, address,
                    syscall_address(info));
}

/* Describe boot module @index. ST_ENOENT beyond the last. */
static inline int64_t
sys_module(uint64_t index, struct module_info *info)
{
    return syscall3(SYS_sys_module, index, syscall_address(info),
                    sizeof(*info));
}

static inline int64_t
sys_pager(enum pager_operation operation, struct pager_info *info)
{
    return syscall3(SYS_sys_pager, (uint64_t)operation, syscall_address(info),
                    sizeof(*info));
}

/* Describe system call @index (number - SYS_FIRST). ST_ENOENT for a gap. */
static inline int64_t
sys_table(uint64_t index, struct syscall_info *info)
{
    return syscall3(SYS_sys_table, index, syscall_address(info), sizeof(*info));
}

static inline int64_t
sys_audit(struct audit_info *info)
{
    return syscall2(SYS_sys_audit, syscall_address(info), sizeof(*info));
}

/* Fill @rows with faults of the journal, beginning with number @from or the
 * oldest that is kept; a negative @from counts back from the newest.
 * Returns rows written, a few dozen at most; 0 = no more. To go on, begin behind
 * the last row's sequence. */
static inline int64_t
sys_faults(int64_t from, struct fault_record *rows, uint64_t bytes)
{
    return syscall3(SYS_sys_faults, (uint64_t)from, syscall_address(rows),
                    bytes);
}

/* Say whose the frame at physical address @address is, and where it is mapped
 * for the @index-th time. ST_EINVAL beyond RAM and from FRAME_INFO_PLACES on. */
static inline int64_t
sys_frame(uint64_t address, uint64_t index, struct frame_info *info)
{
    return syscall4(SYS_sys_frame, address, index, syscall_address(info),
                    sizeof(*info));
}

static inline int64_t
sys_power(enum power_operation operation, uint64_t code)
{
    return syscall2(SYS_sys_power, (uint64_t)operation, code);
}
