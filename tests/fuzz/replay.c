/* SPDX-License-Identifier: MIT */
/* A fuzz target without libFuzzer: runs it on each file that is named, for host
 * tests and coverage. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int
main(int argc, char **argv)
{
    static uint8_t data[1 << 20];

    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");

        if (file == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        (void)LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
        fclose(file);
    }
    printf("%s: %d inputs, no failure\n", argv[0], argc - 1);
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
