/* SPDX-License-Identifier: MIT */
/* Claim: the harness and the fakes do what the other host tests rely on.
 * Method: use each once, in the good and in the panicking way. */
#include <string.h>

#include <arch/addr.h>
#include <klib/log.h>
#include <klib/panic.h>

#include "check.h"

TEST(expected_panic_is_caught)
{
    CHECK_PANICS(panic("pmm: frame %d freed twice", 7), "frame 7 freed twice");
}

TEST(log_is_collected)
{
    fake_log_clear();
    klog("mem: %u MB", 128u);
    CHECK(strcmp(fake_log(), "mem: 128 MB\n") == 0);
}

TEST(log_keeps_the_newest_when_full)
{
    fake_log_clear();
    for (unsigned i = 0; i < 100000; i++) {
        klog("line %u", i);
    }
    CHECK(strstr(fake_log(), "line 99999\n") != NULL);
    CHECK(strlen(fake_log()) < 65536);
}

TEST(physmap_is_the_arena)
{
    fake_ram_create(16ull << 20);
    *(uint64_t *)physmap_at(paddr(0x123000)) = 42;
    CHECK_EQ(*(uint64_t *)(void *)(fake_ram + 0x123000), 42);
    CHECK_EQ(physmap_paddr(fake_ram + 0x5000).raw, 0x5000);
    CHECK_EQ((uintptr_t)fake_ram % 0x200000, 0);
    fake_ram_create(16ull << 20);
    CHECK_EQ(*(uint64_t *)physmap_at(paddr(0x123000)), 0);
    fake_ram_destroy();
}

int
main(void)
{
    RUN(expected_panic_is_caught);
    RUN(log_is_collected);
    RUN(log_keeps_the_newest_when_full);
    RUN(physmap_is_the_arena);
    return CHECK_REPORT();
}
