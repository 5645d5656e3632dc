/* SPDX-License-Identifier: MIT */
/* Starting the PMM from what the boot loader told us: the one file of mm/ that
 * knows the linker's symbols. */
#include <klib/log.h>
#include <klib/panic.h>

#include "boot_info.h"
#include "layout.h"
#include "pmm_state.h"

/* kernel.ld: the image in its linked place, .bss included. */
extern const char _kernel_start[];
extern const char _kernel_end[];

static uint64_t
pmm_init_physical(const char *symbol)
{
    return (uint64_t)(uintptr_t)symbol - KERNEL_IMAGE_BASE;
}

void
pmm_init(void *mboot_info)
{
    const struct boot_info *info = mboot_info;
    struct pmm_hold holds[2 + BOOT_INFO_MODULES];
    uint32_t count = 0;

    holds[count++] = (struct pmm_hold){ pmm_init_physical(_kernel_start),
                                        pmm_init_physical(_kernel_end),
                                        FRAME_KERNEL_IMAGE };
    holds[count++] = (struct pmm_hold){ info->info_start.raw,
                                        info->info_end.raw, FRAME_RESERVED };
    for (uint32_t i = 0; i < info->module_count; i++) {
        holds[count++] = (struct pmm_hold){ info->modules[i].start.raw,
                                            info->modules[i].end.raw,
                                            FRAME_MODULE };
    }
    if (!pmm_start(info->ranges, info->range_count, holds, count)) {
        panic("pmm: no RAM behind the kernel has room for the frame table");
    }
    if (pmm.high_limit * PAGE_BYTES < memmap_end(pmm_ram())) {
        klog("pmm: RAM above %llu MiB is ignored: no room for its tables",
             (unsigned long long)(pmm.high_limit * PAGE_BYTES >> 20));
    }
}
