/* SPDX-License-Identifier: MIT */
/* printf: integers of every length, with flags, width and precision. */
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int
main(void)
{
    printf("%d %i %u %x %X %o\n", -17, 42, 42u, 0xBEEFu, 0xBEEFu, 0755u);
    printf("[%5d] [%-5d] [%05d] [%+d] [% d] [%.3d]\n", 42, 42, 42, 42, 42, 7);
    printf("[%*d] [%-*d] [%.*d]\n", 6, 1, 6, 2, 4, 3);
    printf("%#x %#o %#X\n", 255u, 8u, 255u);
    printf("%hhd %hd %ld %lld\n", (signed char)-1, (short)-2, -3L, -4LL);
    printf("%hhu %hu %lu %llu\n", (unsigned char)255, (unsigned short)65535,
           ULONG_MAX, ULLONG_MAX);
    printf("%d %d %ld %ld\n", INT_MIN, INT_MAX, LONG_MIN, LONG_MAX);
    printf("%zu %td %jd\n", (size_t)123, (ptrdiff_t)-5, INTMAX_MIN);
    printf("%" PRId8 " %" PRIu16 " %" PRIx32 " %" PRIX64 "\n", (int8_t)-8,
           (uint16_t)16, (uint32_t)0x32, UINT64_C(0xFEDCBA9876543210));
    printf("[%.0d] [%5.0d] [%+.0d]\n", 0, 0, 0);
    printf("[%-+8.4d] [% 08d] [%+08d]\n", 12, 12, -12);
    int count = -1;
    int length = printf("%d%n%s\n", 12345, &count, "!");
    printf("%d %d\n", count, length);
    return 0;
}
