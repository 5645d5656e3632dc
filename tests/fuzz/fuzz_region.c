/* SPDX-License-Identifier: MIT */
/* Fuzz the region tree: the input decides every operation, its arguments and
 * which allocations fail; tests/host/region_model.h compares with an array. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CHECK(cond)    \
    do {               \
        if (!(cond)) { \
            abort();   \
        }              \
    } while (0)
#define CHECK_EQ(a, b) CHECK((int64_t)(a) == (int64_t)(b))

#include "../host/region_model.h"

static const uint8_t *input;
static size_t input_bytes;

static uint64_t
rnd(uint64_t n)
{
    uint64_t decision = 0;

    for (unsigned i = 0; i < 2 && input_bytes > 0; i++) {
        decision = decision << 8 | *input++;
        input_bytes--;
        if (n <= 256) {
            break;
        }
    }
    return decision % n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region_tree tree;

    input = data;
    input_bytes = size;
    memset(model, 0, sizeof(model));
    region_tree_init(&tree, &fake_ops, LOW, HIGH);
    while (input_bytes > 0) {
        model_step(&tree);
    }
    model_finish(&tree);
    return 0;
}
