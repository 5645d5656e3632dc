/* SPDX-License-Identifier: MIT */
/* The one that makes the calls: three threads, both doors, every register
 * compared afterwards. */
#include <string.h>

#include <libsecos/region.h>

#include "fuzz.h"

#define THREADS     3u
#define STACK_BYTES (4 * PAGE)
#define BATCH       256u /* calls between two words to the supervisor */

static uint8_t stacks[THREADS][STACK_BYTES] __attribute__((aligned(16)));
static uint64_t worker_seed;
static uint64_t worker_calls;

static bool
is_message_call(uint64_t number)
{
    return number >= SYS_ipc_call && number <= SYS_ipc_reply;
}

/* What is wrong with how a call came back. */
static enum wrong
judge(const uint64_t in[R_COUNT], const uint64_t out[R_COUNT])
{
    int64_t result = (int64_t)out[R_AX];

    if (out[R_SP] != 0) {
        return WRONG_STACK;
    }
    if (out[R_BP] != 0 || out[R_14] != in[R_14]) {
        return WRONG_REGISTER;
    }
    if (in[R_AX] < SYS_FIRST) {
        return WRONG_NONE; /* a handler may say anything */
    }
    if (result < 0 && *syscall_status_name(result) == '?') {
        return WRONG_STATUS;
    }
    if (!is_message_call(in[R_AX])) {
        return memcmp(in + 1, out + 1, 10 * sizeof(*in)) == 0 ? WRONG_NONE
                                                              : WRONG_REGISTER;
    }
    for (unsigned i = R_DI; result < 0 && i <= R_13; i++) {
        if (out[i] != 0) {
            return WRONG_REGISTER;
        }
    }
    return WRONG_NONE;
}

/* Tell the supervisor; without it there is nothing more to do here. */
static void
tell(struct ipc_message *m)
{
    if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, m, 0) != ST_OK) {
        process_exit(1);
    }
}

static void
tell_wrong(enum wrong wrong, const uint64_t in[R_COUNT],
           const uint64_t out[R_COUNT])
{
    struct ipc_message m = { .label = LABEL_WRONG };

    m.words[0] = (uint64_t)wrong;
    m.words[1] = in[R_AX];
    m.words[2] = in[R_DI];
    m.words[3] = out[R_AX];
    m.words[4] = out[R_SP];
    tell(&m);
}

/* The program itself looks at a page that it should have. */
static void
touch(struct fuzz_random *random)
{
    uint64_t base = fuzz_pool.regions[fuzz_below(random, FUZZ_REGIONS)];

    if (base != 0 && region_populate(base, 1, PROT_READ) == 1) {
        (void)*(volatile uint8_t *)(uintptr_t)base;
    }
}

static void
make_calls(uint64_t number)
{
    struct fuzz_random random = { worker_seed * 31 + number };
    uint64_t in[R_COUNT] = { 0 };
    uint64_t out[R_COUNT];

    for (uint64_t i = 1; i <= worker_calls; i++) {
        enum wrong wrong;

        shape_call(&random, in);
        fuzz_enter(in, out, fuzz_once_in(&random, 2));
        wrong = judge(in, out);
        if (wrong != WRONG_NONE) {
            tell_wrong(wrong, in, out);
        }
        shape_learn(&random, in, out);
        if (fuzz_once_in(&random, 64)) {
            touch(&random);
        }
        if (i % BATCH == 0) {
            struct ipc_message m = { .label = LABEL_PROGRESS };

            m.words[0] = BATCH;
            tell(&m);
        }
    }
}

static void
one_thread(void *number)
{
    make_calls((uint64_t)(uintptr_t)number);
    thread_exit(0);
}

int
fuzz_worker(uint64_t seed, uint64_t calls)
{
    struct ipc_message m = { .label = LABEL_HELLO, .slot = IPC_SLOT_OPEN | 9 };

    worker_seed = seed;
    worker_calls = calls;
    tell(&m);
    fuzz_pool.binding = (handle_t)m.slot;
    for (uint64_t i = 1; i < THREADS; i++) {
        (void)thread_create(one_thread, (void *)(uintptr_t)i,
                            stacks[i] + STACK_BYTES - 8, 0);
    }
    make_calls(0);
    return 0;
}
