/* SPDX-License-Identifier: MIT */
/* ungetc, setvbuf, fflush, fputs, putc, and the states of a stream. */
#include <stdio.h>
#include <string.h>

int
main(void)
{
    static char buffer[64];
    FILE *file;
    int c;

    setvbuf(stdout, NULL, _IONBF, 0);
    fputs("unbuffered ", stdout);
    putc('p', stdout);
    putchar('\n');
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    for (int i = 0; i < 40; i++) {
        printf("%d,", i);
    }
    putchar('\n');
    fflush(stdout);
    file = tmpfile();
    fputs("abc", file);
    rewind(file);
    c = fgetc(file);
    ungetc(c, file);
    printf("%c", fgetc(file));
    printf("%c", fgetc(file));
    ungetc('X', file);
    printf("%c", fgetc(file));
    printf("%c", fgetc(file));
    printf(" %d %d\n", fgetc(file), feof(file) != 0);
    clearerr(file);
    printf("%d %d\n", feof(file), ferror(file));
    fclose(file);
    return fprintf(stdout, "%s\n", "status");
}
