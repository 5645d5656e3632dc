/* SPDX-License-Identifier: MIT */
/*
 * Claims about going into the kernel and coming back: whatever registers and
 * flags ring 3 brings, only the documented registers change.
 *
 *      entry flags      H7 H8 H9 H11   DF, AC, NT, RF and others
 *      entry registers  H3 H12 H17     every register, every call, both doors
 *      entry numbers    H18 H20        calls that do not exist
 *      entry selectors  H59            LAR LSL VERR VERW over all selectors
 *      entry spin                      H71: system calls with a kernel GS base
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_INSPECT, 0, 0);

#define FLAG_CF  0x1u
#define FLAG_ALL 0x202u
#define FLAG_DF  0x400u
#define FLAG_NT  0x4000u
#define FLAG_RF  0x10000u
#define FLAG_VM  0x20000u
#define FLAG_AC  0x40000u
#define FLAG_VIF 0x80000u
#define FLAG_VIP 0x100000u
#define FLAG_ID  0x200000u
/* The arithmetic flags may be anything behind a door. */
#define FLAGS_ARITHMETIC 0x8D5u

#define KERNEL_TEXT 0xFFFFFFFF80100000u

enum {
    RAX,
    RCX,
    RDX,
    RBX,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    REGISTERS = 15
};

struct entry_state {
    uint64_t reg[REGISTERS];
    uint64_t flags;
    uint64_t rsp;
    uint64_t rip;
    uint64_t ymm[16][4];
};

extern struct entry_state entry_in;
extern struct entry_state entry_out;
void entry_syscall(void);
void entry_int80(void);
void entry_movss_syscall(void);
void entry_movss_int80(void);
void entry_selectors(uint16_t selector, uint64_t out[4]);

struct door {
    const char *name;
    void (*enter)(void);
    int is_syscall; /* rcx and r11 change */
};

static const struct door doors[] = {
    { "syscall", entry_syscall, 1 },
    { "int80", entry_int80, 0 },
    { "movss-syscall", entry_movss_syscall, 1 },
    { "movss-int80", entry_movss_int80, 0 },
};
#define DOORS 4

static char name[64];

static const char *
named(const char *what, const struct door *door)
{
    snprintf(name, sizeof(name), "%s by %s", what, door->name);
    return name;
}

static void
entry_fill(uint64_t number)
{
    memset(&entry_in, 0, sizeof(entry_in));
    for (unsigned i = 0; i < REGISTERS; i++) {
        entry_in.reg[i] = 0x0123456789ABCDEFu * (i + 3);
    }
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned j = 0; j < 4; j++) {
            entry_in.ymm[i][j] = 0xFEDCBA9876543210u * (i * 4 + j + 1);
        }
    }
    entry_in.reg[RAX] = number;
    entry_in.flags = FLAG_ALL;
}

/* One call with four arguments and @flags through @door. Returns its result. */
static int64_t
entry_call(const struct door *door, uint64_t flags, uint64_t number,
           const uint64_t args[4])
{
    entry_fill(number);
    entry_in.flags = flags | FLAG_ALL;
    entry_in.reg[RDI] = args[0];
    entry_in.reg[RSI] = args[1];
    entry_in.reg[RDX] = args[2];
    entry_in.reg[R10] = args[3];
    door->enter();
    return (int64_t)entry_out.reg[RAX];
}

/* ---- registers: H3, H12, H17 --------------------------------------------- */

/* How many registers changed that may not. r15 is scratch behind mov ss. */
static int64_t
entry_changed(const struct door *door)
{
    int64_t changed = 0;

    for (unsigned i = 1; i < REGISTERS - 1; i++) {
        if (door->is_syscall && (i == RCX || i == R11)) {
            continue;
        }
        changed += entry_in.reg[i] != entry_out.reg[i];
    }
    if (door->enter == entry_syscall || door->enter == entry_int80) {
        changed += entry_in.reg[14] != entry_out.reg[14];
    }
    return changed + memcmp(entry_in.ymm, entry_out.ymm, sizeof(entry_in.ymm));
}

/* rcx and r11 carry what the processor put there, and no kernel value. */
static int
entry_scratch_is_harmless(void)
{
    return entry_out.reg[RCX] == entry_out.rip
           && (entry_out.reg[R11] & ~(uint64_t)FLAGS_ARITHMETIC) == FLAG_ALL;
}

