/* SPDX-License-Identifier: MIT */
/*
 * Claim: no memory that a boot loader can leave makes the parser read outside
 * it or break what boot_info.h promises.
 *
 * The input is physical memory from address 0. Its first byte says which
 * Multiboot (odd: 1, even: 2), its second where the structure stands, in units
 * of 8 bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mm/boot_info.h>

#define REQUIRE(cond)  \
    do {               \
        if (!(cond)) { \
            abort();   \
        }              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_check(const struct boot_info *info)
{
    REQUIRE(info->range_count > 0 && info->range_count <= BOOT_INFO_RANGES);
    REQUIRE(info->module_count <= BOOT_INFO_MODULES);
    REQUIRE(memchr(info->command_line, 0, sizeof(info->command_line)));
    for (uint32_t i = 0; i < info->module_count; i++) {
        const struct boot_module *m = &info->modules[i];

        REQUIRE(m->start.raw <= m->end.raw);
        REQUIRE(memchr(m->name, 0, sizeof(m->name)));
        REQUIRE(memchr(m->args, 0, sizeof(m->args)));
        REQUIRE(boot_module_lookup(info, m->name) <= m);
    }
    REQUIRE(boot_option(info, "") == NULL
            || strlen(boot_option(info, "")) < sizeof(info->options));
    REQUIRE(boot_option_is(info, "pager", "kernel")
            == (boot_option(info, "pager") != NULL
                && strcmp(boot_option(info, "pager"), "kernel") == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    struct boot_memory memory = { data, size };
    uint32_t magic;

    if (size < 2) {
        return 0;
    }
    magic = data[0] % 2 == 1 ? BOOT_INFO_MAGIC_MB1 : BOOT_INFO_MAGIC_MB2;
    if (boot_info_parse_memory(&memory, magic, data[1] * 8ull, &info)
        == BOOT_OK) {
        fuzz_check(&info);
    }
    return 0;
}
