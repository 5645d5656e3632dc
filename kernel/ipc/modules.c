/* SPDX-License-Identifier: MIT */
/* Boot modules by name and number. */
#include "modules.h"

#include <arch/addr.h>
#include <task/loader.h>

#define MODULES_KNOWN (1u << 31) /* beside ELF_MAX_SEGMENTS bits */

static const struct boot_info *modules_info;
static uint32_t modules_segments_in_place[BOOT_INFO_MODULES];

void
modules_init(const struct boot_info *info)
{
    modules_info = info;
}

const struct boot_module *
modules_lookup(const char *name)
{
    return boot_module_lookup(modules_info, name);
}

uint32_t
modules_in_place(const struct boot_module *module, const struct elf_plan *plan)
{
    uint32_t *known =
        &modules_segments_in_place[module - modules_info->modules];

    if (*known == 0) {
        *known = loader_find_in_place(physmap_at(module->start),
                                      module->end.raw - module->start.raw, plan)
                 | MODULES_KNOWN;
    }
    return *known & ~MODULES_KNOWN;
}

const struct boot_module *
modules_at(uint64_t index)
{
    return index < modules_info->module_count ? &modules_info->modules[index]
                                              : NULL;
}

const char *
modules_option(const char *key)
{
    return boot_option(modules_info, key);
}

const struct boot_info *
modules_boot_info(void)
{
    return modules_info;
}
