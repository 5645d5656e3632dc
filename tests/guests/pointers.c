/* SPDX-License-Identifier: MIT */
/*
 * Every pointer argument of every system call, with every address that is not the
 * caller's to give:
 *
 *      pointers bad       H21 H22 H24 H25 H33 H35   wild, unmapped, read-only,
 *                         guard; lengths that wrap; addresses that are not aligned
 *      pointers cross     H23 H28   a good page followed by none
 *      pointers missing   H31       a page that the pager has still to bring: the
 *                         call answers as if it had been there
 *      pointers changing  H29       the image of a program changes while it is
 *                         loaded: what was checked is what runs
 *      pointers truncated H95       an image that is cut after every byte
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/image.h>
#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "claim.h"
#include "image.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGE   4096u
#define RW     (PROT_READ | PROT_WRITE)
#define KERNEL 0xFFFFFFFF80200000u

static const char constant[64] = "constant";
static uint8_t before[PAGE];
static uint8_t after[PAGE];

/* ---- calls with a pointer ------------------------------------------------------- */

enum {
    IN,
    OUT
};

/* One pointer argument: what the call returns when it is good. */
struct pointer {
    const char *name;
    uint64_t number;
    unsigned index; /* which argument */
    unsigned way;   /* IN: the kernel reads; OUT: it writes */
    uint64_t bytes; /* how many */
    uint64_t args[6];
    int64_t good;
};

static handle_t pointer_child;

/* Stands for the address of this program's own first page. */
#define IMAGE 0x1111111111111000u

static const struct pointer pointers[] = {
    { "region_query",
      SYS_region_query,
      1,
      OUT,
      sizeof(struct region_info),
      { IMAGE },
      ST_OK },
    { "process_report",
      SYS_process_report,
      1,
      OUT,
      sizeof(struct exit_report),
      { 0 },
      ST_OK }, /* argument 0 is set to the child */
    { "console_write",
      SYS_console_write,
      1,
      IN,
      64,
      { HANDLE_SLOT_CONSOLE, 0, 64 },
      64 },
    { "sys_memory",
      SYS_sys_memory,
      0,
      OUT,
      sizeof(struct memory_info),
      { 0, sizeof(struct memory_info) },
      ST_OK },
    { "sys_processes",
      SYS_sys_processes,
      1,
      OUT,
      sizeof(struct process_info),
      { 0, 0, sizeof(struct process_info) },
      1 },
    { "sys_regions",
      SYS_sys_regions,
      1,
      OUT,
      sizeof(struct region_info),
      { 0, 0, sizeof(struct region_info), 0 },
      1 },
    { "sys_translate",
      SYS_sys_translate,
      2,
      OUT,
      sizeof(struct translate_info),
      { 0, IMAGE },
      ST_OK },
    { "sys_machine",
      SYS_sys_machine,
      0,
      OUT,
      sizeof(struct machine_info),
      { 0, sizeof(struct machine_info) },
      ST_OK },
    { "sys_faults",
      SYS_sys_faults,
      1,
      OUT,
      sizeof(struct fault_record),
      { 0, 0, sizeof(struct fault_record) },
      1 },
    { "sys_module",
      SYS_sys_module,
      1,
      OUT,
      sizeof(struct module_info),
      { 0, 0, sizeof(struct module_info) },
      ST_OK },
    { "sys_pager",
      SYS_sys_pager,
      1,
      OUT,
      sizeof(struct pager_info),
      { PAGER_STATUS, 0, sizeof(struct pager_info) },
      ST_OK },
    { "sys_table",
      SYS_sys_table,
      1,
      OUT,
      sizeof(struct syscall_info),
      { 0, 0, sizeof(struct syscall_info) },
      ST_OK },
    { "sys_audit",
      SYS_sys_audit,
      0,
      OUT,
      sizeof(struct audit_info),
      { 0, sizeof(struct audit_info) },
      ST_OK },
    { "sys_frame",
      SYS_sys_frame,
      2,
      OUT,
      sizeof(struct frame_info),
      { 0x100000, 0, 0, sizeof(struct frame_info) },
      ST_OK },
};
#define POINTERS (sizeof(pointers) / sizeof(pointers[0]))

static int64_t
pointer_call(const struct pointer *p, uint64_t address)
{
    uint64_t args[6];

    memcpy(args, p->args, sizeof(args));
    for (unsigned i = 0; i < 6; i++) {
        args[i] = args[i] == IMAGE ? image_bias() : args[i];
    }
    args[p->index] = address;
    if (p->number == SYS_process_report) {
        args[0] = pointer_child;
    }
    return syscall_fast(p->number, args);
}

