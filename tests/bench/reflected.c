/* SPDX-License-Identifier: MIT */
/*
 * What a foreign system call costs: getppid, whose function in the layer returns
 * 0 and does nothing else, by the instruction that musl uses. Prints a line
 * "bench NAME VALUE UNIT" as tests/guests/bench.c does.
 */
#include <stdint.h>
#include <stdio.h>

#define REPEAT      64
#define BATCHES     15
#define SYS_GETPPID 110

static uint64_t
tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* The ticks of REPEAT rounds, the cheapest of all batches. */
#define LOOP(name, body)                                    \
    static uint64_t name(void)                              \
    {                                                       \
        uint64_t best = UINT64_MAX;                         \
                                                            \
        for (int batch = 0; batch < BATCHES; batch++) {     \
            uint64_t start = tsc();                         \
                                                            \
            for (int i = 0; i < REPEAT; i++) {              \
                long number = SYS_GETPPID;                  \
                                                            \
                __asm__ volatile(body                       \
                                 : "+a"(number)             \
                                 :                          \
                                 : "rcx", "r11", "memory"); \
            }                                               \
            start = tsc() - start;                          \
            best = start < best ? start : best;             \
        }                                                   \
        return best;                                        \
    }

LOOP(nothing, "")
LOOP(reflected, "syscall")
LOOP(reflected_int80, "int $0x80")

static void
show(const char *name, uint64_t ticks)
{
    printf("bench %s %lu ticks\n", name,
           (unsigned long)((ticks + REPEAT / 2) / REPEAT));
}

int
main(void)
{
    uint64_t overhead = nothing();

    show("syscall_reflected", reflected() - overhead);
    show("syscall_reflected_int80", reflected_int80() - overhead);
    return 0;
}