/* Calls that would not come back, or return a message. */
static int
entry_is_special(uint64_t number)
{
    return number == SYS_exit || number == SYS_thread_exit
           || (number >= SYS_ipc_call && number <= SYS_ipc_reply)
           || number == SYS_sleep_until;
}

static void
entry_registers(void)
{
    static const uint64_t stacks[] = { 1,
                                       0xFFFFFFFF80100000u,
                                       0xFFFF888000001000u,
                                       0x800000000000u,
                                       0x7FFFFFFFFFFFu,
                                       0x8000000000000000u };

    for (unsigned d = 0; d < DOORS; d++) {
        int64_t changed = 0;
        int64_t scratch = 0;
        int64_t stack = 0;

        for (uint64_t n = 0; n < SYS_TABLE_ROWS + 16; n++) {
            if (entry_is_special(SYS_FIRST + n)) {
                continue;
            }
            entry_fill(SYS_FIRST + n);
            doors[d].enter();
            changed += entry_changed(&doors[d]);
            scratch += doors[d].is_syscall && !entry_scratch_is_harmless();
        }
        claim_equal(named("H12 registers changed", &doors[d]), changed, 0);
        claim_equal(named("H12 kernel values left", &doors[d]), scratch, 0);
        for (unsigned i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
            entry_fill(SYS_null);
            entry_in.rsp = stacks[i];
            doors[d].enter();
            stack += entry_out.reg[RAX] != 0 || entry_out.rsp != stacks[i];
        }
        claim_equal(named("H3 stack pointers refused", &doors[d]), stack, 0);
    }
}

/* A failed message call leaves zeroes in every output but rax. */
static void
entry_messages(void)
{
    for (unsigned d = 0; d < 2; d++) {
        for (uint64_t n = SYS_ipc_call; n <= SYS_ipc_reply; n++) {
            int64_t left = 0;

            entry_fill(n);
            doors[d].enter();
            left += entry_out.reg[RDI] != 0 || entry_out.reg[RSI] != 0;
            left += entry_out.reg[RDX] != 0 || entry_out.reg[R10] != 0;
            left += entry_out.reg[R8] != 0 || entry_out.reg[R9] != 0;
            left += entry_out.reg[RBX] != 0 || entry_out.reg[11] != 0;
            left += entry_out.reg[12] != 0;
            left += entry_out.reg[RBP] != entry_in.reg[RBP];
            left += entry_out.reg[13] != entry_in.reg[13];
            left += entry_out.reg[14] != entry_in.reg[14];
            claim_equal(named("H12 a failed message leaves values", &doors[d]),
                        left, 0);
        }
    }
}

/* ---- flags: H7, H8, H9, H11 ------------------------------------------------ */

/* The direction flag: what the kernel copies out must be right, and the flag
 * must still be ours. */
static void
entry_direction(const struct door *door)
{
    struct region_info plain;
    struct region_info info;
    uint64_t args[4] = { syscall_address(&plain), syscall_address(&info) };

    (void)region_query(args[0], &plain);
    memset(&info, 0x77, sizeof(info));
    claim_status(named("H7 a copy with DF set", door),
                 entry_call(door, FLAG_DF, SYS_region_query, args), ST_OK);
    claim_true(named("H7 DF is restored", door),
               (entry_out.flags & FLAG_DF) != 0);
    claim_equal(named("H7 the copy is right", door),
                memcmp(&plain, &info, sizeof(info)), 0);
}

static void
entry_alignment(const struct door *door)
{
    uint64_t args[4] = { 0x10000, KERNEL_TEXT };
    int64_t status = entry_call(door, FLAG_AC, SYS_region_query, args);

    claim_status(named("H8 a kernel pointer with AC set", door), status,
                 ST_EFAULT);
    claim_true(named("H8 AC is kept", door), (entry_out.flags & FLAG_AC) != 0);
    args[0] = HANDLE_SLOT_CONSOLE;
    args[2] = 16;
    status = entry_call(door, FLAG_AC, SYS_console_write, args);
    claim_status(named("H8 reading kernel memory with AC set", door), status,
                 ST_EFAULT);
}

/* A nested-task flag that reached iretq in the kernel would be #GP there. The
 * yields lead out by iretq, since others wait in the middle of their code. */
