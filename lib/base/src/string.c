/* SPDX-License-Identifier: MIT */
/*
 * The freestanding part of <string.h>.
 *
 * Copying and filling use the string instructions: they need no vector
 * registers, which the kernel must not touch, they move eight bytes an
 * iteration, and a C loop here could be compiled into a call of itself. The
 * direction flag is clear by the calling convention; every kernel entry clears
 * it.
 *
 * Source: Intel SDM vol. 2, "REP/REPE/REPZ/REPNE/REPNZ - Repeat String
 * Operation Prefix"; System V ABI, AMD64 supplement, "Registers" (§3.2.1).
 */
#include <stdint.h>

#include <base/compiler.h>
#include <base/string.h>

void *
memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *d = to;
    const void *s = from;
    size_t words = bytes / 8;
    size_t tail = bytes % 8;

    __asm__ volatile("rep movsq\n\t"
                     "mov %3, %2\n\t"
                     "rep movsb"
                     : "+D"(d), "+S"(s), "+c"(words)
                     : "r"(tail)
                     : "memory");
    return to;
}

/* From the last byte to the first, for a target above an overlapping source. */
static void
string_copy_backward(void *to, const void *from, size_t bytes)
{
    char *d = (char *)to + bytes - 1;
    const char *s = (const char *)from + bytes - 1;

    __asm__ volatile("std\n\t"
                     "rep movsb\n\t"
                     "cld"
                     : "+D"(d), "+S"(s), "+c"(bytes)
                     :
                     : "memory", "cc");
}

void *
memmove(void *to, const void *from, size_t bytes)
{
    /* One comparison: below the source the distance wraps to a large number. */
    if ((uintptr_t)to - (uintptr_t)from >= bytes) {
        return memcpy(to, from, bytes);
    }
    string_copy_backward(to, from, bytes);
    return to;
}

void *
memset(void *to, int byte, size_t bytes)
{
    void *d = to;
    uint64_t pattern = (uint64_t)(unsigned char)byte * 0x0101010101010101ull;
    size_t words = bytes / 8;
    size_t tail = bytes % 8;

    __asm__ volatile("rep stosq\n\t"
                     "mov %3, %1\n\t"
                     "rep stosb"
                     : "+D"(d), "+c"(words)
                     : "a"(pattern), "r"(tail)
                     : "memory");
    return to;
}

int
memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *p = a;
    const unsigned char *q = b;

    for (size_t i = 0; i < bytes; i++) {
        if (p[i] != q[i]) {
            return p[i] < q[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The standard wants a pointer to non-const from a const argument; going
 * through an integer says so without a cast that drops a qualifier. */
static char *
string_unconst(const char *s)
{
    return (char *)(uintptr_t)s;
}

void *
memchr(const void *s, int byte, size_t bytes)
{
    const unsigned char *p = s;

    for (size_t i = 0; i < bytes; i++) {
        if (p[i] == (unsigned char)byte) {
            return string_unconst((const char *)p + i);
        }
    }
    return NULL;
}

size_t
strlen(const char *s)
{
    /* volatile: a compiler that recognises this loop would call strlen. */
    const volatile char *p = s;
    size_t length = 0;

    while (p[length] != '\0') {
        length++;
    }
    return length;
}

size_t
strnlen(const char *s, size_t limit)
{
    size_t length = 0;

    while (length < limit && s[length] != '\0') {
        length++;
    }
    return length;
}

int
strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int
strncmp(const char *a, const char *b, size_t limit)
{
    const unsigned char *p = (const unsigned char *)a;
    const unsigned char *q = (const unsigned char *)b;

    for (size_t i = 0; i < limit; i++) {
        if (p[i] != q[i]) {
            return p[i] < q[i] ? -1 : 1;
        }
        if (p[i] == '\0') {
            break;
        }
    }
    return 0;
}

char *
strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c) {
            return string_unconst(s);
        }
        if (*s == '\0') {
            return NULL;
        }
    }
}

char *
strrchr(const char *s, int c)
{
    const char *last = NULL;

    for (;; s++) {
        if (*s == (char)c) {
            last = s;
        }
        if (*s == '\0') {
            return string_unconst(last);
        }
    }
}

char *
strstr(const char *s, const char *part)
{
    size_t length = strlen(part);

    for (;; s++) {
        if (strncmp(s, part, length) == 0) {
            return string_unconst(s);
        }
        if (*s == '\0') {
            return NULL;
        }
    }
}
