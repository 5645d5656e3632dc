/* SPDX-License-Identifier: MIT */
/* What the fake processor (mmu.c) has been asked to do, and what it says. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fake_mmu {
    uint64_t root; /* in CR3 */
    uint64_t flushed_pages;
    uint64_t last_flushed;
    uint64_t flushes; /* of everything */
    bool huge_pages;
};

extern struct fake_mmu fake_mmu;
