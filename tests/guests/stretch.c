/* SPDX-License-Identifier: MIT */
/*
 * Everything that is long: what a program can ask of the kernel that takes more
 * than a moment, in sizes at which it would be far too long if it were done at
 * once. tests/tools/irq_off.c measures from outside how long interrupts were off.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/system.h>

#include "area.h"
#include "claim.h"
#include "image.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGE    4096u
#define RW      (PROT_READ | PROT_WRITE)
#define FAR     0x300000000000u
#define THREADS 100u
#define REGIONS 10000u

static uint8_t stacks[THREADS][1024] __attribute__((aligned(16)));
static handle_t bell;
static handle_t place;
static volatile unsigned waiting;

static void
many_pages(void)
{
    uint64_t base = area_at(0, 0, 8192);
    struct region_info row;

    claim_equal("8,192 pages", region_populate(base, 8192, PROT_WRITE), 8192);
    claim_status("asked about", region_query(base, &row), ST_OK);
    claim_equal("all of them there", (int64_t)row.resident, 8192);
    claim_true("listed", sys_regions(0, &row, sizeof(row), base) == 1);
    claim_status("made read-only", region_protect(base, 8192, PROT_READ),
                 ST_OK);
    claim_status("half of them hidden", region_protect(base, 4096, PROT_NONE),
                 ST_OK);
    claim_status("given back", region_destroy(base, 8192), ST_OK);
}

/* Each page needs tables of its own. */
static void
far_pages(void)
{
    struct region_info row;
    int64_t present = 0;

    claim_true("a region of 64 GiB", area_at(0, FAR, 1ull << (36 - 12)) == FAR);
    for (uint64_t i = 0; i < 63; i++) {
        present += region_populate(FAR + (i << 30) + (i << 12), 1, PROT_WRITE);
    }
    claim_equal("63 pages far apart", present, 63);
    claim_status("asked about", region_query(FAR, &row), ST_OK);
    claim_status("made read-only",
                 region_protect(FAR, 1ull << (36 - 12), PROT_READ), ST_OK);
    claim_status("given back", region_destroy(FAR, 1ull << (36 - 12)), ST_OK);
}

/* How many of the regions are listed, by calls that have room for all. */
static int64_t
list_regions(void)
{
    static struct region_info rows[REGIONS];
    uint64_t at = FAR;
    int64_t listed = 0;
    int64_t count;

    memset(rows, 1, sizeof(rows)); /* no page of it is missing */
    while ((count = sys_regions(0, rows, sizeof(rows), at)) > 0) {
        for (int64_t i = 0; i < count; i++) {
            listed += rows[i].base < FAR + 2 * REGIONS * PAGE;
        }
        at = rows[count - 1].base + rows[count - 1].pages * PAGE;
    }
    return listed;
}

static void
many_regions(void)
{
    int64_t made = 0;

    for (uint64_t i = 0; i < REGIONS; i++) {
        made += area_at(0, FAR + i * 2 * PAGE, 1) != 0;
    }
    claim_equal("10,000 regions", made, REGIONS);
    claim_equal("all listed", list_regions(), REGIONS);
    claim_status("given back at once", region_destroy(FAR, 2 * REGIONS), ST_OK);
    claim_status("nothing is left", region_destroy(FAR, 2 * REGIONS),
                 ST_ENOENT);
}

/* Neighbours that differ in their rights: no two of them can be one. */
static int64_t
make_neighbours(void)
{
    int64_t made = 0;

    for (uint64_t i = 0; i < REGIONS; i++) {
        struct region_request request = {
            .base = FAR + i * PAGE,
            .pages = 1,
            .prot = i % 2 == 0 ? RW : PROT_READ,
            .kind = REGION_ANONYMOUS,
        };

        made += region_create(&request) > 0;
    }
    return made;
}

/* How many regions there are from FAR on, and whether all have @prot. */
static int64_t
count_neighbours(uint32_t prot)
{
    struct region_info row;
    uint64_t at = FAR;
    int64_t count = 0;

    while (at < FAR + REGIONS * PAGE && region_query(at, &row) == ST_OK
           && row.prot == prot) {
        at = row.base + row.pages * PAGE;
        count++;
    }
    return at == FAR + REGIONS * PAGE ? count : -1;
}

