/* SPDX-License-Identifier: MIT */
/* Boot modules by name and number. */
#include "modules.h"

static const struct boot_info *modules_info;

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
