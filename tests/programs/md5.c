/* SPDX-License-Identifier: MIT */
/* MD5 (RFC 1321) of its test suite, with the table computed by sin. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t k[64];

static void
md5(const char *text)
{
    static const int turns[4][4] = { { 7, 12, 17, 22 },
                                     { 5, 9, 14, 20 },
                                     { 4, 11, 16, 23 },
                                     { 6, 10, 15, 21 } };
    uint32_t h[4] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476 };
    uint8_t data[192] = { 0 };
    uint64_t bits = 8 * strlen(text);
    size_t bytes = (strlen(text) + 8) / 64 * 64 + 64;

    memcpy(data, text, strlen(text));
    data[strlen(text)] = 0x80;
    memcpy(data + bytes - 8, &bits, 8);
    for (size_t at = 0; at < bytes; at += 64) {
        uint32_t w[16], a = h[0], b = h[1], c = h[2], d = h[3];

        memcpy(w, data + at, 64);
        for (unsigned i = 0; i < 64; i++) {
            uint32_t f, t;
            unsigned g;

            if (i < 16) {
                f = (b & c) | (~b & d);
                g = i;
            } else if (i < 32) {
                f = (d & b) | (~d & c);
                g = (5 * i + 1) % 16;
            } else if (i < 48) {
                f = b ^ c ^ d;
                g = (3 * i + 5) % 16;
            } else {
                f = c ^ (b | ~d);
                g = 7 * i % 16;
            }
            t = a + f + k[i] + w[g];
            a = d;
            d = c;
            c = b;
            b += t << turns[i / 16][i % 4] | t >> (32 - turns[i / 16][i % 4]);
        }
        h[0] += a;
        h[1] += b;
        h[2] += c;
        h[3] += d;
    }
    for (int i = 0; i < 16; i++) {
        printf("%02x", (unsigned)(h[i / 4] >> i % 4 * 8 & 0xFF));
    }
    printf("  \"%s\"\n", text);
}

int
main(void)
{
    for (int i = 0; i < 64; i++) {
        k[i] = (uint32_t)floor(fabs(sin(i + 1)) * 4294967296.0);
    }
    md5("");
    md5("a");
    md5("abc");
    md5("message digest");
    md5("abcdefghijklmnopqrstuvwxyz");
    md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890");
    return 0;
}
