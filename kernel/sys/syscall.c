/* SPDX-License-Identifier: MIT */
/*
 * The system call table. SYSCALL_LIST of <secos/syscall.h> is the data; here it
 * becomes the array that both doors jump through.
 *
 *      int 0x80 --.
 *                  >-- syscall_table[number - SYS_FIRST] --> handler
 *      syscall ---'
 *
 * A process that lacks a group is found out in the handler's first line
 * (permission_check): the groups that everybody has, and the calls that must be
 * fast, do not pay for a check they cannot fail.
 */
#include <secos/status.h>
#include <secos/syscall.h>

#include <base/compiler.h>
#include <base/string.h>

#include <arch/upcalls.h>

#include "handlers.h"
#include "table.h"

static int64_t
sys_missing(SYS_ARGS)
{
    return ST_ENOSYS;
}

/* Every number without a row is sys_missing; the rows then override it. The range
 * is a GNU form that gcc and clang share. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
const syscall_fn syscall_table[SYS_TABLE_ROWS] = {
    [0 ... SYS_TABLE_ROWS - 1] = sys_missing,
#define SYS_ROW(name, offset, arguments, class, group) [offset] = sys_##name,
    SYSCALL_LIST(SYS_ROW)
#undef SYS_ROW
};
#pragma GCC diagnostic pop

static const struct table_row table_rows[] = {
#define SYS_ROW(name, offset, arguments, class, group) \
    { #name, SYS_FIRST + (offset), arguments, #class[0], SYS_GROUP_##group },
    SYSCALL_LIST(SYS_ROW)
#undef SYS_ROW
};

const struct table_row *
table_at(uint64_t index)
{
    return index < ARRAY_COUNT(table_rows) ? &table_rows[index] : NULL;
}
