/* SPDX-License-Identifier: MIT */
/* wchar.h: strings of wide characters. */
#include <stdio.h>
#include <wchar.h>
#include <wctype.h>

int
main(void)
{
    wchar_t text[64] = L"wide";
    wchar_t *rest;
    wchar_t table[] = L"one,two,three";
    long number;

    wcscat(text, L" characters \x3b1\x3b2\x3b3");
    printf("%zu %td %td\n", wcslen(text), wcschr(text, L'c') - text,
           wcsstr(text, L"act") - text);
    printf("%d %d\n", wcscmp(L"a", L"b") < 0, wcsncmp(L"abc", L"abd", 2));
    number = wcstol(L"  123xyz", &rest, 10);
    printf("%ld %d\n", number, rest[0] == L'x');
    printf("%g\n", wcstod(L"2.5e3", NULL));
    for (wchar_t *word = wcstok(table, L",", &rest); word != NULL;
         word = wcstok(NULL, L",", &rest)) {
        printf("%zu ", wcslen(word));
    }
    printf("\n%d %d %d\n", iswalpha(L'x') != 0, iswdigit(L'7') != 0,
           (int)towupper(L'q'));
    wmemset(text, L'z', 5);
    text[5] = 0;
    printf("%ls\n", text);
    swprintf(text, 64, L"%d %ls %s %.2f", 42, L"wide", "narrow", 2.75);
    printf("%ls\n", text);
    return (int)wcslen(text);
}
