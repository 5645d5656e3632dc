/* SPDX-License-Identifier: MIT */
/* Range checks before the window opens. */
#include "usercopy.h"

#include <secos/bootinfo.h>

#include <base/checked.h>

#include <arch/context.h>

enum status
usercopy_in(void *to, uint64_t from, uint64_t bytes)
{
    if (!checked_range_inside(from, bytes, USER_BASE, USER_END)) {
        return ST_EFAULT;
    }
    return usercopy_raw(to, (const void *)(uintptr_t)from, bytes) == 0
               ? ST_OK
               : ST_EFAULT;
}

enum status
usercopy_out(uint64_t to, const void *from, uint64_t bytes)
{
    if (!checked_range_inside(to, bytes, USER_BASE, USER_END)) {
        return ST_EFAULT;
    }
    return usercopy_raw((void *)(uintptr_t)to, from, bytes) == 0 ? ST_OK
                                                                 : ST_EFAULT;
}
