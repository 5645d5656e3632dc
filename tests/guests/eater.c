/* SPDX-License-Identifier: MIT */
/* Claim: when memory is short malloc returns NULL, and all of it comes back.
 * eater [KB] allocates blocks of that size to the end, twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
};

/* Allocate and fill until there is no more, then free. Returns the count. */
static unsigned long
eat(size_t bytes)
{
    struct block *blocks = NULL;
    unsigned long count = 0;

    for (;;) {
        struct block *block = malloc(bytes);

        if (block == NULL) {
            break;
        }
        memset(block, 0x5A, bytes);
        block->next = blocks;
        blocks = block;
        count++;
    }
    while (blocks != NULL) {
        struct block *next = blocks->next;

        free(blocks);
        blocks = next;
    }
    return count;
}

int
main(int argc, char **argv)
{
    size_t bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 256) * 1024;
    unsigned long first = eat(bytes);
    unsigned long second = eat(bytes);

    printf("eater: %lu blocks of %lu KB, then %lu\n", first, bytes / 1024,
           second);
    return first > 0 && first == second ? 0 : 1;
}
