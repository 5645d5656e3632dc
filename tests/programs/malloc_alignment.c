/* SPDX-License-Identifier: MIT */
/* calloc zeroes, aligned_alloc aligns, absurd requests are refused. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
    volatile size_t huge = SIZE_MAX / 2;
    int misaligned = 0, dirty = 0;

    for (size_t bytes = 1; bytes < 100000; bytes *= 3) {
        char *waste = malloc(bytes);
        char *clean;

        for (size_t i = 0; i < bytes; i++) {
            waste[i] = (char)0xAA;
        }
        misaligned += (uintptr_t)waste % _Alignof(max_align_t) != 0;
        free(waste);
        clean = calloc(bytes, 1);
        for (size_t i = 0; i < bytes; i++) {
            dirty += clean[i] != 0;
        }
        free(clean);
    }
    for (size_t align = 16; align <= 65536; align *= 2) {
        void *p = aligned_alloc(align, align * 3);

        misaligned += p == NULL || (uintptr_t)p % align != 0;
        free(p);
    }
    printf("misaligned %d dirty %d\n", misaligned, dirty);
    errno = 0;
    printf("%d", malloc(huge) == NULL);
    printf(" %d\n", errno == ENOMEM);
    errno = 0;
    printf("%d", calloc(huge, 4) == NULL);
    printf(" %d\n", errno == ENOMEM);
    free(NULL);
    return 0;
}
