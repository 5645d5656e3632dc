/* SPDX-License-Identifier: MIT */
/* Memory by the megabyte: static, on the heap and on the stack. */
#include <stdio.h>
#include <stdlib.h>

#define COUNT (2u << 20)

static unsigned table[COUNT]; /* 8 MiB */

static unsigned
on_stack(unsigned depth)
{
    volatile unsigned frame[4096]; /* 16 KiB */

    frame[depth % 4096] = depth;
    return depth == 0 ? 0 : on_stack(depth - 1) + frame[depth % 4096];
}

int
main(void)
{
    unsigned *heap = malloc(COUNT * sizeof(*heap));
    unsigned long sum = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        table[i] = i * 3;
        heap[i] = table[i] ^ 0x55AA;
    }
    for (unsigned i = 0; i < COUNT; i += 1024) {
        sum += heap[i] + table[i];
    }
    printf("%lu %u\n", sum, on_stack(300));
    free(heap);
    return 0;
}
