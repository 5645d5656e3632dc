/* SPDX-License-Identifier: MIT */
/*
 * What lab 4 runs in ring 3: random system calls with every register under
 * control. gate SEED FIRST COUNT makes the calls FIRST to FIRST + COUNT - 1 of
 * that seed, says what each is, and stops at the first that differs.
 */
#include <stdio.h>
#include <stdlib.h>

#include <secos/region.h>
#include <secos/status.h>
#include <secos/types.h>

#include <libsecos/manifest.h>
#include <libsecos/region.h>
#include <libsecos/syscall.h>

SECOS_MANIFEST(1u << SYS_GROUP_MEMORY | 1u << SYS_GROUP_CONSOLE, 0, 0);

void gate_call(const uint64_t in[16], uint64_t out[16]);

enum {
    RAX,
    RDI,
    RSI,
    RDX,
    R10,
    R8,
    R9,
    FIRST_SAVED,
    REGISTERS = 13,
    RSP = 13
};

static const char *const names[] = { "rax", "rdi", "rsi", "rdx", "r10",
                                     "r8",  "r9",  "rbx", "rbp", "r12",
                                     "r13", "r14", "r15" };

#define PLACE 0x200000000000ull

static uint64_t state;

static uint64_t
next(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Dull;
}

struct call {
    const char *text;
    uint64_t in[16];
    int64_t result;
};

/* Call @number of the seed: random registers, then what the call needs. */
static struct call
choose(uint64_t seed, uint64_t number)
{
    struct call call = { .result = ST_OK };

    state = (seed * 1000003 + number) * 0x9E3779B97F4A7C15ull | 1;
    for (int i = 0; i < REGISTERS; i++) {
        call.in[i] = next();
    }
    switch (next() % 6) {
    case 0:
        call.text = "null()";
        call.in[RAX] = SYS_null;
        break;
    case 1:
        call.text = "a native number that is no call";
        call.in[RAX] = SYS_FIRST + 0x7F;
        call.result = ST_ENOSYS;
        break;
    case 2:
        call.text = "a foreign number, with no handler for it";
        call.in[RAX] = next() % SYS_FIRST;
        call.result = ST_ENOSYS;
        break;
    case 3:
        call.text = "a number beyond all";
        call.in[RAX] = SYS_FIRST + (next() | 1ull << 40);
        call.result = ST_ENOSYS;
        break;
    case 4:
        call.text = "yield(): others run in between";
        call.in[RAX] = SYS_yield;
        break;
    default:
        call.text = "region_create(): six arguments";
        call.in[RAX] = SYS_region_create;
        call.in[RDI] = 0;
        call.in[RSI] = PLACE;
        call.in[RDX] = 3;
        call.in[R10] = REGION_ARG(PROT_READ | PROT_WRITE, REGION_ANONYMOUS);
        call.in[R8] = 77;
        call.in[R9] = 0;
        call.result = (int64_t)PLACE;
    }
    return call;
}

static void
differ(const char *expected, const char *what, uint64_t got)
{
    printf("expected %s\n", expected);
    printf("got %s 0x%lx\n", what, got);
    exit(1);
}

static void
make(uint64_t seed, uint64_t number)
{
    struct call call = choose(seed, number);
    uint64_t out[16];

    printf("event %lu %s, rax 0x%lx\n", number, call.text, call.in[RAX]);
    gate_call(call.in, out);
    if ((int64_t)out[RAX] != call.result) {
        printf("expected rax 0x%lx\n", (uint64_t)call.result);
        printf("got rax 0x%lx\n", out[RAX]);
        exit(1);
    }
    for (int i = RDI; i < REGISTERS; i++) {
        if (out[i] != call.in[i]) {
            differ("no register but rax, rcx and r11 changes", names[i],
                   out[i]);
        }
    }
    if (out[RSP] != 0) {
        differ("the program's own stack", "another rsp, off by", out[RSP]);
    }
    if (call.result == (int64_t)PLACE) {
        (void)region_destroy(PLACE, 3);
    }
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? (uint64_t)strtol(argv[1], NULL, 10) : 1;
    uint64_t first = argc > 2 ? (uint64_t)strtol(argv[2], NULL, 10) : 0;
    uint64_t count = argc > 3 ? (uint64_t)strtol(argv[3], NULL, 10) : 64;

    for (uint64_t i = 0; i < count; i++) {
        make(seed, first + i);
    }
    printf("all as expected\n");
    return 0;
}
