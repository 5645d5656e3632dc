/* SPDX-License-Identifier: MIT */
/* The table of a space's regions. */
#include "space_list.h"

#include <base/align.h>

#include <libsecos/stdio.h>
#include <libsecos/system.h>

#include "format.h"

#define SPACE_LIST_ROWS 8

static void
space_list_row(const struct region_info *row)
{
    uint64_t end = row->base + row->pages * PAGE_BYTES;
    char prot[4];
    char max_prot[4];

    printf("  %012lx-%012lx %s/%s %8lu %8lu %-10s", row->base, end,
           format_prot(row->prot, prot), format_prot(row->max_prot, max_prot),
           row->pages, row->resident, format_region_kind(row->kind));
    if (row->rank != 0) {
        printf(" rank %u badge %lu", row->rank, row->badge);
    }
    printf("\n");
}

int64_t
space_list_print(uint64_t process_id)
{
    struct region_info rows[SPACE_LIST_ROWS] = { { .id = 0 } };
    uint64_t start = 0;
    int64_t count;

    printf("  %-25s %-7s %8s %8s %-10s %s\n", "addresses", "now/max", "pages",
           "present", "kind", "pager");
    do {
        count = sys_regions(process_id, rows, sizeof(rows), start);
        for (int64_t i = 0; i < count; i++) {
            space_list_row(&rows[i]);
            start = rows[i].base + rows[i].pages * PAGE_BYTES;
        }
    } while (count > 0);
    return count;
}
