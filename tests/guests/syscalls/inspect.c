/* SPDX-License-Identifier: MIT */
/* What may be looked at, and that every byte of a report is written (H34, H60). */
#include "group.h"

int
group_inspect(void)
{
    struct memory_info memory;
    struct machine_info machine;
    struct process_info row;
    struct region_info region;
    struct translate_info translate;
    struct module_info module;
    struct pager_info pager;
    struct syscall_info table;
    struct audit_info audit;
    struct fault_record fault;
    struct frame_info frame;
    uint64_t sum = 0;

    IS(sys_memory(&memory), ST_OK);
    for (unsigned i = 0; i < FRAME_KINDS; i++) {
        sum += memory.frames[i];
    }
    SAYS(sum == memory.total_frames);
    SAYS(memory.pooled_frames <= memory.frames[FRAME_FREE]);
    IS(syscall2(SYS_sys_memory, syscall_address(&memory), sizeof(memory) - 1),
       ST_EINVAL);
    IS(syscall2(SYS_sys_memory, syscall_address(&memory), 0), ST_EINVAL);
    IS(sys_machine(&machine), ST_OK);
    SAYS(machine.tick_ns > 0 && machine.kernel_entries > 0);
    IS(syscall2(SYS_sys_machine, syscall_address(&machine), 8), ST_EINVAL);
    IS(sys_processes(0, &row, sizeof(row)), 1);
    IS(sys_processes(0, &row, sizeof(row) - 1), 0);
    IS(sys_processes(UINT64_MAX, &row, sizeof(row)), 0);
    IS(sys_regions(0, &region, sizeof(region), 0), 1);
    IS(sys_regions(0, &region, 0, 0), 0);
    IS(sys_regions(NO_SUCH_PID, &region, sizeof(region), 0), ST_ESRCH);
    IS(sys_regions(0, &region, sizeof(region), UINT64_MAX), 0);
    IS(sys_translate(0, syscall_address(&translate), &translate), ST_OK);
    SAYS(translate.frame_address != 0 && translate.page_bytes == PAGE);
    SAYS(translate.prot == RW && translate.frame_kind == FRAME_USER);
    IS(sys_translate(0, 0, &translate), ST_OK);
    SAYS(translate.frame_address == 0);
    IS(sys_translate(0, USER_END, &translate), ST_EINVAL);
    IS(sys_translate(0, KERNEL, &translate), ST_EINVAL);
    IS(sys_translate(NO_SUCH_PID, 0, &translate), ST_ESRCH);
    IS(sys_translate(1ull << 32 | 1, 0, &translate), ST_ESRCH);
    IS(sys_translate(0, syscall_address(&translate), &translate), ST_OK);
    IS(sys_frame(translate.frame_address + 8, 0, &frame), ST_OK);
    SAYS(frame.address == translate.frame_address && frame.bytes == PAGE);
    SAYS(frame.kind == FRAME_USER && frame.process == (uint64_t)process_self());
    SAYS(frame.places == 1 && frame.mapped_in == (uint64_t)process_self());
    SAYS(frame.mapped_at == syscall_address(&translate) / PAGE * PAGE);
    SAYS(frame.flags == FRAME_INFO_WRITE);
    IS(sys_frame(0, 0, &frame), ST_OK);
    SAYS(frame.kind == FRAME_RESERVED && frame.places == 0);
    IS(sys_frame(0, FRAME_INFO_PLACES, &frame), ST_EINVAL);
    IS(sys_frame(1ull << 40, 0, &frame), ST_EINVAL);
    IS(sys_frame(UINT64_MAX, 0, &frame), ST_EINVAL);
    IS(syscall4(SYS_sys_frame, 0, 0, syscall_address(&frame), 8), ST_EINVAL);
    IS(sys_module(0, &module), ST_OK);
    SAYS(module.elf_status == 0 && module.segments > 0);
    IS(sys_module(999, &module), ST_ENOENT);
    IS(sys_module(UINT64_MAX, &module), ST_ENOENT);
    IS(syscall3(SYS_sys_module, 0, syscall_address(&module), 1), ST_EINVAL);
    IS(sys_pager(PAGER_STATUS, &pager), ST_OK);
    SAYS(pager.alive == 1 && pager.faults_served > 0);
    IS(sys_pager(3, &pager), ST_EINVAL);
    IS(syscall3(SYS_sys_pager, UINT64_MAX, 0, 0), ST_EINVAL);
    IS(syscall3(SYS_sys_pager, 0, syscall_address(&pager), 4), ST_EINVAL);
    IS(sys_table(0, &table), ST_OK);
    SAYS(strcmp(table.name, "null") == 0 && table.allowed == 1);
    IS(sys_table(999, &table), ST_ENOENT);
    IS(sys_table(UINT64_MAX, &table), ST_ENOENT);
    IS(sys_audit(&audit), ST_OK);
    SAYS(audit.wx_a + audit.wx_b + audit.wx_c + audit.conservation == 0);
    SAYS(audit.user_in_kernel_half + audit.wrong_owner == 0);
    IS(syscall2(SYS_sys_audit, syscall_address(&audit), 8), ST_EINVAL);
    IS(sys_faults(-1, &fault, sizeof(fault)), 1);
    SAYS(fault.sequence > 0 && fault.trap_tsc != 0 && fault.resumed > 0);
    IS(sys_faults((int64_t)fault.sequence, &fault, sizeof(fault)), 1);
    IS(sys_faults(-1, &fault, sizeof(fault) - 1), 0);
    IS(sys_faults(INT64_MAX, &fault, sizeof(fault)), 0);
    IS(sys_faults(INT64_MIN, &fault, sizeof(fault)), 1);
    SAYS(fault.sequence == 0);
    IS(sys_faults(0, &fault, 0), 0);
    IS(syscall2(SYS_sys_power, 3, 0), ST_EINVAL);
    IS(syscall2(SYS_sys_power, UINT64_MAX, 0), ST_EINVAL);
    return claim_end();
}

