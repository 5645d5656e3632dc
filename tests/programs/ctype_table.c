/* SPDX-License-Identifier: MIT */
/* The character classes of the C locale, for every byte. */
#include <ctype.h>
#include <stdio.h>

int
main(void)
{
    static int (*const classes[])(
        int) = { isalnum, isalpha, isblank, iscntrl, isdigit, isgraph,
                 islower, isprint, ispunct, isspace, isupper, isxdigit };

    for (int c = -1; c < 256; c++) {
        unsigned bits = 0;

        for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
            bits |= (classes[i](c) != 0 ? 1u : 0u) << i;
        }
        printf("%d:%03x:%d:%d%c", c, bits, toupper(c), tolower(c),
               c % 8 == 7 ? '\n' : ' ');
    }
    return 0;
}
