/* SPDX-License-Identifier: MIT */
/* memcpy, memmove, memset, memcmp: all small lengths and alignments. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t
digest(const unsigned char *bytes, size_t count)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash;
}

int
main(void)
{
    unsigned char from[300], to[300];
    uint32_t hash = 0;

    for (size_t i = 0; i < sizeof(from); i++) {
        from[i] = (unsigned char)(i * 7 + 3);
    }
    for (size_t offset = 0; offset < 16; offset++) {
        for (size_t bytes = 0; bytes < 200; bytes += 3) {
            memset(to, (int)bytes, sizeof(to));
            memcpy(to + offset, from + (offset ^ 5), bytes);
            hash ^= digest(to, sizeof(to)) + (uint32_t)bytes;
            memmove(to + 3, to, 250);
            memmove(to, to + 7, 250);
            hash = hash << 1 | hash >> 31;
            hash ^= digest(to, sizeof(to));
            if (memcmp(to, from, bytes) == 0 && bytes > 50) {
                puts("?");
            }
        }
    }
    printf("%08x\n", hash);
    return 0;
}
