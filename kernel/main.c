/* SPDX-License-Identifier: MIT */
/* The start-up order, in one page. The only file that knows all rooms. */
#include <stdint.h>

#include <base/compiler.h>

#include <arch/console.h>
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/stacks.h>
#include <arch/x86_64/gdt.h>
#include <arch/x86_64/idt.h>
#include <arch/x86_64/tss.h>
#include <klib/log.h>
#include <klib/panic.h>
#include <klib/stack_guard.h>
#include <klib/version.h>
#include <mm/boot_info.h>

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
    panic("main: nothing to run yet");
}
