/* SPDX-License-Identifier: MIT */
/*
 * Ends in the way it is told: crash KIND. Claim: each ends this program alone,
 * with the vector, error code and reason that the table in the test expects.
 * Reaching the end of main means that the kernel let it pass: status 99.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/region.h>

#define CRASH_PASSED 99

static const uint32_t crash_constant = 1;
static volatile uint32_t crash_variable = 0xC3C3C3C3; /* ret */

/* Through a volatile: the compiler shall not know the address either. */
static volatile uint32_t *
crash_at(uint64_t address)
{
    volatile uint64_t hidden = address;

    return (volatile uint32_t *)(uintptr_t)hidden;
}

static void
crash_call(uint64_t address)
{
    ((void (*)(void))(uintptr_t)address)();
}

static void
crash_null(void)
{
    *crash_at(0) = 1;
}

static void
crash_read_kernel(void)
{
    (void)*crash_at(0xFFFFFFFF80100000u);
}

static void
crash_read_physmap(void)
{
    (void)*crash_at(0xFFFF888000000000u);
}

static void
crash_non_canonical(void)
{
    (void)*crash_at(0x0000800000000000u);
}

static void
crash_write_rodata(void)
{
    *crash_at((uint64_t)(uintptr_t)&crash_constant) = 2;
}

static void
crash_write_text(void)
{
    *crash_at((uint64_t)(uintptr_t)crash_null) = 2;
}

static void
crash_exec_data(void)
{
    crash_call((uint64_t)(uintptr_t)&crash_variable);
}

static void
crash_exec_stack(void)
{
    volatile uint32_t code = 0xC3C3C3C3;

    crash_call((uint64_t)(uintptr_t)&code);
}

static void
crash_exec_heap(void)
{
    uint8_t *code = malloc(16);

    memset(code, 0xC3, 16);
    crash_call((uint64_t)(uintptr_t)code);
}

static void
crash_guard(void)
{
    struct region_info info;

    /* The region of this stack begins right above its guard. */
    if (region_query((uint64_t)(uintptr_t)&info, &info) == ST_OK) {
        *crash_at(info.base - 8) = 1;
    }
}

static void
crash_hole(void)
{
    *crash_at(0x0000300000000000u) = 1;
}

static void
crash_divide(void)
{
    __asm__ volatile("xor %%ecx, %%ecx\n\t"
                     "div %%ecx" ::
                         : "eax", "ecx", "edx");
}

static void
crash_undefined(void)
{
    __asm__ volatile("ud2");
}

static void
crash_breakpoint(void)
{
    __asm__ volatile("int3");
}

static void
crash_halt(void)
{
    __asm__ volatile("hlt");
}

static void
crash_port(void)
{
    __asm__ volatile("outb %%al, %%dx" ::"a"(0), "d"(0xF4));
}

static void
crash_interrupt(void)
{
    __asm__ volatile("int $14");
}

static void
crash_jump_kernel(void)
{
    crash_call(0xFFFFFFFF80100000u);
}

static void
crash_jump_non_canonical(void)
{
    crash_call(0x0000800000000000u);
}

static void
crash_bad_stack(void)
{
    __asm__ volatile("mov $0xFFFFFFFF80100000, %%rsp\n\t"
                     "push %%rax" ::
                         : "memory");
}

static void
crash_smash(void)
{
    volatile char buffer[16];
    volatile char *at = buffer;

    for (int i = 0; i < 64; i++) {
        at[i] = 'x';
    }
}

static void
crash_assert(void)
{
    assert(crash_variable == 0);
}

static void
crash_double_free(void)
{
    /* The other keeps malloc from forgetting the page. */
    void *volatile block = malloc(40);
    void *volatile other = malloc(40);

    (void)other;
    free(block);
    free(block);
}

static void
crash_heap_overflow(void)
{
    volatile char *block = malloc(40);

    block[40] ^= 1;
    free((void *)(uintptr_t)block);
}

static const struct {
    const char *name;
    void (*run)(void);
} crash_kinds[] = {
    { "null", crash_null },
    { "read-kernel", crash_read_kernel },
    { "read-physmap", crash_read_physmap },
    { "non-canonical", crash_non_canonical },
    { "write-rodata", crash_write_rodata },
    { "write-text", crash_write_text },
    { "exec-data", crash_exec_data },
    { "exec-stack", crash_exec_stack },
    { "exec-heap", crash_exec_heap },
    { "guard", crash_guard },
    { "hole", crash_hole },
    { "divide", crash_divide },
    { "undefined", crash_undefined },
    { "breakpoint", crash_breakpoint },
    { "halt", crash_halt },
    { "port", crash_port },
    { "interrupt", crash_interrupt },
    { "jump-kernel", crash_jump_kernel },
    { "jump-non-canonical", crash_jump_non_canonical },
    { "bad-stack", crash_bad_stack },
    { "smash", crash_smash },
    { "abort", abort },
    { "assert", crash_assert },
    { "double-free", crash_double_free },
    { "heap-overflow", crash_heap_overflow },
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(crash_kinds) / sizeof(crash_kinds[0]); i++) {
        if (argc < 2) {
            printf("%s\n", crash_kinds[i].name);
        } else if (strcmp(argv[1], crash_kinds[i].name) == 0) {
            crash_kinds[i].run();
            printf("crash: %s passed\n", argv[1]);
            return CRASH_PASSED;
        }
    }
    return argc < 2 ? 0 : 2;
}
