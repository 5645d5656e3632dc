/* SPDX-License-Identifier: MIT */
/* The table of a space's regions. */
#pragma once

#include <stdint.h>

/* Print every region of process @process_id; 0 = the shell's own.
 * Returns ST_OK, or why the kernel does not tell. */
int64_t space_list_print(uint64_t process_id);
