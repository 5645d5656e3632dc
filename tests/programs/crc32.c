/* SPDX-License-Identifier: MIT */
/* CRC-32 by table and bit by bit; Adler-32 and Fletcher-16 beside it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t table[256];

static uint32_t
bitwise(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n-- > 0) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++) {
            crc = crc >> 1 ^ (0xEDB88320u & -(crc & 1));
        }
    }
    return ~crc;
}

static uint32_t
by_table(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n-- > 0) {
        crc = crc >> 8 ^ table[(crc ^ *p++) & 0xFF];
    }
    return ~crc;
}

int
main(void)
{
    static uint8_t data[10000];
    uint32_t a = 1, b = 0, f1 = 0, f2 = 0;

    for (uint32_t i = 0; i < 256; i++) {
        uint32_t x = i;

        for (int j = 0; j < 8; j++) {
            x = x >> 1 ^ (0xEDB88320u & -(x & 1));
        }
        table[i] = x;
    }
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * i >> 3);
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
        f1 = (f1 + data[i]) % 255;
        f2 = (f2 + f1) % 255;
    }
    printf("%08x\n", by_table(0, (const uint8_t *)"123456789", 9));
    printf("%08x %08x\n", by_table(0, data, sizeof(data)),
           bitwise(0, data, sizeof(data)));
    printf("%08x %04x\n", b << 16 | a, f2 << 8 | f1);
    return 0;
}