static uint64_t
pointer_region(uint64_t pages, uint32_t prot, uint32_t kind)
{
    struct region_request request = {
        .pages = pages,
        .prot = prot,
        .kind = kind,
    };

    return (uint64_t)region_create(&request);
}

static int64_t
spawn_at(uint64_t address)
{
    return syscall1(SYS_process_spawn, address);
}

static int64_t
spawn_args_at(uint64_t address, uint32_t bytes)
{
    struct spawn_request request = { .name = "hello" };
    int64_t process;

    request.args = address;
    request.args_bytes = bytes;
    request.flags = SPAWN_SUSPENDED;
    process = process_spawn(&request);
    if (process > 0) {
        (void)process_kill((uint64_t)process);
        (void)process_wait((handle_t)process, 0);
        (void)handle_close((handle_t)process);
        return ST_OK;
    }
    return process;
}

/* ---- bad ---------------------------------------------------------------------------- */

static uint64_t bad_guard;
static uint64_t bad_none;
static uint64_t bad_read_only;

static void
bad_pointer(const struct pointer *p)
{
    const uint64_t addresses[] = {
        0,
        1,
        8,
        USER_BASE - 1,
        KERNEL,
        0xFFFFFFFF80100000u,
        0xFFFF888000000000u,
        0xFFFF888000100000u,
        0xFFFFFF0000001000u,
        1ull << 47,
        (1ull << 47) - 1,
        (1ull << 47) - 8,
        1ull << 63,
        USER_END,
        USER_END - 1,
        USER_END - p->bytes + 1,
        UINT64_MAX,
        UINT64_MAX - p->bytes + 1,
        UINT64_MAX - 7,
        bad_guard,
        bad_none,
        0xFFFF800000000000u,
    };
    int64_t wrong = 0;

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        int64_t status = pointer_call(p, addresses[i]);

        /* sys_pager takes 0 for "no report". */
        if (status != ST_EFAULT
            && (p->number != SYS_sys_pager || addresses[i] != 0)) {
            printf("%s at 0x%lx: %ld\n", p->name, addresses[i], status);
            wrong++;
        }
    }
    claim_equal(p->name, wrong, 0);
}

/* H24: the kernel obeys the protection of the caller's pages. */
static void
bad_read_only_out(const struct pointer *p)
{
    const uint64_t addresses[] = {
        syscall_address(constant),
        (uint64_t)(uintptr_t)bad_pointer,
        bad_read_only,
        bad_read_only + PAGE - p->bytes,
    };
    int64_t wrong = 0;

    for (unsigned i = 0; i < 4 && p->way == OUT; i++) {
        wrong += pointer_call(p, addresses[i]) != ST_EFAULT;
    }
    claim_equal(p->name, wrong, 0);
    claim_equal("the constant is as it was", memcmp(constant, "constant", 9),
                0);
}

/* H35: any alignment will do. */
static void
bad_unaligned(const struct pointer *p)
{
    int64_t wrong = 0;

    for (unsigned offset = 0; offset < 16; offset++) {
        memset(after, p->way == OUT ? 0xAA : '.', sizeof(after));
        wrong += pointer_call(p, syscall_address(after) + offset) != p->good;
        for (unsigned i = 0; i < offset && p->way == OUT; i++) {
            wrong += after[i] != 0xAA;
        }
        wrong += p->way == OUT && after[offset + p->bytes] != 0xAA;
    }
    claim_equal(p->name, wrong, 0);
}

static void
bad_lengths(void)
{
    const uint64_t lengths[] = { 1ull << 31, 1ull << 47, 1ull << 62, INT64_MAX,
                                 INT64_MAX - PAGE };
    uint64_t base = pointer_region(1, RW, REGION_ANONYMOUS);
    uint64_t rows = base + PAGE - sizeof(struct region_info);
    uint64_t begin = process_clock();
    int64_t wrong = 0;

    memset((void *)(uintptr_t)base, ' ', PAGE);
    for (unsigned i = 0; i < 5; i++) {
        /* Class C: what there was of the buffer was written, in one go. */
        wrong += console_write(HANDLE_SLOT_CONSOLE,
                               (void *)(uintptr_t)(base + PAGE - 8), lengths[i])
                 > 8;
    }
    claim_equal("writes that were longer than their buffer", wrong, 0);
    /* More rows than there is room: the second is where no page is. */
    claim_status("rows behind the end",
                 syscall4(SYS_sys_regions, 0, rows, UINT64_MAX, 0), ST_EFAULT);
    claim_status("rows that wrap",
                 syscall4(SYS_sys_regions, 0, UINT64_MAX - 63, UINT64_MAX, 0),
                 ST_EFAULT);
    claim_true("in constant time", process_clock() - begin < 500000000u);
    (void)region_destroy(base, 1);
}

