/* SPDX-License-Identifier: MIT */
/*
 * The table is made from the linked kernel by tools/kernel_symbols and linked
 * into it in a second pass, behind .text, which therefore does not move. One
 * entry per function, by address:
 *
 *      +-------------------+--------+----------------------------+
 *      | bytes from the    | kept   | the rest of the name, NUL  |
 *      | last one, 16 bits | 8 bits |                            |
 *      +-------------------+--------+----------------------------+
 *
 * "kept" is how much of the name before it a name begins with. A global name
 * begins with the stem of its file, and the functions of a file lie together,
 * so this halves the table. It can be read from its beginning only, which is
 * all that last words need.
 */
#include "symbol.h"

extern const uint8_t _text_start[];
extern const uint8_t _text_end[];
extern const uint8_t _symbols_start[];
extern const uint8_t _symbols_end[];

bool
symbol_lookup(uint64_t address, struct symbol *found)
{
    uint64_t begin = (uintptr_t)_text_start;
    const uint8_t *at = _symbols_start;

    if (address < begin || address >= (uintptr_t)_text_end) {
        return false;
    }
    while (at < _symbols_end) {
        char *to = &found->name[at[2]];

        begin += at[0] | (uint64_t)at[1] << 8;
        if (begin > address) {
            break;
        }
        found->offset = address - begin;
        at += 3;
        do {
            *to++ = (char)*at;
        } while (*at++ != 0);
    }
    return at != _symbols_start;
}
