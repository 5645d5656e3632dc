/* SPDX-License-Identifier: MIT */
/* UTF-8 to wide characters and back, with broken sequences. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

int
main(void)
{
    static const char text[] = "na\xC3\xAFve \xE2\x82\xAC \xF0\x9D\x84\x9E";
    static const char broken[] = "\xC3(";
    mbstate_t state;
    wchar_t wide[32];
    char back[64];
    size_t count;
    const char *at = text;

    if (setlocale(LC_ALL, "C.UTF-8") == NULL) {
        return 1;
    }
    count = mbstowcs(wide, text, 32);
    printf("%zu:", count);
    for (size_t i = 0; i < count; i++) {
        printf(" %x", (unsigned)wide[i]);
    }
    printf("\n%zu %d\n", wcstombs(back, wide, sizeof(back)),
           strcmp(back, text));
    memset(&state, 0, sizeof(state));
    for (wchar_t c; (count = mbrtowc(&c, at, MB_CUR_MAX, &state)) > 0
                    && count < (size_t)-2;
         at += count) {
        printf("%zu", count);
    }
    memset(&state, 0, sizeof(state));
    errno = 0;
    count = mbrtowc(wide, broken, 2, &state);
    printf("\n%d %d\n", count == (size_t)-1, errno == EILSEQ);
    printf("%d %zu\n", mblen("\xE2\x82\xAC", 3),
           wcrtomb(back, 0x10FFFF, &(mbstate_t){ 0 }));
    return 0;
}
