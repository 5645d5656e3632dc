/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer over elf_validate: no crash, no read outside the image, the plan
 * untouched on refusal, and on acceptance every promise of elf.h kept.
 *
 * The seeds are the images of tests/tools/elf_make.py; `make fuzz-elf` makes
 * them.
 */
#include <stddef.h>
#include <stdint.h>

#include "elf_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct elf_plan plan;

    (void)sample_validate(data, bytes, bytes % 8, &plan);
    return 0;
}