/* Make report @name into a buffer full of 0xAA; no word of it may be a kernel
 * address, and none may be left as it was. */
static void
report_words(const char *name, int64_t status, uint64_t bytes)
{
    int64_t addresses = 0;
    int64_t untouched = 0;
    uint64_t word;

    for (uint64_t i = 0; i + 8 <= bytes; i += 8) {
        memcpy(&word, page_buffer + i, 8);
        addresses += word >= 0xFFFF800000000000u && (int64_t)word < -4096;
        untouched += word == 0xAAAAAAAAAAAAAAAAu;
    }
    untouched += bytes % 8 != 0 && page_buffer[bytes - 1] == 0xAA;
    claim_true(name, status >= 0);
    claim_equal("H60 kernel addresses in it", addresses, 0);
    claim_equal("H34 words it did not write", untouched, 0);
    claim_equal("what stands behind it", page_buffer[bytes], 0xAA);
}

#define REPORT(type, number, ...)                                         \
    do {                                                                  \
        memset(page_buffer, 0xAA, sizeof(page_buffer));                   \
        report_words(#type, syscall4(number, __VA_ARGS__), sizeof(type)); \
    } while (0)

int
group_reports(void)
{
    uint64_t to = syscall_address(page_buffer);
    handle_t ended = (handle_t)spawn_with(0, 0);

    (void)process_wait(ended, 0);
    REPORT(struct memory_info, SYS_sys_memory, to, PAGE, 0, 0);
    REPORT(struct machine_info, SYS_sys_machine, to, PAGE, 0, 0);
    REPORT(struct process_info, SYS_sys_processes, 0, to,
           sizeof(struct process_info), 0);
    REPORT(struct region_info, SYS_sys_regions, 0, to,
           sizeof(struct region_info), 0);
    REPORT(struct region_info, SYS_region_query, 0, to, 0, 0);
    REPORT(struct translate_info, SYS_sys_translate, 0, to, to, 0);
    REPORT(struct module_info, SYS_sys_module, 0, to, PAGE, 0);
    REPORT(struct pager_info, SYS_sys_pager, 0, to, PAGE, 0);
    REPORT(struct syscall_info, SYS_sys_table, 1, to, PAGE, 0);
    REPORT(struct audit_info, SYS_sys_audit, to, PAGE, 0, 0);
    REPORT(struct fault_record, SYS_sys_faults, 0, to,
           sizeof(struct fault_record), 0);
    REPORT(struct frame_info, SYS_sys_frame, 0x100000, 0, to, PAGE);
    REPORT(struct exit_report, SYS_process_report, ended, to, 0, 0);
    (void)handle_close(ended);
    return claim_end();
}
