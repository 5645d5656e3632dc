/* SPDX-License-Identifier: MIT */
/*
 * Claims about reflected system calls: what the handler finds, what comes back,
 * and what is refused (kernel/sys/sys_reflect.c).
 *
 *      reflect          both doors, every register, the red zone
 *      reflect limits   handlers and stacks that are none, missing pages
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

#include "claim.h"

#define RED_ZONE_BYTES 128u
#define REGISTERS      15u
#define STACK_BASE     0x0000180000000000ull
#define STACK_PAGES    4u
#define FOREIGN        39u

enum {
    RAX,
    RCX,
    R11 = 10
};

/* reflect.asm knows these offsets. */
struct reflect_state {
    uint64_t registers[REGISTERS];
    uint64_t rsp;
    uint64_t top;
};

extern struct reflect_state reflect_in;
extern struct reflect_state reflect_seen;
extern struct reflect_state reflect_out;
extern uint64_t reflect_answer;
void reflect_handler(void);
void reflect_syscall(void);
void reflect_int80(void);
extern const char reflect_syscall_return[];
extern const char reflect_int80_return[];

struct reflect_door {
    const char *name;
    void (*pass)(void);
    const char *behind;
};

static const struct reflect_door reflect_doors[] = {
    { "syscall", reflect_syscall, reflect_syscall_return },
    { "int 0x80", reflect_int80, reflect_int80_return },
};

static int64_t
reflect_set(uint64_t handler)
{
    return syscall1(SYS_reflect_set, handler);
}

/* Fill reflect_in: @number, and a value of its own for every other register. */
static void
reflect_prepare(uint64_t number, uint64_t rsp)
{
    for (unsigned i = 0; i < REGISTERS; i++) {
        reflect_in.registers[i] = 0x5EC0500000000000u + i * 0x0101010101u;
    }
    reflect_in.registers[RAX] = number;
    reflect_in.rsp = rsp;
    memset(&reflect_seen, 0, sizeof(reflect_seen));
}

/* How many registers of @state differ, but for those a call may change. */
static int64_t
reflect_changed(const struct reflect_state *state)
{
    int64_t count = 0;

    for (unsigned i = 0; i < REGISTERS; i++) {
        if (i != RAX && i != RCX && i != R11
            && state->registers[i] != reflect_in.registers[i]) {
            count++;
        }
    }
    return count;
}

