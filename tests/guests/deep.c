/* SPDX-License-Identifier: MIT */
/*
 * Claim: who is refused memory is refused at once, however many ancestors have to
 * be asked for it.
 *
 *      deep N       spawns deep N-1 and waits for it, down to
 *      deep 0       takes pages until there are no more, and ends by that
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_PROCESS, 0, 0);

#define PAGE      4096u
#define MANY      (1u << 20) /* pages: more than there are */
#define AS_IT_WAS 42

static int
take_all(void)
{
    struct region_request request = {
        .pages = MANY,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    for (uint64_t i = 0; base > 0 && i < MANY; i++) {
        *(volatile uint8_t *)((uintptr_t)base + i * PAGE) = 1;
    }
    return 1;
}

/* What became of generation 0. */
static int64_t
next_generation(uint64_t left)
{
    char args[32];
    struct spawn_request request = { .name = "deep",
                                     .args = syscall_address(args) };
    int64_t child;

    request.args_bytes =
        (uint32_t)snprintf(args, sizeof(args), "deep%c%lu%cchild", 0, left, 0)
        + 1;
    child = process_spawn(&request);
    return child < 0 ? child : process_wait((handle_t)child, 0);
}

int
main(int argc, char **argv)
{
    uint64_t left = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    int64_t end;

    if (left == 0) {
        return take_all();
    }
    end = next_generation(left - 1);
    if (argc > 2) {
        return end == (EXIT_BY_FAULT | 14) ? AS_IT_WAS : (int)(end & 0xFF);
    }
    claim_equal("the last generation ends for want of memory", end, AS_IT_WAS);
    return claim_end();
}
