/* SPDX-License-Identifier: MIT */
/*
 * attack NAME[:NUMBER]: one thing that no program may do. Being stopped is
 * success; one that is let through says so and returns 99. What needs exact
 * instructions is in attack.asm, what needs system calls is here.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/image.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#define ATTACK_PASSED 99
#define PAGE          4096u

struct attack {
    const char *name;
    void (*run)(uint64_t number);
};

extern const struct attack attack_table[]; /* attack.asm; ends with NULL */

static const uint8_t attack_constant[16] = { 0xC3 };
static uint8_t attack_data[16] = { 0xC3, 0xC3 };
static uint8_t attack_bss[PAGE];

/* Through a volatile: the compiler shall not know the address. */
static volatile uint8_t *
attack_at(uint64_t address)
{
    volatile uint64_t hidden = address;

    return (volatile uint8_t *)(uintptr_t)hidden;
}

static void
attack_call(const volatile void *code)
{
    volatile uint64_t hidden = syscall_address(code);

    ((void (*)(void))(uintptr_t)hidden)();
}

static uint64_t
attack_stack_base(void)
{
    struct region_info info = { .base = 0 };

    (void)region_query(syscall_address(&info), &info);
    return info.base;
}

static uint64_t
attack_region(uint64_t pages)
{
    struct region_request request = {
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    return (uint64_t)region_create(&request);
}

/* ---- H43, H44: W^X ------------------------------------------------------ */

static void
attack_write_text(uint64_t number)
{
    *attack_at((uintptr_t)attack_write_text + number) = 0xC3;
}

static void
attack_write_rodata(uint64_t number)
{
    *attack_at((uintptr_t)attack_constant + number) = 1;
}

static void
attack_exec_stack(uint64_t number)
{
    volatile uint8_t code[16] = { 0xC3 };

    (void)number;
    attack_call(code);
}

static void
attack_exec_heap(uint64_t number)
{
    uint8_t *code = malloc(16);

    (void)number;
    memset(code, 0xC3, 16);
    attack_call(code);
}

static void
attack_exec_data(uint64_t number)
{
    (void)number;
    attack_call(attack_data);
}

static void
attack_exec_bss(uint64_t number)
{
    (void)number;
    attack_bss[0] = 0xC3;
    attack_call(attack_bss);
}

static void
attack_exec_rodata(uint64_t number)
{
    (void)number;
    attack_call(attack_constant);
}

static void
attack_exec_region(uint64_t number)
{
    uint8_t *page = (uint8_t *)(uintptr_t)attack_region(1);

    (void)number;
    page[0] = 0xC3;
    attack_call(page);
}

/* A read-only region is not to be written, nor a page made read-only later. */
static void
attack_write_protected(uint64_t number)
{
    uint64_t base = attack_region(1);

    *attack_at(base) = 1;
    if (region_protect(base, 1, PROT_READ) == ST_OK) {
        *attack_at(base + number) = 2;
    }
}

static void
attack_read_protected(uint64_t number)
{
    uint64_t base = attack_region(1);

    *attack_at(base) = 1;
    if (region_protect(base, 1, PROT_NONE) == ST_OK) {
        (void)*attack_at(base + number);
    }
}

/* ---- H39, H48: memory that is gone --------------------------------------- */

static void
attack_read_unmapped(uint64_t number)
{
    uint64_t base = attack_region(2);

    *attack_at(base + number) = 0xA5;
    if (region_destroy(base, 2) == ST_OK) {
        (void)*attack_at(base + number);
    }
}

/* The page goes and its frame serves another page: the first address must not
 * show it. */
static void
attack_read_reused(uint64_t number)
{
    uint64_t base = attack_region(1);
    uint64_t other;

    *attack_at(base) = 0xA5;
    (void)region_destroy(base, 1);
    other = attack_region(64);
    for (uint64_t i = 0; i < 64 && other != base; i++) {
        *attack_at(other + i * PAGE) = 0x5A;
    }
    (void)region_destroy(other, 64);
    (void)number;
    (void)*attack_at(base);
}

/* Unmap the code that is running: killed on the way back to it. */
static void
attack_unmap_code(uint64_t number)
{
    uint64_t page = (uintptr_t)attack_unmap_code & ~(uint64_t)(PAGE - 1);

    (void)number;
    (void)region_destroy(page - PAGE, 3);
}

static void
attack_unmap_stack(uint64_t number)
{
    uint64_t base = attack_stack_base();

    (void)number;
    (void)region_destroy(base, (process_stack_top() - base) / PAGE);
}

static void
attack_unmap_all(uint64_t number)
{
    (void)number;
    (void)region_destroy(USER_BASE, (USER_END - USER_BASE) / PAGE);
}

/* ---- H46, H47: the stack's guard ------------------------------------------ */

/* The guard's last byte is 1 below the stack's base, its first one 4096. */
static void
attack_guard(uint64_t number)
{
    *attack_at(attack_stack_base() - number) = 1;
}

/* The lowest byte of the stack itself is no guard: this one passes. */
static void
attack_stack_bottom(uint64_t number)
{
    *attack_at(attack_stack_base() + number) = 1;
}

static uint64_t __attribute__((noinline)) attack_recurse(uint64_t depth)
{
    volatile uint8_t frame[512];

    frame[0] = (uint8_t)depth;
    return depth == UINT64_MAX ? 0 : attack_recurse(depth + 1) + frame[0];
}

static void
attack_overflow(uint64_t number)
{
    (void)attack_recurse(number);
}

/* A frame so large that it reaches over the guard page. */
static void
attack_over_guard(uint64_t number)
{
    *attack_at(attack_stack_base() - number * PAGE) = 1;
}

/* A region that reaches to the end of memory, one page at a time. */
static void
attack_eat(uint64_t number)
{
    uint64_t base = attack_region(number);

    for (uint64_t i = 0; i < number; i++) {
        *attack_at(base + i * PAGE) = 1;
    }
}

/* Pages so far apart that each needs page tables of its own. */
static void
attack_eat_tables(uint64_t number)
{
    for (uint64_t i = 0; i < number; i++) {
        struct region_request request = {
            .base = USER_MAP_BASE + (i << 30),
            .pages = 1,
            .prot = PROT_READ | PROT_WRITE,
            .kind = REGION_ANONYMOUS,
        };

        if (region_create(&request) < 0) {
            exit(3);
        }
        (void)*attack_at(request.base);
    }
}

static const struct attack attack_list[] = {
    { "write-text", attack_write_text },
    { "write-rodata", attack_write_rodata },
    { "exec-stack", attack_exec_stack },
    { "exec-heap", attack_exec_heap },
    { "exec-data", attack_exec_data },
    { "exec-bss", attack_exec_bss },
    { "exec-rodata", attack_exec_rodata },
    { "exec-region", attack_exec_region },
    { "write-protected", attack_write_protected },
    { "read-protected", attack_read_protected },
    { "read-unmapped", attack_read_unmapped },
    { "read-reused", attack_read_reused },
    { "unmap-code", attack_unmap_code },
    { "unmap-stack", attack_unmap_stack },
    { "unmap-all", attack_unmap_all },
    { "guard", attack_guard },
    { "stack-bottom", attack_stack_bottom },
    { "overflow", attack_overflow },
    { "over-guard", attack_over_guard },
    { "eat", attack_eat },
    { "eat-tables", attack_eat_tables },
    { NULL, NULL },
};

/* A number, or with a plus before it an address of ours as the linker wrote it. */
static uint64_t
attack_number(const char *text)
{
    return *text == '+' ? image_bias() + strtoul(text + 1, NULL, 0)
                        : strtoul(text, NULL, 0);
}

/* Run the attack that @spec names, up to its colon. */
static int
attack_run(const struct attack *list, const char *spec)
{
    size_t bytes = strcspn(spec, ":");
    uint64_t number = spec[bytes] == ':' ? attack_number(spec + bytes + 1) : 0;

    for (; list->name != NULL; list++) {
        if (strlen(list->name) == bytes
            && memcmp(list->name, spec, bytes) == 0) {
            list->run(number);
            return 1;
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc != 2
        || (!attack_run(attack_table, argv[1])
            && !attack_run(attack_list, argv[1]))) {
        return 2;
    }
    return ATTACK_PASSED;
}