static void
many_rights(void)
{
    claim_equal("10,000 neighbours", make_neighbours(), REGIONS);
    claim_equal("one page in each", region_populate(FAR, 100, PROT_READ), 100);
    claim_status("all made read-only", region_protect(FAR, REGIONS, PROT_READ),
                 ST_OK);
    claim_true("and they are", count_neighbours(PROT_READ) > 0);
    claim_status("more than they have is refused",
                 region_protect(FAR, REGIONS, RW), ST_EPERM);
    claim_status("all hidden", region_protect(FAR, REGIONS, PROT_NONE), ST_OK);
    claim_true("and they are", count_neighbours(PROT_NONE) > 0);
    claim_status("given back", region_destroy(FAR, REGIONS), ST_OK);
}

/* 4 MiB of a program from the caller's own memory. */
static void
large_program(void)
{
    uint64_t base = area_at(0, 0, 1024);
    struct spawn_request request = { .name = "large",
                                     .elf = base,
                                     .elf_bytes = 1024 * PAGE };
    int64_t process;

    image_make((struct image *)(uintptr_t)base, request.elf_bytes);
    process = process_spawn(&request);
    claim_true("a program of 4 MiB", process > 0);
    claim_equal("that runs", process_wait((handle_t)process, 0), 7);
    (void)handle_close((handle_t)process);
    ((struct image *)(uintptr_t)base)->p_type = 3; /* wants an interpreter */
    claim_status("and one that is refused", process_spawn(&request),
                 ST_ENOEXEC);
    (void)region_destroy(base, 1024);
}

static void
shown_often(void)
{
    int64_t memory = syscall1(SYS_memory_create, 512);
    uint64_t bases[16];

    for (unsigned i = 0; i < 16; i++) {
        bases[i] = area_at((handle_t)memory, 0, 512);
        (void)region_populate(bases[i], 512, PROT_WRITE);
    }
    claim_status("an object that is seen 16 times shrinks to nothing",
                 syscall2(SYS_memory_resize, (uint64_t)memory, 0), ST_OK);
    for (unsigned i = 0; i < 16; i++) {
        (void)region_destroy(bases[i], 512);
    }
    claim_status("and goes", handle_close((handle_t)memory), ST_OK);
}

#define SIGHTS      1000u
#define SIGHT_PAGES 16u

/* Pages that are seen as often as can be: the last one comes first in memory, and
 * is given back first, here and when the process ends. */
static void
seen_by_many(void)
{
    int64_t memory = syscall1(SYS_memory_create, SIGHT_PAGES);
    uint64_t at = FAR + (1ull << 41);
    int64_t shown = 0;

    for (unsigned i = 0; i < SIGHTS; i++) {
        at -= 2 * SIGHT_PAGES * PAGE;
        (void)area_at((handle_t)memory, at, SIGHT_PAGES);
        shown += region_populate(at, SIGHT_PAGES, PROT_READ);
    }
    claim_equal("16 pages are seen 1,000 times", shown, SIGHTS * SIGHT_PAGES);
    claim_status("and once less", region_destroy(at, SIGHT_PAGES), ST_OK);
    at += 2 * SIGHT_PAGES * PAGE;
    claim_status("hidden", region_protect(at, SIGHT_PAGES, PROT_NONE), ST_OK);
}

static void
wait_for_bell(void *number)
{
    waiting++;
    (void)notify_wait(bell, 1ull << ((uintptr_t)number % 60), 0);
    thread_exit(0);
}

static void
call_nobody(void *number)
{
    struct ipc_message m = { .label = (uintptr_t)number };

    waiting++;
    (void)ipc_call(place, HANDLE_NONE, &m, 0);
    thread_exit(0);
}

/* Start THREADS of @body and wait until all of them wait. */
static void
start_all(void (*body)(void *), handle_t threads[THREADS])
{
    waiting = 0;
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] =
            (handle_t)thread_create(body, (void *)i, stacks[i] + 1016, 0);
    }
    while (waiting < THREADS) {
        (void)thread_yield();
    }
    (void)process_sleep_until(process_clock() + 1);
}

