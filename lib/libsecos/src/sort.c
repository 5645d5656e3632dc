/* SPDX-License-Identifier: MIT */
/*
 * qsort and bsearch.
 *
 * The items form a heap: item i is not below items 2i+1 and 2i+2. The largest
 * is therefore item 0; it changes places with the last, the heap shrinks by one
 * and is put right again, until nothing is left of it:
 *
 *      | heap, largest first | sorted, all >= the heap |
 */
#include <stddef.h>
#include <stdint.h>

#include <libsecos/stdlib.h>

struct sort {
    unsigned char *items;
    size_t bytes;
    int (*compare)(const void *, const void *);
};

static unsigned char *
sort_item(const struct sort *sort, size_t index)
{
    return sort->items + index * sort->bytes;
}

static void
sort_swap(const struct sort *sort, size_t a, size_t b)
{
    unsigned char *x = sort_item(sort, a);
    unsigned char *y = sort_item(sort, b);

    for (size_t i = 0; i < sort->bytes; i++) {
        unsigned char byte = x[i];

        x[i] = y[i];
        y[i] = byte;
    }
}

/* Let item @root sink until the heap of @count items is one again. */
static void
sort_sink(const struct sort *sort, size_t root, size_t count)
{
    /* As root < count / 2, a left child exists and 2 root + 1 cannot wrap. */
    while (root < count / 2) {
        size_t child = 2 * root + 1;

        if (child + 1 < count
            && sort->compare(sort_item(sort, child), sort_item(sort, child + 1))
                   < 0) {
            child++;
        }
        if (sort->compare(sort_item(sort, root), sort_item(sort, child)) >= 0) {
            return;
        }
        sort_swap(sort, root, child);
        root = child;
    }
}

void
qsort(void *items, size_t count, size_t bytes,
      int (*compare)(const void *, const void *))
{
    struct sort sort = { items, bytes, compare };

    for (size_t root = count / 2; root > 0; root--) {
        sort_sink(&sort, root - 1, count);
    }
    for (size_t end = count; end > 1; end--) {
        sort_swap(&sort, 0, end - 1);
        sort_sink(&sort, 0, end - 1);
    }
}

void *
bsearch(const void *key, const void *items, size_t count, size_t bytes,
        int (*compare)(const void *, const void *))
{
    const unsigned char *low = items;

    while (count > 0) {
        const unsigned char *middle = low + count / 2 * bytes;
        int order = compare(key, middle);

        if (order == 0) {
            return (void *)(uintptr_t)middle;
        }
        if (order > 0) {
            low = middle + bytes;
            count = count - count / 2 - 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}