static void
entry_nested(const struct door *door)
{
    static const uint64_t none[4];
    int64_t wrong = 0;

    for (unsigned i = 0; i < 1000; i++) {
        uint64_t number = i % 100 == 0 ? SYS_yield : SYS_null;

        wrong += entry_call(door, FLAG_NT, number, none) != ST_OK;
    }
    claim_equal(named("H9 a call with NT set, 1000 times", door), wrong, 0);
}

/* Flags that ring 3 may not have are gone; those it may are as before. */
static void
entry_others(const struct door *door)
{
    static const uint64_t none[4];
    uint64_t forbidden = FLAG_VM | FLAG_VIF | FLAG_VIP | FLAG_NT | 0x3000;

    (void)entry_call(door, FLAG_RF | FLAG_VIF | FLAG_VIP | FLAG_ID | 0x3000,
                     SYS_null, none);
    claim_equal(named("H11 forbidden flags", door),
                (int64_t)(entry_out.flags & forbidden), 0);
    claim_true(named("H11 ID is kept", door), (entry_out.flags & FLAG_ID) != 0);
    claim_true(named("H11 IF is set", door), (entry_out.flags & 0x200) != 0);
}

/* ---- numbers: H18, H20 ------------------------------------------------------ */

static void
entry_numbers(void)
{
    static const uint64_t numbers[] = {
        UINT64_MAX,
        1ull << 63,
        1ull << 31,
        1ull << 32,
        1ull << 32 | SYS_null,
        1ull << 63 | SYS_null,
        SYS_FIRST + 0xA,
        SYS_FIRST + SYS_TABLE_ROWS - 1,
        SYS_FIRST + SYS_TABLE_ROWS,
        SYS_FIRST * 2,
        SYS_FIRST - 1,
        0,
        1,
        60,
        231,
        511,
        0x40000000,
    };
    static const uint64_t none[4];

    for (unsigned d = 0; d < DOORS; d++) {
        int64_t wrong = 0;

        for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
            int64_t status = entry_call(&doors[d], 0, numbers[i], none);

            if (status != ST_ENOSYS) {
                printf("number 0x%lx: %ld\n", numbers[i], status);
                wrong++;
            }
        }
        claim_equal(named("H20 numbers answered that are no call", &doors[d]),
                    wrong, 0);
    }
}

/* ---- selectors: H59 ---------------------------------------------------------- */

static void
entry_all_selectors(void)
{
    uint64_t addresses = 0;
    uint64_t answered = 0;

    for (uint32_t selector = 0; selector < 65536; selector++) {
        uint64_t out[4];

        entry_selectors((uint16_t)selector, out);
        for (unsigned i = 0; i < 4; i++) {
            addresses += out[i] > UINT32_MAX;
        }
        answered += out[0] != 0 || out[1] != 0 || out[2] != 0 || out[3] != 0;
    }
    claim_equal("H59 answers wider than a limit", (int64_t)addresses, 0);
    /* User data and user code, each with four privilege levels asked for. */
    claim_equal("H59 selectors that answer", (int64_t)answered, 8);
}

/* ---- H71 ----------------------------------------------------------------------- */

/* System calls with a kernel address in GS base, both doors in turn. */
static void
entry_spin(void)
{
    static const uint64_t none[4];
    uint64_t gs = 0xFFFFFFFF80200000u;
    int64_t wrong = 0;

    printf("spinning\n");
    for (unsigned i = 0; i < 300000; i++) {
        uint64_t back;

        __asm__ volatile("wrgsbase %0" ::"r"(gs));
        (void)entry_call(&doors[i & 1], 0, SYS_null, none);
        __asm__ volatile("rdgsbase %0" : "=r"(back));
        wrong += back != gs;
    }
    claim_equal("H71 GS base changed", wrong, 0);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "registers") == 0) {
        entry_registers();
        entry_messages();
    } else if (strcmp(mode, "flags") == 0) {
        for (unsigned d = 0; d < DOORS; d++) {
            entry_direction(&doors[d]);
            entry_alignment(&doors[d]);
            entry_nested(&doors[d]);
            entry_others(&doors[d]);
        }
    } else if (strcmp(mode, "numbers") == 0) {
        entry_numbers();
    } else if (strcmp(mode, "selectors") == 0) {
        entry_all_selectors();
    } else if (strcmp(mode, "spin") == 0) {
        entry_spin();
    }
    return claim_end();
}
