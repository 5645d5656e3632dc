/* SPDX-License-Identifier: MIT */
/* Reports about the machine. Each copies one snapshot out; none changes what it
 * reports (class B), except sys_pager when it is told to. */
#include <secos/bootinfo.h>
#include <secos/status.h>
#include <secos/system.h>

#include <base/align.h>
#include <base/string.h>

#include <arch/cpu.h>
#include <arch/stacks.h>
#include <arch/timer.h>
#include <ipc/console.h>
#include <ipc/fault.h>
#include <ipc/modules.h>
#include <ipc/supervisor.h>
#include <klib/version.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <mm/vmm.h>
#include <task/elf.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/usercopy.h>

#include "handlers.h"
#include "region_range.h"
#include "table.h"

/* Rows of one call: no other thread runs meanwhile. */
#define SYS_REGIONS_MOST 32u

/* Copy a report of @bytes bytes to @to; the caller has room for @room. */
static int64_t
sys_put(uint64_t to, uint64_t room, const void *report, uint64_t bytes)
{
    return room < bytes ? ST_EINVAL : usercopy_out(to, report, bytes);
}

/* sys_memory(&info, bytes) */
int64_t
sys_sys_memory(SYS_ARGS)
{
    struct memory_info info = { .ram_bytes = pmm_get_total_memory() };
    struct heap_stats heap;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_memory");

    if (status != ST_OK) {
        return status;
    }
    /* Slabs that are kept though empty would blur "before" and "after". */
    heap_trim();
    heap_get_stats(&heap);
    info.total_frames = pmm_count_total();
    info.pooled_frames = pmm_count_pooled();
    info.heap_allocated_bytes = heap.allocated_bytes;
    info.heap_freed_bytes = heap.freed_bytes;
    info.heap_used_bytes = heap.used_bytes;
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        info.frames[kind] = pmm_count((enum frame_kind)kind);
    }
    info.quota_frames = process_root_quota.limit;
    info.quota_held = process_root_quota.used;
    return sys_put(a, b, &info, sizeof(info));
}

static void
sys_describe_process(const struct process *process, struct process_info *out)
{
    memset(out, 0, sizeof(*out));
    out->id = process->id;
    out->parent = process->parent_id;
    out->threads = process->thread_count;
    out->state = process_state(process);
    out->regions = (uint32_t)process->space.regions.count;
    out->resident_frames = process->space.resident;
    out->table_frames = process->space.tables.table_frames;
    out->charged_frames = process->quota.used;
    out->held_frames = process->quota.held;
    out->limit_frames = process->quota.limit;
    out->reserve_frames = process->quota.reserve;
    out->faults = process->faults;
    list_for_each(node, &process->threads) {
        const struct thread *thread =
            LIST_ENTRY(node, struct thread, process_link);

        out->priority = thread->priority;
        out->cpu_ticks += thread->cpu_ticks;
    }
    memcpy(out->name, process->name, sizeof(out->name));
}

/* sys_processes(start, rows, bytes): rows written, beginning with the process
 * whose number slot is @start or above. */
int64_t
sys_sys_processes(SYS_ARGS)
{
    uint64_t rows = 0;
    uint64_t most = c / sizeof(struct process_info);
    uint32_t slot = a < PROCESS_SLOTS ? (uint32_t)a : PROCESS_SLOTS;
    const struct process *process;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_processes");

    while (status == ST_OK && rows < most
           && (process = process_next(slot)) != NULL) {
        struct process_info info;

        slot = process_slot(process) + 1;
        if (process->report.ended == 0) {
            sys_describe_process(process, &info);
            status = usercopy_out(b + rows * sizeof(info), &info, sizeof(info));
            rows++;
        }
        pmm_hook_pause();
    }
    return status == ST_OK ? (int64_t)rows : status;
}

/* The process that an argument names: its number, or the caller for 0. One that
 * has ended is still known to who holds a handle, but its space is no more. */
static struct process *
sys_inspected(uint64_t id)
{
    struct process *process;

    if (id == 0) {
        return process_current();
    }
    process = id > UINT32_MAX ? NULL : process_lookup((uint32_t)id);
    return process == NULL || process->report.ended != 0 ? NULL : process;
}

/* sys_regions(0 or number << 32, rows, bytes, start): rows written, at most
 * SYS_REGIONS_MOST, beginning with the region that covers or follows page address
 * @start. To go on, begin at the last row's end. */
int64_t
sys_sys_regions(SYS_ARGS)
{
    struct process *process = sys_inspected(a >> 32);
    uint64_t most = c / sizeof(struct region_info);
    uint64_t rows = 0;
    const struct region *region;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_regions");

    if (status != ST_OK) {
        return status;
    }
    if (process == NULL) {
        return ST_ESRCH;
    }
    if (most > SYS_REGIONS_MOST) {
        most = SYS_REGIONS_MOST;
    }
    region = region_at_or_after(&process->space.regions, d >> PAGE_SHIFT);
    while (region != NULL && rows < most && status == ST_OK) {
        struct region_info info;

        region_range_describe(&process->space, region, &info);
        status = usercopy_out(b + rows * sizeof(info), &info, sizeof(info));
        rows++;
        region = region_next(region);
        pmm_hook_pause(); /* to find no page in a row can be long, too */
    }
    return status == ST_OK ? (int64_t)rows : status;
}

