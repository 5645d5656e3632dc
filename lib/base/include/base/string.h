/* SPDX-License-Identifier: MIT */
/* The part of <string.h> that freestanding code may use. Names and meaning are
 * the C standard's; the compiler calls the first four by itself. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *s, int byte, size_t bytes);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);

/* Copy at most @size - 1 bytes of @from and always end in a NUL.
 * Returns strlen(@from): a value >= @size says that it was cut. */
size_t strlcpy(char *to, const char *from, size_t size);

/* Store @word into @count words from @to on: memset for eight bytes at a
 * time. */
void fill_words(uint64_t *to, uint64_t word, size_t count);
