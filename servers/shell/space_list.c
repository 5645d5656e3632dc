/* SPDX-License-Identifier: MIT */
/* The table of a space's regions. */
#include "space_list.h"

#include <base/align.h>

#include <libsecos/stdio.h>
#include <libsecos/system.h>

#include "format.h"
#include "names.h"

#define SPACE_LIST_ROWS 8

/* Who gives the pages: "1 pager (rank 2 badge 5)". */
static void
space_list_pager(const struct region_info *row)
{
    char name[NAME_BYTES + 1];

    switch ((enum region_by)row->source) {
    case REGION_BY_NOBODY:
        printf(" -\n");
        return;
    case REGION_BY_OBJECT:
        printf(" memory object\n");
        return;
    case REGION_BY_KERNEL:
        printf(" kernel\n");
        return;
    case REGION_BY_SELF:
        printf(" itself\n");
        return;
    case REGION_BY_PAGER:
        break;
    }
    if (row->pager == 0) {
        printf(" nobody now (rank %u badge %lu)\n", row->rank, row->badge);
    } else {
        printf(" %u %s (rank %u badge %lu)\n", row->pager,
               names_of(row->pager, name), row->rank, row->badge);
    }
}

static void
space_list_row(const struct region_info *row)
{
    uint64_t end = row->base + row->pages * PAGE_BYTES;
    char prot[4];
    char max_prot[4];

    printf("  %012lx-%012lx %s/%s %8lu %8lu %-10s", row->base, end,
           format_prot(row->prot, prot), format_prot(row->max_prot, max_prot),
           row->pages, row->resident, format_region_kind(row->kind));
    space_list_pager(row);
}

int64_t
space_list_print(uint64_t process_id)
{
    struct region_info rows[SPACE_LIST_ROWS] = { { .id = 0 } };
    uint64_t start = 0;
    int64_t count;

    do {
        count = sys_regions(process_id, rows, sizeof(rows), start);
        if (count >= 0 && start == 0) {
            printf("  %-25s %-7s %8s %8s %-10s %s\n", "addresses", "now/max",
                   "pages", "present", "kind", "pager");
        }
        for (int64_t i = 0; i < count; i++) {
            space_list_row(&rows[i]);
            start = rows[i].base + rows[i].pages * PAGE_BYTES;
        }
    } while (count > 0);
    return count;
}
