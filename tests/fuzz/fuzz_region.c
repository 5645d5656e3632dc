/* SPDX-License-Identifier: MIT */
/* Fuzz the region tree: the input decides every operation, its arguments and
 * which allocations fail; tests/host/region_model.h compares with an array. */
#include "fuzz.h"
#include "region_model.h"

static uint64_t
rnd(uint64_t n)
{
    return (n <= 256 ? fuzz_byte() : fuzz_word()) % n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region_tree tree;

    fuzz_begin(data, size);
    memset(model, 0, sizeof(model));
    region_tree_init(&tree, &fake_ops, LOW, HIGH);
    while (fuzz_bytes > 0) {
        model_step(&tree);
    }
    model_finish(&tree);
    return 0;
}
