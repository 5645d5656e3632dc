/* SPDX-License-Identifier: MIT */
/* Names for addresses of the kernel's code, for its last words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* No name in the table is longer, with its NUL: tools/kernel_symbols sees to it. */
#define SYMBOL_NAME_BYTES 48

struct symbol {
    char name[SYMBOL_NAME_BYTES];
    uint64_t offset; /* of the address from where the function begins */
};

/*
 * Find the function that holds @address. Returns whether there is one; @found
 * is only then of use.
 * Context: any, also a panic. Cost: one walk over the table, about 1000 steps.
 */
bool symbol_lookup(uint64_t address, struct symbol *found);