static void
group_bad(void)
{
    struct spawn_request request = { .name = "hello" };

    bad_guard = pointer_region(2, PROT_NONE, REGION_GUARD);
    bad_none = 0x0000600000000000u;
    bad_read_only = pointer_region(1, PROT_READ, REGION_ANONYMOUS);
    for (unsigned i = 0; i < POINTERS; i++) {
        bad_pointer(&pointers[i]);
        bad_read_only_out(&pointers[i]);
        bad_unaligned(&pointers[i]);
    }
    claim_status("spawn at 0", spawn_at(0), ST_EFAULT);
    claim_status("spawn in the kernel", spawn_at(KERNEL), ST_EFAULT);
    claim_status("spawn beyond", spawn_at(1ull << 47), ST_EFAULT);
    claim_status("spawn across the end", spawn_at(USER_END - 8), ST_EFAULT);
    claim_status("spawn that wraps", spawn_at(UINT64_MAX - 8), ST_EFAULT);
    claim_status("spawn in a guard", spawn_at(bad_guard), ST_EFAULT);
    claim_status("arguments at 0", spawn_args_at(0, 16), ST_EFAULT);
    claim_status("arguments in the kernel", spawn_args_at(KERNEL, 16),
                 ST_EFAULT);
    claim_status("arguments that wrap", spawn_args_at(UINT64_MAX, 16),
                 ST_EFAULT);
    request.elf = KERNEL;
    request.elf_bytes = 1ull << 20;
    claim_status("an image in the kernel", process_spawn(&request), ST_EFAULT);
    request.elf = UINT64_MAX - PAGE;
    claim_status("an image that wraps", process_spawn(&request), ST_EFAULT);
    bad_lengths();
}

/* ---- cross ------------------------------------------------------------------------------ */

static void
group_cross(void)
{
    uint64_t base = pointer_region(2, RW, REGION_ANONYMOUS);
    uint64_t end = base + PAGE;
    struct spawn_request request = { .name = "hello" };

    memset((void *)(uintptr_t)base, 'x', PAGE);
    (void)region_destroy(end, 1);
    for (unsigned i = 0; i < POINTERS; i++) {
        const struct pointer *p = &pointers[i];
        int64_t wrong = 0;

        for (uint64_t inside = 1; inside < p->bytes; inside++) {
            int64_t status = pointer_call(p, end - inside);

            /* console_write may say how much it wrote. */
            wrong += status != ST_EFAULT
                     && (p->way == OUT || status > (int64_t)inside);
        }
        wrong += pointer_call(p, end - p->bytes) != p->good;
        claim_equal(p->name, wrong, 0);
    }
    for (uint64_t inside = 8; inside < sizeof(request); inside += 8) {
        memcpy((void *)(uintptr_t)(end - inside), &request, inside);
        claim_status("a request that is cut", spawn_at(end - inside),
                     ST_EFAULT);
    }
    /* H28: a string without an end. */
    memset((void *)(uintptr_t)base, 'x', PAGE);
    claim_status("arguments without NUL", spawn_args_at(end - 64, 64),
                 ST_EINVAL);
    claim_status("arguments that are cut", spawn_args_at(end - 64, 65),
                 ST_EFAULT);
    (void)region_destroy(base, 1);
}

/* ---- missing -------------------------------------------------------------------------------- */

/* Whether the two pages hold the same, but for what counts while we look. */
static int
missing_is_same(const struct pointer *p)
{
    return p->number == SYS_sys_memory || p->number == SYS_sys_machine
           || p->number == SYS_sys_processes || p->number == SYS_sys_regions
           || p->number == SYS_sys_pager || p->number == SYS_sys_audit
           || p->number == SYS_sys_table || p->number == SYS_sys_faults
           || memcmp(before, after, p->bytes) == 0;
}

