/* SPDX-License-Identifier: MIT */
/* strlcpy, apart from string.c because a host's C library may lack it while it
 * has all the rest. */
#include <base/string.h>

size_t
strlcpy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);

    if (size != 0) {
        size_t kept = length < size ? length : size - 1;

        memcpy(to, from, kept);
        to[kept] = '\0';
    }
    return length;
}
