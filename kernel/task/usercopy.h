/* SPDX-License-Identifier: MIT */
/*
 * Copying between the kernel and the current process: the only way the kernel
 * reads or writes user memory.
 *
 * The range is checked against the user half in full 64-bit width; the
 * processor checks the rest, so the kernel obeys the W bit of the program's own
 * pages. A page that is missing but can be had is asked of its pager: then
 * these functions do not return, and the system call runs again when the page
 * is there. So a caller allocates nothing before a copy that it does not keep in
 * the thread, and changes nothing before its last copy in (restart class A), or
 * copies out before it changes anything (class B).
 */
#pragma once

#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

/* Returns ST_OK, or ST_EFAULT with @to in an undefined state. */
MUST_CHECK enum status usercopy_in(void *to, uint64_t from, uint64_t bytes);

/* Returns ST_OK, or ST_EFAULT; then a part may have been written. */
MUST_CHECK enum status usercopy_out(uint64_t to, const void *from,
                                    uint64_t bytes);