static void
group_missing(void)
{
    struct spawn_request request = { .name = "hello" };
    int64_t process;
    uint64_t base;

    for (unsigned i = 0; i < POINTERS; i++) {
        const struct pointer *p = &pointers[i];
        struct region_info info;
        uint64_t address;

        (void)pointer_call(p, syscall_address(before));
        /* Across the border of two pages, neither of which is there. */
        base = pointer_region(2, RW, REGION_ANONYMOUS);
        address = base + PAGE - p->bytes / 2;
        claim_equal(p->name, pointer_call(p, address), p->good);
        memcpy(after, (void *)(uintptr_t)address, p->bytes);
        claim_true("the report is the same",
                   p->way == IN || missing_is_same(p));
        (void)region_query(base, &info);
        claim_equal("both pages came", (int64_t)info.resident, 2);
        (void)region_destroy(base, 2);
    }
    /* The pages of a request, of arguments and of an image are read: zeroes. */
    base = pointer_region(2, RW, REGION_ANONYMOUS);
    claim_status("a request of zeroes",
                 spawn_at(base + PAGE - sizeof(request) / 2), ST_ENOENT);
    (void)region_destroy(base, 2);
    base = pointer_region(2, RW, REGION_ANONYMOUS);
    claim_status("arguments of zeroes", spawn_args_at(base + PAGE - 8, 16),
                 ST_OK);
    (void)region_destroy(base, 2);
    base = pointer_region(64, RW, REGION_ANONYMOUS);
    request.elf = base;
    request.elf_bytes = 64 * PAGE;
    process = process_spawn(&request);
    claim_status("an image of zeroes", process, ST_ENOEXEC);
    (void)region_destroy(base, 64);
}

/* ---- changing ----------------------------------------------------------------------------------- */

#define IMAGE_PAGES 256u

static struct image *volatile changing_image;
static uint8_t changing_stack[PAGE] __attribute__((aligned(16)));
static volatile uint64_t changing_turns;

static void
changing_thread(void *argument)
{
    (void)argument;
    /* At each tick, in the middle of whatever the other thread does. */
    for (;;) {
        changing_image->entry = KERNEL;
        changing_image->p_vaddr = KERNEL & ~(uint64_t)(PAGE - 1);
        changing_turns++;
        (void)process_sleep_until(process_clock() + 1);
        changing_image->entry = IMAGE_ENTRY;
        changing_image->p_vaddr = IMAGE_AT;
        (void)process_sleep_until(process_clock() + 1);
    }
}

static void
group_changing(void)
{
    uint64_t base = pointer_region(IMAGE_PAGES, RW, REGION_ANONYMOUS);
    struct spawn_request request = { .name = "changing" };
    int64_t refused = 0;
    int64_t ran = 0;
    int64_t wrong = 0;

    changing_image = (struct image *)(uintptr_t)base;
    image_make(changing_image, IMAGE_PAGES * IMAGE_PAGE);
    request.elf = base;
    request.elf_bytes = IMAGE_PAGES * PAGE;
    for (unsigned i = 0; i < 200; i++) {
        int64_t process;

        if (i == 20) {
            (void)thread_create(changing_thread, NULL,
                                changing_stack + sizeof(changing_stack) - 8, 0);
            (void)thread_priority(0, 4); /* below it */
        }
        process = process_spawn(&request);
        if (process == ST_ENOEXEC) {
            refused++;
        } else if (process > 0) {
            wrong += process_wait((handle_t)process, 0) != 7;
            (void)handle_close((handle_t)process);
            ran++;
        } else {
            wrong++;
        }
    }
    printf("%ld ran, %ld refused, %lu turns\n", ran, refused, changing_turns);
    claim_equal("programs that were neither whole nor refused", wrong, 0);
    claim_true("some ran", ran >= 20);
    claim_true("some were refused", refused > 0);
    claim_true("the image changed meanwhile", changing_turns > 10);
}

/* ---- truncated --------------------------------------------------------------- */

static void
group_truncated(void)
{
    static struct image image;
    struct spawn_request request = { .name = "truncated" };
    int64_t refused = 0;
    int64_t process;

    image_make(&image, sizeof(image));
    request.elf = syscall_address(&image);
    for (uint64_t bytes = 1; bytes < sizeof(image); bytes++) {
        request.elf_bytes = bytes;
        refused += process_spawn(&request) == ST_ENOEXEC;
    }
    claim_equal("cut images refused", refused, sizeof(image) - 1);
    request.elf_bytes = sizeof(image);
    process = process_spawn(&request);
    claim_true("the whole one is not", process > 0);
    claim_equal("and runs", process_wait((handle_t)process, 0), 7);
    (void)handle_close((handle_t)process);
}

int
main(int argc, char **argv)
{
    struct spawn_request request = { .name = "hello" };
    const char *mode = argc > 1 ? argv[1] : "";

    request.flags = SPAWN_SUSPENDED;
    pointer_child = (handle_t)process_spawn(&request);
    if (strcmp(mode, "bad") == 0) {
        group_bad();
    } else if (strcmp(mode, "cross") == 0) {
        group_cross();
    } else if (strcmp(mode, "missing") == 0) {
        group_missing();
    } else if (strcmp(mode, "changing") == 0) {
        group_changing();
    } else if (strcmp(mode, "truncated") == 0) {
        group_truncated();
    }
    (void)process_kill(pointer_child);
    (void)process_wait(pointer_child, 0);
    return claim_end();
}