/* sys_translate(0 or number, address, &info) */
int64_t
sys_sys_translate(SYS_ARGS)
{
    struct process *process = sys_inspected(a);
    struct translate_info info = { .frame_address = 0 };
    unsigned level = MMU_LEVEL_PAGE;
    mmu_leaf_t leaf;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_translate");

    if (status != ST_OK) {
        return status;
    }
    if (process == NULL) {
        return ST_ESRCH;
    }
    if (b >= USER_END) {
        return ST_EINVAL;
    }
    leaf = mmu_lookup(&process->space.tables, vaddr(b), &level);
    if (mmu_leaf_is_present(leaf)) {
        paddr_t frame =
            mmu_leaf_physical(leaf, level, vaddr(align_down(b, PAGE_BYTES)));

        info.frame_address = frame.raw;
        info.prot = mmu_leaf_prot(leaf);
        info.frame_kind = frame_kind_of(*frame_word_of(frame));
        info.page_bytes = level == MMU_LEVEL_PAGE ? PAGE_BYTES
                                                  : LARGE_PAGE_BYTES;
    }
    return usercopy_out(c, &info, sizeof(info));
}

/* sys_machine(&info, bytes) */
int64_t
sys_sys_machine(SYS_ARGS)
{
    const struct boot_info *boot = modules_boot_info();
    struct machine_info info;
    struct pager_info pager;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_machine");

    if (status != ST_OK) {
        return status;
    }
    memset(&info, 0, sizeof(info));
    supervisor_pager_info(&pager);
    info.uptime_ns = sched_now_ns();
    info.tick_ns = TIMER_TICK_NS;
    info.kernel_entries = cpu_this()->kernel_entries;
    info.faults = pager.faults_served;
    info.context_switches = sched_switch_count;
    info.cr3_loads = cpu_mmu_work() & (CPU_WORK_FLUSH - 1);
    info.boot_tsc = boot_tsc;
    info.prompt_tsc = console_prompt_tsc();
    info.pager_placement = fault_placement;
    info.boot_path = boot->boot_path;
    strlcpy(info.cpu, cpu_features.brand, sizeof(info.cpu));
    cpu_describe_features(info.features, sizeof(info.features));
    strlcpy(info.version, SECOS_VERSION, sizeof(info.version));
    strlcpy(info.command_line, boot->command_line, sizeof(info.command_line));
    return sys_put(a, b, &info, sizeof(info));
}

/* sys_module(index, &info, bytes); ST_ENOENT behind the last. A plan is too
 * large for the kernel stack. */
int64_t
sys_sys_module(SYS_ARGS)
{
    const struct boot_module *module = modules_at(a);
    struct module_info info;
    struct elf_plan *plan;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_module");

    if (status != ST_OK) {
        return status;
    }
    if (module == NULL) {
        return ST_ENOENT;
    }
    plan = kmalloc(sizeof(*plan));
    if (plan == NULL) {
        return ST_ENOMEM;
    }
    memset(&info, 0, sizeof(info));
    strlcpy(info.name, module->name, sizeof(info.name));
    info.bytes = module->end.raw - module->start.raw;
    info.elf_status = elf_validate(physmap_at(module->start), info.bytes, plan);
    if (info.elf_status == ELF_OK) {
        info.entry = plan->entry;
        info.segments = plan->segment_count;
        info.manifest_version = plan->manifest.version;
        info.manifest_flags = plan->manifest.flags;
        info.manifest_max_mem = plan->manifest.max_mem;
    }
    kfree(plan);
    return sys_put(b, c, &info, sizeof(info));
}

/* sys_pager(operation, &info, bytes): restart and kill both end the boot pager,
 * which the supervisor starts again; the report is of the moment before. */
int64_t
sys_sys_pager(SYS_ARGS)
{
    struct pager_info info;
    enum status status = permission_check(
        a == PAGER_STATUS ? SYS_GROUP_INSPECT : SYS_GROUP_POWER, "sys_pager");

    if (status == ST_OK && a > PAGER_KILL) {
        status = ST_EINVAL;
    }
    if (status != ST_OK) {
        return status;
    }
    supervisor_pager_info(&info);
    if (b != 0) {
        status = (enum status)sys_put(b, c, &info, sizeof(info));
    }
    if (status == ST_OK && a != PAGER_STATUS) {
        status = supervisor_kill_pager();
    }
    return sched_return(status);
}

/* sys_table(index, &info, bytes); ST_ENOENT behind the last row. */
int64_t
sys_sys_table(SYS_ARGS)
{
    const struct table_row *row = table_at(a);
    struct syscall_info info;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_table");

    if (status != ST_OK) {
        return status;
    }
    if (row == NULL) {
        return ST_ENOENT;
    }
    memset(&info, 0, sizeof(info));
    strlcpy(info.name, row->name, sizeof(info.name));
    info.number = row->number;
    info.arguments = row->arguments;
    info.restart_class = row->restart_class;
    info.group = row->group;
    info.allowed =
        permission_has(process_current(), (enum sys_group)row->group);
    return sys_put(b, c, &info, sizeof(info));
}

/* sys_audit(&report, bytes) */
int64_t
sys_sys_audit(SYS_ARGS)
{
    struct audit_info info;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_audit");

    if (status != ST_OK) {
        return status;
    }
    vmm_audit(&info);
    return sys_put(a, b, &info, sizeof(info));
}

/* sys_power(operation, code) */
int64_t
sys_sys_power(SYS_ARGS)
{
    enum status status = permission_check(SYS_GROUP_POWER, "sys_power");

    if (status != ST_OK) {
        return status;
    }
    switch (a) {
    case POWER_OFF:
        power_off();
        break;
    case POWER_REBOOT:
        power_reboot();
        break;
    case POWER_TEST_EXIT:
        power_test_exit((uint8_t)b);
        return ST_ENODEV; /* nothing listens at the port */
    default:
        return ST_EINVAL;
    }
    /* The machine did not obey. */
    return ST_EBUSY;
}
