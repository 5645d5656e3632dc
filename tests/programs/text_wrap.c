/* SPDX-License-Identifier: MIT */
/* Paragraphs from standard input, filled and justified. */
#include <stdio.h>
#include <string.h>

#define WIDTH 40

static char words[64][32];
static int count, length;

static void
flush(int justify)
{
    int gaps = count - 1, spare = WIDTH - length;

    for (int i = 0; i < count; i++) {
        int pad = 1;

        if (justify && gaps > 0) {
            pad += (spare - gaps) * (i + 1) / gaps - (spare - gaps) * i / gaps;
        }
        printf("%s%*s", words[i], i < count - 1 ? pad : 0, "");
    }
    putchar('\n');
    count = 0;
    length = 0;
}

int
main(void)
{
    char line[256];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *word = strtok(line, " \t\n");

        if (word == NULL && count > 0) {
            flush(0);
            putchar('\n');
        }
        for (; word != NULL; word = strtok(NULL, " \t\n")) {
            int bytes = (int)strlen(word);

            if (length + count + bytes > WIDTH) {
                flush(1);
            }
            strcpy(words[count++], word);
            length += bytes;
        }
    }
    if (count > 0) {
        flush(0);
    }
    return 0;
}
