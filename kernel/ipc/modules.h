/* SPDX-License-Identifier: MIT */
/* The programs that the boot loader brought: kept pristine for every start. */
#pragma once

#include <stdint.h>

#include <mm/boot_info.h>
#include <task/elf.h>

/* Remember where the modules are. Context: boot; @info stays valid. */
void modules_init(const struct boot_info *info);

/* The module called @name, or NULL. */
const struct boot_module *modules_lookup(const char *name);

/* loader_find_in_place of @module, whose plan is @plan, kept after the first
 * time: a module never changes. */
uint32_t modules_in_place(const struct boot_module *module,
                          const struct elf_plan *plan);

/* The module with this number, or NULL. */
const struct boot_module *modules_at(uint64_t index);

/* A boot option's value, or NULL: for rooms that start-up does not pass
 * boot information to. */
const char *modules_option(const char *key);

/* The whole boot information. */
const struct boot_info *modules_boot_info(void);
