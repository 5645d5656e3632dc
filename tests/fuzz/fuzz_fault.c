/* SPDX-License-Identifier: MIT */
/* Fuzz the fault path: the input chooses a small world (tests/explore/world.h) and
 * each of its steps; after each, every invariant is looked at. At the end all is
 * served, or everybody is killed, and then everything must have been given back. */
#include <stdio.h>

#include "fuzz.h"
#include "tests/explore/act.h"
#include "tests/explore/look.h"
#include "tests/explore/world.h"

#define STEPS 256u /* no input takes for ever */

static void
fuzz_expect(const char *broken)
{
    if (broken != NULL) {
        fprintf(stderr, "VIOLATED: %s\n", broken);
        abort();
    }
}

static void
fuzz_step(void)
{
    struct step steps[STEPS_MOST];
    unsigned count = step_list(steps);

    if (count > 0) {
        fuzz_expect(act_do(&steps[fuzz_byte() % count]));
        fuzz_expect(look_at_world());
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static bool is_booted;
    struct world_scope scope;
    bool serves;

    if (!is_booted) {
        world_boot();
        is_booted = true;
    }
    fuzz_begin(data, bytes);
    scope = (struct world_scope){
        .clients = 1 + fuzz_byte() % WORLD_CLIENTS,
        .threads = 1 + fuzz_byte() % WORLD_THREADS,
        .pages = 1 + fuzz_byte() % WORLD_PAGES,
        .servers = 1 + fuzz_byte() % WORLD_SERVERS,
        .poor = fuzz_byte() % 4,
        .pagers = WORLD_PAGERS,
        .answers = ANSWERS_EVERY,
        .steps = STEPS_EVERY,
    };
    serves = fuzz_byte() % 2 == 0;
    world_begin(&scope);
    for (unsigned i = 0; i < STEPS && fuzz_bytes > 0; i++) {
        fuzz_step();
    }
    if (serves) {
        fuzz_expect(act_serve());
        fuzz_expect(look_at_world());
    }
    fuzz_expect(world_end());
    return 0;
}
