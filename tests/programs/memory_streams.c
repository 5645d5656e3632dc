/* SPDX-License-Identifier: MIT */
/* fmemopen, open_memstream, getline, dprintf: POSIX's additions to stdio. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
    char text[] = "first line\nsecond\n\nfourth has no end";
    char *line = NULL, *made = NULL;
    size_t room = 0, bytes = 0;
    FILE *in = fmemopen(text, sizeof(text) - 1, "r");
    FILE *out = open_memstream(&made, &bytes);
    int number = 0;

    for (ssize_t got; (got = getline(&line, &room, in)) > 0;) {
        fprintf(out, "%d:%zd:%c ", ++number, got, line[0]);
    }
    fclose(in);
    fclose(out);
    printf("%s(%zu)\n", made, bytes);
    fflush(stdout);
    dprintf(1, "straight to descriptor %d\n", 1);
    free(line);
    free(made);
    return number;
}
