/* SPDX-License-Identifier: MIT */
/* Files of bytes: fseek, ftell, fwrite over what is there, holes, update mode. */
#include <stdio.h>
#include <string.h>

static const char path[] = "/tmp/secos-test-binary";

struct entry {
    int key;
    double value;
};

int
main(void)
{
    FILE *file = fopen(path, "wb+");
    struct entry e;
    fpos_t place;
    long end;

    if (file == NULL) {
        return 1;
    }
    for (int i = 0; i < 100; i++) {
        memset(&e, 0, sizeof(e));
        e.key = i;
        e.value = i / 4.0;
        fwrite(&e, sizeof(e), 1, file);
    }
    for (int i = 90; i >= 0; i -= 30) {
        fseek(file, i * (long)sizeof(e), SEEK_SET);
        fread(&e, sizeof(e), 1, file);
        printf("%d %g\n", e.key, e.value);
        e.value *= -1;
        fseek(file, -(long)sizeof(e), SEEK_CUR);
        fwrite(&e, sizeof(e), 1, file);
    }
    fseek(file, 0, SEEK_END);
    end = ftell(file);
    fseek(file, 1000, SEEK_CUR);
    fputc('x', file);
    printf("%ld %ld\n", end / (long)sizeof(e), ftell(file) - end);
    fseek(file, end, SEEK_SET);
    fgetpos(file, &place);
    printf("%d", fgetc(file));
    fsetpos(file, &place);
    printf(" %d\n", fgetc(file));
    fseek(file, 60 * (long)sizeof(e), SEEK_SET);
    printf("%zu", fread(&e, sizeof(e), 1, file));
    printf(" %d %g\n", e.key, e.value);
    fseek(file, 0, SEEK_END);
    printf("%zu %d\n", fread(&e, 1, sizeof(e), file), feof(file) != 0);
    fclose(file);
    return remove(path);
}
