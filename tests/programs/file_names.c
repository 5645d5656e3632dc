/* SPDX-License-Identifier: MIT */
/* tmpfile, tmpnam, rename, remove, freopen: names come and go. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
    char one[] = "/tmp/secos-test-XXXXXX";
    char two[64], line[32];
    FILE *file = tmpfile();
    int fd = mkstemp(one);

    if (file == NULL || fd < 0) {
        return 1;
    }
    fputs("temporary\n", file);
    rewind(file);
    printf("%s", fgets(line, sizeof(line), file));
    fclose(file);
    printf("%d\n", (int)write(fd, "named\n", 6));
    close(fd);
    snprintf(two, sizeof(two), "%s.2", one);
    printf("%d %d\n", rename(one, two), access(one, F_OK));
    file = fopen(two, "r");
    printf("%s", fgets(line, sizeof(line), file));
    file = freopen(two, "a", file);
    fputs("more\n", file);
    printf("%ld\n", ftell(file));
    fclose(file);
    printf("%d", remove(two));
    printf(" %d\n", remove(two));
    return 0;
}