static void
join_all(const char *what, const handle_t threads[THREADS])
{
    int64_t joined = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        joined += thread_join(threads[i], 0) == 0;
        (void)handle_close(threads[i]);
    }
    claim_equal(what, joined, THREADS);
}

static void
many_waiters(void)
{
    static handle_t threads[THREADS];

    bell = (handle_t)notify_create();
    start_all(wait_for_bell, threads);
    (void)notify_signal(bell, INT64_MAX);
    (void)notify_signal(bell, INT64_MAX);
    join_all("100 threads woken at once", threads);
    start_all(wait_for_bell, threads);
    (void)handle_close(bell);
    join_all("100 threads that lose what they wait for", threads);
    place = (handle_t)endpoint_create(0);
    start_all(call_nobody, threads);
    (void)handle_close(place);
    join_all("100 callers that lose their server", threads);
}

/* All handles that a process can have; then one is sent into the slot that was
 * free first, behind all others. */
static int
taker(void)
{
    static handle_t copies[1u << HANDLE_SLOT_BITS];
    struct ipc_message m = { 0 };
    uint64_t made = 0;
    int64_t copy;

    while ((copy = handle_copy(HANDLE_SLOT_CONSOLE, RIGHT_WRITE)) > 0) {
        copies[made++] = (handle_t)copy;
    }
    if (copy != ST_EMFILE || made < 4000) {
        return 1;
    }
    for (uint64_t i = 0; i < made; i++) {
        (void)handle_close(copies[i]);
    }
    m.slot = IPC_SLOT_OPEN | (copies[0] & HANDLE_SLOT_MASK);
    if (ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0) != ST_OK
        || ((m.slot ^ copies[0]) & HANDLE_SLOT_MASK) != 0) {
        return 2;
    }
    return notify_signal((handle_t)m.slot, 1) == ST_OK ? 42 : 3;
}

static void
every_handle(void)
{
    static const char args[] = "stretch\0taker";
    struct spawn_request request = { .name = "stretch",
                                     .give = (handle_t)endpoint_create(0),
                                     .args = syscall_address(args),
                                     .args_bytes = sizeof(args) };
    struct ipc_message m = { 0 };
    int64_t child = process_spawn(&request);

    bell = (handle_t)notify_create();
    claim_status("every handle is taken and closed",
                 ipc_receive(request.give, &m, 0), ST_OK);
    claim_status("the last of the free slots gets one",
                 ipc_exchange(SYS_ipc_reply, (uint64_t)bell << 32, &m, 0),
                 ST_OK);
    claim_equal("in a slot among them", process_wait((handle_t)child, 0), 42);
    claim_equal("that is good", notify_wait(bell, 1, 1), 1);
}

static void
reports(void)
{
    static struct process_info rows[16];
    static struct audit_info audit;
    static char dots[8192];

    claim_true("processes", sys_processes(0, rows, sizeof(rows)) > 0);
    claim_status("the audit", sys_audit(&audit), ST_OK);
    claim_equal("it has nothing to say", (int64_t)audit.wrong_owner, 0);
    memset(dots, 0, sizeof(dots));
    claim_equal("a long line on the console",
                syscall3(SYS_console_write, HANDLE_SLOT_CONSOLE,
                         syscall_address(dots), sizeof(dots)),
                sizeof(dots));
}

/* Ends with all that it has: the others do not. */
static void
leave_much(void)
{
    uint64_t base = area_at(0, 0, 2048);

    (void)region_populate(base, 2048, PROT_WRITE);
    for (uint64_t i = 0; i < 500; i++) {
        (void)area_at(0, FAR + (i << 30), 1);
        (void)region_populate(FAR + (i << 30), i < 20, PROT_WRITE);
        (void)notify_create();
    }
    for (uint64_t i = 0; i < REGIONS; i++) {
        (void)area_at(0, FAR + (1ull << 40) + i * 2 * PAGE, 1);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "taker") == 0) {
        return taker();
    }
    many_pages();
    far_pages();
    many_regions();
    many_rights();
    large_program();
    shown_often();
    many_waiters();
    every_handle();
    reports();
    seen_by_many();
    leave_much();
    return claim_end();
}
