/* SPDX-License-Identifier: MIT */
/* The table of a space's regions. */
#pragma once

#include <stdint.h>

/* Print every region of @process, as sys_regions takes it.
 * Returns how many, or why the kernel does not tell. */
int64_t space_list_print(uint64_t process);
