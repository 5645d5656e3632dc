/* SPDX-License-Identifier: MIT */
/* What lib/base's string.c leaves of <string.h>. Pure but for strdup, which
 * allocates, and strtok, whose state is the C standard's. */
#include <stdbool.h>
#include <stdint.h>

#include <libsecos/ctype.h>
#include <libsecos/stdlib.h>
#include <libsecos/string.h>
#include <libsecos/syscall.h>

char *
stpcpy(char *restrict to, const char *restrict from)
{
    size_t bytes = strlen(from);

    memcpy(to, from, bytes + 1);
    return to + bytes;
}

char *
strcpy(char *restrict to, const char *restrict from)
{
    memcpy(to, from, strlen(from) + 1);
    return to;
}

char *
strncpy(char *restrict to, const char *restrict from, size_t bytes)
{
    size_t used = strnlen(from, bytes);

    memcpy(to, from, used);
    memset(to + used, 0, bytes - used);
    return to;
}

char *
strcat(char *restrict to, const char *restrict from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *
strncat(char *restrict to, const char *restrict from, size_t bytes)
{
    char *end = to + strlen(to);
    size_t used = strnlen(from, bytes);

    memcpy(end, from, used);
    end[used] = '\0';
    return to;
}

size_t
strlcat(char *to, const char *from, size_t size)
{
    size_t used = strnlen(to, size);

    if (used == size) {
        return size + strlen(from);
    }
    return used + strlcpy(to + used, from, size - used);
}

/* How many of the first characters of @s are (@wanted) in @set or not. */
static size_t
string_span(const char *s, const char *set, bool wanted)
{
    bool in_set[256] = { false };
    size_t n = 0;

    for (; *set != '\0'; set++) {
        in_set[(unsigned char)*set] = true;
    }
    while (s[n] != '\0' && in_set[(unsigned char)s[n]] == wanted) {
        n++;
    }
    return n;
}

size_t
strspn(const char *s, const char *accept)
{
    return string_span(s, accept, true);
}

size_t
strcspn(const char *s, const char *reject)
{
    return string_span(s, reject, false);
}

/* The standard's functions take a const string and give a pointer into it that
 * is not: the one cast this needs. */
static char *
string_unconst(const void *s)
{
    return (char *)(uintptr_t)s;
}

char *
strpbrk(const char *s, const char *accept)
{
    s += strcspn(s, accept);
    return *s != '\0' ? string_unconst(s) : NULL;
}

char *
strtok_r(char *restrict s, const char *restrict separators,
         char **restrict rest)
{
    char *end;

    s = s != NULL ? s : *rest;
    s += strspn(s, separators);
    if (*s == '\0') {
        *rest = s;
        return NULL;
    }
    end = s + strcspn(s, separators);
    *rest = end;
    if (*end != '\0') {
        *end = '\0';
        *rest = end + 1;
    }
    return s;
}

char *
strtok(char *restrict s, const char *restrict separators)
{
    static char *rest;

    if (s == NULL && rest == NULL) {
        return NULL;
    }
    return strtok_r(s, separators, &rest);
}

int
strncasecmp(const char *a, const char *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        int x = tolower((unsigned char)a[i]);
        int y = tolower((unsigned char)b[i]);

        if (x != y || x == '\0') {
            return x - y;
        }
    }
    return 0;
}

int
strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, SIZE_MAX);
}

int
strcoll(const char *a, const char *b)
{
    return strcmp(a, b);
}

void *
memrchr(const void *s, int byte, size_t bytes)
{
    const unsigned char *at = s;

    while (bytes > 0) {
        bytes--;
        if (at[bytes] == (unsigned char)byte) {
            return string_unconst(at + bytes);
        }
    }
    return NULL;
}

void *
mempcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    memcpy(to, from, bytes);
    return (char *)to + bytes;
}

char *
strndup(const char *s, size_t limit)
{
    size_t bytes = strnlen(s, limit);
    char *copy = malloc(bytes + 1);

    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, s, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *
strdup(const char *s)
{
    return strndup(s, SIZE_MAX - 1);
}

char *
strerror(int number)
{
    return string_unconst(
        syscall_status_text(number > 0 ? -(int64_t)number : number));
}
