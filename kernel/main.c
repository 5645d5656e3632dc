/* SPDX-License-Identifier: MIT */
/* The start-up order, in one page. The only file that knows all rooms. */
#include <stdint.h>

#include <base/compiler.h>

#include <arch/console.h>
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/stacks.h>
#include <arch/timer.h>
#include <arch/x86_64/gdt.h>
#include <arch/x86_64/idt.h>
#include <arch/x86_64/trap.h>
#include <arch/x86_64/tss.h>
#include <ipc/console.h>
#include <ipc/fault.h>
#include <ipc/journal.h>
#include <ipc/modules.h>
#include <ipc/spawn.h>
#include <ipc/supervisor.h>
#include <klib/log.h>
#include <klib/panic.h>
#include <klib/random.h>
#include <klib/stack_guard.h>
#include <klib/version.h>
#include <mm/boot_info.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <mm/vmm.h>
#include <task/call.h>
#include <task/kernel_stack.h>
#include <task/process.h>
#include <task/sched.h>

NORETURN void kernel_main(uint32_t magic, uint64_t info_phys);

static struct boot_info main_boot_info;

static void
main_greet(void)
{
    char features[64];

    cpu_describe_features(features, sizeof(features));
    klog("SecOS %s on %s: %s", SECOS_VERSION, cpu_features.brand, features);
}

static void
main_read_boot_info(uint32_t magic, uint64_t info_phys)
{
    struct boot_info *info = &main_boot_info;
    enum boot_status status = boot_info_parse(magic, info_phys, info);

    if (status != BOOT_OK) {
        panic("boot_info: %s (magic 0x%x, information at 0x%lx)",
              boot_status_text(status), magic, info_phys);
    }
    panic_set_test_mode(boot_option(info, "test") != NULL);
    klog("boot: Multiboot %u, %u memory ranges, %u modules, options \"%s\"",
         info->boot_path, info->range_count, info->module_count,
         info->command_line);
    if (info->ranges_lost != 0 || info->modules_lost != 0) {
        klog("boot: no room for %u memory ranges, %u modules",
             info->ranges_lost, info->modules_lost);
    }
}

/* pager=server|kernel|self: who answers page faults. */
static void
main_choose_pager(const struct boot_info *info)
{
    const char *placement = boot_option(info, "pager");

    if (placement == NULL || boot_option_is(info, "pager", "server")) {
        fault_placement = FAULT_BY_SERVER;
    } else if (boot_option_is(info, "pager", "kernel")) {
        fault_placement = FAULT_BY_KERNEL;
        trap_answer_page_faults();
    } else if (boot_option_is(info, "pager", "self")) {
        fault_placement = FAULT_BY_SELF;
    } else {
        panic("main: pager=%s is none of server, kernel, self", placement);
    }
}

/* aslr=on|off: whether processes stand where chance puts them. */
static void
main_choose_places(const struct boot_info *info)
{
    const char *aslr = boot_option(info, "aslr");

    spawn_aslr = !boot_option_is(info, "aslr", "off");
    if (spawn_aslr && aslr != NULL && !boot_option_is(info, "aslr", "on")) {
        panic("main: aslr=%s is neither on nor off", aslr);
    }
    random_init();
    if (!cpu_features.rdrand) {
        klog("random: no RDRAND: seeded by clocks, which can be guessed");
    }
}

/* From the loader's view of memory to the kernel's own: frames, final page
 * tables, heap. After it nothing of boot/ is left. */
static void
main_init_memory(void)
{
    trap_init(); /* writes to .text, which vmm_init makes read-only */
    pmm_init(&main_boot_info);
    vmm_init();
    heap_init();
    vmm_release_boot_identity();
}

/* What processes need to be. */
static void
main_init_tasks(void)
{
    kernel_stack_init();
    call_init();
    sched_init((uint64_t)(uintptr_t)boot_stack_top);
    modules_init(&main_boot_info);
    console_object_init();
    main_choose_pager(&main_boot_info);
    main_choose_places(&main_boot_info);
    journal_init(!boot_option_is(&main_boot_info, "journal", "off"));
    process_init();
    supervisor_init();
}

static void
main_init_devices(void)
{
    timer_init();
    irq_unmask(TIMER_IRQ);
    irq_unmask(CONSOLE_IRQ);
}

void
kernel_main(uint32_t magic, uint64_t info_phys)
{
    console_init();
    tss_init();
    gdt_init();
    cpu_init();
    stack_guard_init();
    idt_init();
    irq_init();
    main_greet();
    main_read_boot_info(magic, info_phys);
    main_init_memory();
    main_init_tasks();
    main_init_devices();
    vmm_seal();
    sched_dispatch();
}
