/* SPDX-License-Identifier: MIT */
/* strcpy, strncpy, strcat, strncat, strdup, strcmp and their like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
sign(int x)
{
    return (x > 0) - (x < 0);
}

static void
show(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        putchar(bytes[i] == '\0' ? '.' : bytes[i]);
    }
    putchar('\n');
}

int
main(void)
{
    char buffer[16];
    char *copy;

    memset(buffer, '#', sizeof(buffer));
    strncpy(buffer, "abc", 8);
    show(buffer, sizeof(buffer));
    strncpy(buffer, "0123456789", 4);
    show(buffer, sizeof(buffer));
    strcpy(buffer, "one");
    strcat(buffer, "+two");
    strncat(buffer, "+three", 3);
    show(buffer, sizeof(buffer));
    memmove(buffer + 2, buffer, 6);
    show(buffer, sizeof(buffer));
    memmove(buffer, buffer + 2, 6);
    show(buffer, sizeof(buffer));
    copy = strdup("a copy");
    printf("%s %zu\n", copy, strlen(copy));
    free(copy);
    printf("%d %d %d %d\n", sign(strcmp("a", "b")), sign(strcmp("b", "a")),
           sign(strcmp("a", "a")), sign(strcmp("a", "")));
    printf("%d %d %d\n", sign(strncmp("abcd", "abxx", 2)),
           sign(strncmp("abcd", "abxx", 3)), sign(strncmp("a", "b", 0)));
    printf("%d %d\n", sign(strcmp("\x7f", "\x80")),
           sign(memcmp("a\0b", "a\0c", 3)));
    printf("%d\n", sign(strcoll("abc", "abd")));
    return 0;
}
