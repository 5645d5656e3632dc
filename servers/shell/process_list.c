/* SPDX-License-Identifier: MIT */
/* All processes, a buffer of rows at a time. */
#include "process_list.h"

#include <libsecos/system.h>

#define PROCESS_LIST_ROWS 8

int64_t
process_list_each(process_list_fn see, void *context)
{
    struct process_info rows[PROCESS_LIST_ROWS] = { { .id = 0 } };
    uint64_t start = 0;

    for (;;) {
        int64_t count = sys_processes(start, rows, sizeof(rows));

        if (count <= 0) {
            return count;
        }
        for (int64_t i = 0; i < count; i++) {
            if (see(&rows[i], context)) {
                return ST_OK;
            }
        }
        start = rows[count - 1].id % SYSTEM_PROCESS_SLOTS + 1;
    }
}
