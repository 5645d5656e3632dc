/* SPDX-License-Identifier: MIT */
/* Files of text: written, appended to, read by lines and by words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "/tmp/secos-test-text";

int
main(void)
{
    FILE *file = fopen(path, "w");
    char line[80], word[20];
    int number, count = 0;

    if (file == NULL) {
        return 1;
    }
    for (int i = 0; i < 1000; i++) {
        fprintf(file, "%d square %d\n", i, i * i);
    }
    printf("%d\n", fclose(file));
    file = fopen(path, "a");
    fputs("last line without end", file);
    fclose(file);
    file = fopen(path, "r");
    for (int i = 0; i < 3; i++) {
        printf("%s", fgets(line, sizeof(line), file));
    }
    while (fscanf(file, "%d %19s %*d", &number, word) == 2) {
        count++;
    }
    printf("%d %d\n", count, number);
    rewind(file);
    count = 0;
    for (int c; (c = fgetc(file)) != EOF;) {
        count += c == '\n';
    }
    printf("%d lines, %d %d\n", count, feof(file) != 0, ferror(file));
    fclose(file);
    remove(path);
    errno = 0;
    printf("%d", fopen(path, "r") == NULL);
    printf(" %d\n", errno == ENOENT);
    return 0;
}
