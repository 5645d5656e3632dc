/* SPDX-License-Identifier: MIT */
/*
 * fpu SEED ROUNDS: rows H52, H53, H55. Vector registers, x87 stack, control words
 * and FS/GS bases belong to a process through every switch. Several run at once,
 * each with a SEED of its own, and each spins across timer ticks and yields with
 * its state loaded.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_INSPECT, 0, 0);

#define SPINS 400000u /* about a tick of the timer */

struct fpu_state {
    uint64_t ymm[16][4];
    double x87[8];
    uint32_t mxcsr;
    uint16_t fcw;
    uint16_t unused;
    uint64_t fs;
    uint64_t gs;
};

void fpu_hold(const struct fpu_state *in, struct fpu_state *out, uint64_t spins,
              uint64_t has_avx, uint64_t has_fsgsbase);

static struct fpu_state fpu_in;
static struct fpu_state fpu_out;
static uint64_t fpu_word; /* what FS points at, by thread_set_base */

static uint64_t
fpu_has(const char *feature)
{
    struct machine_info info;

    return sys_machine(&info) == ST_OK
           && strstr(info.features, feature) != NULL;
}

/* Rounding and masks differ between seeds, but nothing is unmasked. */
static void
fpu_fill(uint64_t seed, uint64_t has_avx, uint64_t has_fsgsbase)
{
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned j = 0; j < (has_avx ? 4 : 2); j++) {
            fpu_in.ymm[i][j] = (seed * 64 + i * 4 + j) * 0x9E3779B97F4A7C15u;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        fpu_in.x87[i] = (double)(seed * 1000 + i);
    }
    fpu_in.mxcsr = 0x1F80u | (uint32_t)(seed & 3) << 13;
    fpu_in.fcw = (uint16_t)(0x33F | (seed & 3) << 10);
    if (has_fsgsbase) {
        fpu_in.fs = seed << 20;
        fpu_in.gs = seed << 24;
    }
}

static uint64_t
fpu_read_fs(void)
{
    uint64_t word;

    __asm__ volatile("mov %%fs:0, %0" : "=r"(word));
    return word;
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
    uint64_t rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : 10;
    uint64_t has_avx = fpu_has("avx");
    uint64_t has_fsgsbase = fpu_has("fsgsbase");
    int64_t wrong = 0;
    int64_t bases = 0;

    printf("fpu %lu: begins\n", seed);
    fpu_fill(seed, has_avx, has_fsgsbase);
    fpu_word = seed;
    for (uint64_t i = 0; i < rounds; i++) {
        fpu_hold(&fpu_in, &fpu_out, SPINS, has_avx, has_fsgsbase);
        wrong += memcmp(&fpu_in, &fpu_out, sizeof(fpu_in)) != 0;
        (void)thread_set_base(THREAD_BASE_FS, (uint64_t)(uintptr_t)&fpu_word);
        (void)thread_yield();
        bases += fpu_read_fs() != seed;
    }
    claim_equal("H52 rounds in which the state changed", wrong, 0);
    claim_equal("H55 rounds in which FS pointed elsewhere", bases, 0);
    return claim_end();
}