static void
reflect_create_stack(void)
{
    struct region_request request = {
        .base = STACK_BASE,
        .pages = STACK_PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    (void)region_create(&request);
}

static void
reflect_claim_call(const struct reflect_door *door, uint64_t offset)
{
    uint64_t rsp = STACK_BASE + STACK_PAGES * PAGE_BYTES - offset;
    uint8_t *zone = (uint8_t *)(uintptr_t)(rsp - RED_ZONE_BYTES);
    int64_t touched = 0;

    memset(zone, 0xA5, RED_ZONE_BYTES);
    reflect_prepare(FOREIGN, rsp);
    reflect_answer = 0xFEEDFACECAFEBEEFu;
    door->pass();
    printf("door %s, stack %lu below a page\n", door->name, offset);
    claim_equal("the handler gets the number",
                (int64_t)reflect_seen.registers[RAX], FOREIGN);
    claim_equal("and every other register", reflect_changed(&reflect_seen), 0);
    claim_equal("below the red zone", (int64_t)(rsp - reflect_seen.rsp),
                RED_ZONE_BYTES + 8);
    claim_true("with the way back on top",
               reflect_seen.top == (uint64_t)(uintptr_t)door->behind);
    claim_true("its answer comes back",
               reflect_out.registers[RAX] == reflect_answer);
    claim_equal("and every other register", reflect_changed(&reflect_out), 0);
    claim_true("and the stack pointer", reflect_out.rsp == rsp);
    for (unsigned i = 0; i < RED_ZONE_BYTES; i++) {
        touched += zone[i] != 0xA5;
    }
    claim_equal("and the red zone", touched, 0);
}

static void
reflect_claim_all(void)
{
    static const uint64_t offsets[] = { 512, 513, 519, 136 };

    for (unsigned i = 0; i < ARRAY_COUNT(reflect_doors); i++) {
        reflect_prepare(FOREIGN, STACK_BASE + PAGE_BYTES);
        reflect_doors[i].pass();
        claim_status("no handler: ENOSYS", (int64_t)reflect_out.registers[RAX],
                     ST_ENOSYS);
    }
    claim_status("a handler", reflect_set((uintptr_t)reflect_handler), ST_OK);
    for (unsigned i = 0; i < ARRAY_COUNT(reflect_doors); i++) {
        for (unsigned j = 0; j < ARRAY_COUNT(offsets); j++) {
            reflect_claim_call(&reflect_doors[i], offsets[j]);
        }
    }
    claim_status("native calls stay native", syscall_null(), ST_OK);
    for (unsigned i = 0; i < ARRAY_COUNT(reflect_doors); i++) {
        reflect_prepare(SYS_FIRST + 0x500, STACK_BASE + PAGE_BYTES);
        reflect_doors[i].pass();
        claim_status("a native number without a row is not foreign",
                     (int64_t)reflect_out.registers[RAX], ST_ENOSYS);
        claim_equal("nor reaches the handler", (int64_t)reflect_seen.rsp, 0);
    }
    claim_status("no handler again", reflect_set(0), ST_OK);
    reflect_prepare(FOREIGN, STACK_BASE + PAGE_BYTES);
    reflect_syscall();
    claim_status("ENOSYS again", (int64_t)reflect_out.registers[RAX],
                 ST_ENOSYS);
}

static void
reflect_claim_stack(const struct reflect_door *door, uint64_t rsp)
{
    reflect_prepare(FOREIGN, rsp);
    door->pass();
    claim_status("EFAULT", (int64_t)reflect_out.registers[RAX], ST_EFAULT);
    claim_equal("the handler is not reached", (int64_t)reflect_seen.rsp, 0);
    claim_true("the stack pointer is as it was", reflect_out.rsp == rsp);
}

/* Stacks on which nothing can be pushed: zero, too low, a guard, read-only, the
 * kernel's, no address at all, and those around the end of the user's half. */
static void
reflect_claim_limits(void)
{
    static const uint64_t handlers[] = { 1,
                                         USER_BASE - 1,
                                         USER_END,
                                         0x0000800000000000u,
                                         0xFFFF888000000000u,
                                         0xFFFFFFFF80100000u,
                                         UINT64_MAX };
    static const uint64_t stacks[] = { 0,
                                       100,
                                       USER_BASE,
                                       STACK_BASE - PAGE_BYTES,
                                       (uint64_t)USER_END + 512,
                                       0x0000800000000000u + 512,
                                       0xFFFF888000000000u,
                                       0xFFFFFFFF80100000u,
                                       UINT64_MAX };

    for (unsigned i = 0; i < ARRAY_COUNT(handlers); i++) {
        claim_status("a handler outside the user's half",
                     reflect_set(handlers[i]), ST_EINVAL);
    }
    (void)reflect_set((uintptr_t)reflect_handler);
    for (unsigned i = 0; i < ARRAY_COUNT(reflect_doors); i++) {
        for (unsigned j = 0; j < ARRAY_COUNT(stacks); j++) {
            reflect_claim_stack(&reflect_doors[i], stacks[j]);
        }
        reflect_claim_stack(&reflect_doors[i], (uintptr_t)reflect_handler);
    }
}

/* The page that the return address goes to does not exist yet: its pager is
 * asked, and the call goes on as if it had been there. */
static void
reflect_claim_missing(void)
{
    for (unsigned i = 0; i < ARRAY_COUNT(reflect_doors); i++) {
        struct region_info info;
        uint64_t before;

        (void)region_destroy(STACK_BASE, STACK_PAGES);
        reflect_create_stack();
        (void)region_query(STACK_BASE, &info);
        before = info.resident;
        reflect_prepare(FOREIGN, STACK_BASE + STACK_PAGES * PAGE_BYTES);
        reflect_answer = 7;
        reflect_doors[i].pass();
        (void)region_query(STACK_BASE, &info);
        claim_equal("no page before", (int64_t)before, 0);
        claim_equal("the handler answered", (int64_t)reflect_out.registers[RAX],
                    7);
        claim_equal("with every register", reflect_changed(&reflect_seen), 0);
        claim_true("a page after", info.resident >= 1);
    }
}

int
main(int argc, char **argv)
{
    reflect_create_stack();
    if (argc > 1 && strcmp(argv[1], "limits") == 0) {
        reflect_claim_limits();
        reflect_claim_missing();
    } else {
        reflect_claim_all();
    }
    return claim_end();
}
