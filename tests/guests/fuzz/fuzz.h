/* SPDX-License-Identifier: MIT */
/*
 * The system call fuzzer: what its parts share.
 *
 *      fuzz SEED CALLS [honest|hostile]     main.c: the supervisor
 *        |-- fuzz --witness                 holds a pattern through it all
 *        |-- fuzz --pager SEED              pager.c: answers faults as it likes
 *        `-- fuzz --worker SEED CALLS       worker.c: three threads that make
 *                                           calls; many, one after the other
 *
 * All numbers come from the seed. Under -icount the same seed gives the same
 * instructions: every run begins at a tick.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>

#define PAGE 4096u

/* What a worker tells the supervisor through slot 4; labels that no fuzzed call
 * will hit upon. */
#define LABEL_HELLO    0x5EC05F0200000001ull /* the answer brings a binding */
#define LABEL_PROGRESS 0x5EC05F0200000002ull /* w0 = calls since the last   */
#define LABEL_WRONG    0x5EC05F0200000003ull /* w0 = what, w1-w4 = details  */

/* Below every endpoint of a worker: who serves faults may still call it. */
#define CONTROL_RANK 11u

enum wrong {
    WRONG_NONE,
    WRONG_STATUS,   /* a result that is no status        */
    WRONG_REGISTER, /* a register that had to be kept    */
    WRONG_STACK,    /* the stack pointer moved           */
};

struct fuzz_random {
    uint64_t state;
};

static inline uint64_t
fuzz_next(struct fuzz_random *random)
{
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* A number below @bound, which is not 0. */
static inline uint64_t
fuzz_below(struct fuzz_random *random, uint64_t bound)
{
    return (fuzz_next(random) >> 16) % bound;
}

/* True once in @times. */
static inline bool
fuzz_once_in(struct fuzz_random *random, uint64_t times)
{
    return fuzz_below(random, times) == 0;
}

/* shape.c: a system call with arguments that are right, nearly right or absurd.
 * Registers in the order of enum fuzz_register. */
enum fuzz_register {
    R_AX,
    R_DI,
    R_SI,
    R_DX,
    R_10,
    R_8,
    R_9,
    R_BX,
    R_12,
    R_13,
    R_14,
    R_SP, /* out only */
    R_BP, /* out only */
    R_COUNT,
};

#define FUZZ_HANDLES 64u
#define FUZZ_REGIONS 32u
#define FUZZ_REPLIES 8u

/* What the process has come by, shared by its threads without order. */
struct fuzz_pool {
    handle_t handles[FUZZ_HANDLES];
    uint64_t regions[FUZZ_REGIONS];
    uint64_t replies[FUZZ_REPLIES];
    unsigned next_handle;
    unsigned next_region;
    unsigned next_reply;
    handle_t binding; /* of the hostile pager; HANDLE_NONE = the honest one */
};

extern struct fuzz_pool fuzz_pool;

/* Fill @in with a call. */
void shape_call(struct fuzz_random *random, uint64_t in[R_COUNT]);

/* Remember what @in has brought, by @out. */
void shape_learn(struct fuzz_random *random, const uint64_t in[R_COUNT],
                 const uint64_t out[R_COUNT]);

/* enter.asm: make the call of @in by the fast or the taught door and store every
 * register that comes back in @out. */
void fuzz_enter(const uint64_t in[R_COUNT], uint64_t out[R_COUNT], bool fast);

/* enter.asm: a handler for foreign calls that returns at once. */
void fuzz_handler(void);

int fuzz_worker(uint64_t seed, uint64_t calls);
int fuzz_pager(uint64_t seed);
