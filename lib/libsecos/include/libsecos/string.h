/* SPDX-License-Identifier: MIT */
/* <string.h> and <strings.h>: names and meaning are the C and POSIX standards'.
 * Copying, comparing and searching bytes are lib/base's; this adds the rest. */
#pragma once

#include <stddef.h>

#include <base/string.h>

char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t bytes);
char *stpcpy(char *restrict to, const char *restrict from);
char *strcat(char *restrict to, const char *restrict from);
char *strncat(char *restrict to, const char *restrict from, size_t bytes);
size_t strlcat(char *to, const char *from, size_t size);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
char *strtok_r(char *restrict s, const char *restrict separators,
               char **restrict rest);
char *strtok(char *restrict s, const char *restrict separators);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t limit);
int strcoll(const char *a, const char *b);
void *memrchr(const void *s, int byte, size_t bytes);
void *mempcpy(void *restrict to, const void *restrict from, size_t bytes);

/* The caller frees the copy. */
char *strdup(const char *s);
char *strndup(const char *s, size_t limit);

/* What error number @number (of errno or, negated, a status) means. */
char *strerror(int number);
