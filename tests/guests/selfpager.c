/* SPDX-License-Identifier: MIT */
/*
 * Attacks on pager=self, and what a handler may do.
 *
 *      selfpager calls      refused registrations and answers, then right ones
 *      selfpager policy     a handler of one's own: runs, FAIL, what a copy sees
 *      selfpager threads    eight threads, eight stacks, the same pages and others
 *      selfpager spin       a handler that never answers, beside a thread that works
 *      selfpager talk       a handler that makes system calls inside one
 *      selfpager leave      a handler that exits inside region_populate of 2 MiB
 *
 * These end the process:
 *      nested returns escape text fail lost gone
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/console.h>
#include <libsecos/image.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/self_pager.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_INSPECT | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_MEMORY | 1u << SYS_GROUP_CONSOLE,
               0, 0);

#define PAGE    4096u
#define KERNEL  0xFFFFFFFF80000000ull
#define RW      (PROT_READ | PROT_WRITE)
#define THREADS 8u
#define PAGES   64u

static uint8_t self_stack[PAGE] __attribute__((aligned(PAGE)));

static uint8_t *
self_region(uint64_t pages, uint32_t prot)
{
    struct region_request request = {
        .pages = pages,
        .prot = prot,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (base < 0) {
        exit(2);
    }
    return (uint8_t *)(uintptr_t)base;
}

/* What handlers touch must be there before they run. */
#define PINNED __attribute__((section(".data")))

static int64_t
self_handler(fault_handler_fn handler)
{
    return fault_handler(handler, self_stack + sizeof(self_stack));
}

static void
touch(volatile uint8_t *page)
{
    *page = 1;
}

static uint64_t
resident(const void *page)
{
    struct region_info info;

    return region_query(syscall_address(page), &info) == ST_OK ? info.resident
                                                               : UINT64_MAX;
}

/* ---- calls ---------------------------------------------------------------- */

static int64_t
raw_handler(uint64_t handler, uint64_t stack)
{
    return syscall2(SYS_fault_handler, handler, stack);
}

static volatile int64_t bad_answers PINNED = 0;

static void
bad_answers_handler(UNUSED uint64_t page, UNUSED uint64_t access,
                    UNUSED uint64_t run)
{
    bad_answers += fault_return(VERDICT_ZERO, 0) == ST_EINVAL;
    bad_answers += fault_return(VERDICT_ZERO, FAULT_RUN_MAX + 1) == ST_EINVAL;
    bad_answers += fault_return(VERDICT_ZERO, UINT64_MAX) == ST_EINVAL;
    bad_answers += fault_return(VERDICT_COPY, 1) == ST_EINVAL;
    bad_answers += fault_return(VERDICT_SHARE, 1) == ST_EINVAL;
    bad_answers += fault_return((enum verdict)0, 1) == ST_EINVAL;
    (void)fault_return(VERDICT_ZERO, 1);
}

static void
run_calls(void)
{
    uint64_t code = (uint64_t)(uintptr_t)self_pager_handle;
    uint64_t top = syscall_address(self_stack) + sizeof(self_stack);
    uint8_t *data = self_region(1, RW);

    claim_status("no fault to answer", fault_return(VERDICT_ZERO, 1),
                 ST_EINVAL);
    claim_status("handler in the kernel", raw_handler(KERNEL, top), ST_EINVAL);
    claim_status("handler not canonical", raw_handler(1ull << 63, top),
                 ST_EINVAL);
    claim_status("handler at the end", raw_handler(0x7FFFFFFFF000u, top),
                 ST_EINVAL);
    claim_status("handler below the user half", raw_handler(0x1000, top),
                 ST_EINVAL);
    claim_status("handler where nothing is", raw_handler(0x66660000, top),
                 ST_EFAULT);
    claim_status("handler in data", raw_handler(syscall_address(data), top),
                 ST_EFAULT);
    claim_status("handler on the stack", raw_handler(top - 64, top), ST_EFAULT);
    claim_status("stack of the kernel", raw_handler(code, KERNEL), ST_EINVAL);
    claim_status("stack 0", raw_handler(code, 0), ST_EINVAL);
    claim_status("stack not aligned", raw_handler(code, top - 8), ST_EINVAL);
    claim_status("stack where nothing is", raw_handler(code, 0x66660000),
                 ST_EFAULT);
    claim_status("stack in text", raw_handler(code, image_bias() + 64),
                 ST_EFAULT);
    touch(data);
    claim_equal("the old handler still serves", (int64_t)resident(data), 1);
    claim_status("a handler of one's own", self_handler(bad_answers_handler),
                 ST_OK);
    touch(self_region(1, RW));
    claim_equal("answers that are none", bad_answers, 6);
    claim_status("none", fault_handler(NULL, NULL), ST_OK);
    touch(self_region(1, RW));
    claim_equal("then the pager is asked", bad_answers, 6);
}

/* ---- policy ------------------------------------------------------------------ */

static volatile uint64_t policy_faults PINNED = 0;
static volatile uint64_t policy_page PINNED = 0;
static volatile uint64_t policy_access PINNED = 0;
static volatile uint64_t policy_run PINNED = 0;
static volatile uint64_t policy_answer PINNED = 1;
static volatile uint64_t policy_refuse PINNED = 0; /* this page fails */

static void
policy_handler(uint64_t page, uint64_t access, uint64_t run)
{
    policy_faults++;
    policy_page = page;
    policy_access = access;
    policy_run = run;
    if (page == policy_refuse) {
        (void)fault_return(VERDICT_FAIL, 5);
    }
    (void)fault_return(VERDICT_ZERO, policy_answer);
}

static void
policy_copies(void)
{
    struct region_info info;
    uint8_t *pages = self_region(4, RW);
    uint64_t before = policy_faults;

    claim_status("class B: a report into a missing page",
                 region_query(syscall_address(pages),
                              (struct region_info *)(void *)pages),
                 ST_OK);
    claim_equal("is one fault", (int64_t)(policy_faults - before), 1);
    memcpy(&info, pages, sizeof(info));
    claim_equal("and right, merged with its neighbour", (int64_t)info.pages,
                PAGES + 4);
    claim_equal("class C: a write from missing pages",
                console_write(HANDLE_SLOT_CONSOLE, pages + PAGE, 0), 0);
    policy_refuse = syscall_address(pages + 2 * PAGE);
    claim_status("a copy whose page the handler refuses",
                 region_query(syscall_address(pages),
                              (struct region_info *)(void *)(pages + 2 * PAGE)),
                 ST_EFAULT);
    claim_equal("populate up to it",
                region_populate(syscall_address(pages), 4, PROT_READ), 2);
    claim_status("populate from it",
                 region_populate(syscall_address(pages + 2 * PAGE), 2,
                                 PROT_READ),
                 ST_EPAGER);
    policy_refuse = 0;
    claim_equal("populate", region_populate(syscall_address(pages), 4, RW), 4);
    claim_equal("a fault each time", (int64_t)(policy_faults - before), 7);
}

/* The handler takes the region away and puts a memory object in its place: the
 * answer is too late, and the access finds what is there. */
static handle_t rebind_object PINNED = HANDLE_NONE;

static void
rebind_handler(uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    struct region_request request = {
        .binding = rebind_object,
        .base = page,
        .pages = 1,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };

    (void)region_destroy(page, 1);
    policy_page = (uint64_t)region_create(&request);
    (void)fault_return(VERDICT_ZERO, 1);
}

static void
policy_rebind(void)
{
    struct region_request request = {
        .pages = 1,
        .prot = PROT_READ,
        .kind = REGION_ANONYMOUS,
    };
    struct region_info info;
    volatile uint8_t *page = self_region(1, RW);

    rebind_object = (handle_t)syscall1(SYS_memory_create, 1);
    request.binding = rebind_object;
    claim_status("a handler that rebinds", self_handler(rebind_handler), ST_OK);
    touch(page);
    claim_equal("the region it made", (int64_t)policy_page,
                (int64_t)syscall_address(page));
    claim_equal("is there and written", *page, 1);
    (void)region_query(syscall_address(page), &info);
    claim_equal("and shows the object", info.source, REGION_BY_OBJECT);
    page = (volatile uint8_t *)(uintptr_t)region_create(&request);
    claim_equal("which holds what was written", *page, 1);
}

static void
run_policy(void)
{
    uint8_t *pages = self_region(PAGES, RW);
    uint64_t wrong = 0;

    claim_status("a handler", self_handler(policy_handler), ST_OK);
    touch(pages + 3 * PAGE + 17);
    claim_equal("faults", (int64_t)policy_faults, 1);
    claim_equal("page", (int64_t)policy_page,
                (int64_t)syscall_address(pages + 3 * PAGE));
    claim_equal("access", (int64_t)policy_access, FAULT_WRITE);
    claim_equal("run", (int64_t)policy_run, PAGES - 3);
    (void)*(volatile uint8_t *)(pages + 4 * PAGE);
    claim_equal("a read", (int64_t)policy_access, FAULT_READ);
    claim_equal("two pages", (int64_t)resident(pages), 2);
    policy_answer = 16;
    touch(pages + 8 * PAGE);
    claim_equal("a run of 16", (int64_t)resident(pages), 18);
    touch(pages + 63 * PAGE);
    claim_equal("a run ends with its region", (int64_t)resident(pages), 19);
    for (uint64_t i = 8 * PAGE + 1; i < 24 * PAGE; i++) {
        wrong += pages[i] != 0;
    }
    claim_equal("bytes that are not zero", (int64_t)wrong, 0);
    policy_answer = 1;
    policy_copies();
    policy_rebind();
}

/* ---- talk: system calls inside system calls ----------------------------------- */

static volatile uint64_t talk_faults PINNED = 0;

static void
talk_handler(UNUSED uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    static const char text[] = "<handler>";
    struct region_info info;

    talk_faults++;
    (void)console_write(HANDLE_SLOT_CONSOLE, text, sizeof(text) - 1);
    (void)region_query(image_bias(), &info);
    (void)thread_yield();
    (void)fault_return(VERDICT_ZERO, 1);
}

/* A write that has told half of its text meets a missing page; the handler
 * writes, too. */
static void
run_talk(void)
{
    uint8_t *pages = self_region(3, RW);
    int64_t written;

    memset(pages, 'a', PAGE);
    claim_status("a handler that talks", self_handler(talk_handler), ST_OK);
    written = console_write(HANDLE_SLOT_CONSOLE,
                            (const char *)pages + PAGE - 200, 300);
    printf("\n");
    claim_equal("bytes written", written, 300);
    claim_equal("faults", (int64_t)talk_faults, 1);
    claim_equal("populate", region_populate(syscall_address(pages), 3, RW), 3);
    claim_equal("with a handler in between", (int64_t)talk_faults, 2);
}

/* ---- threads ------------------------------------------------------------------- */

static uint8_t thread_stacks[THREADS][4 * PAGE] __attribute__((aligned(PAGE)));
static uint8_t handler_stacks[THREADS][512] __attribute__((aligned(16)));
static uint8_t *thread_shared;
static volatile uint64_t thread_wrong;

/* Others run before the answer: two handlers have the same page. */
static void
slow_handler(UNUSED uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    (void)thread_yield();
    (void)fault_return(VERDICT_ZERO, 1);
}

static void
thread_main(void *number)
{
    uint64_t self = (uint64_t)(uintptr_t)number;
    uint8_t *own = self_region(PAGES, RW);

    if (self % 2 == 0
        && fault_handler(slow_handler,
                         handler_stacks[self] + sizeof(handler_stacks[0]))
               != ST_OK) {
        thread_wrong++;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        ((volatile uint8_t *)thread_shared)[i * PAGE + self] = (uint8_t)i;
        own[i * PAGE] = (uint8_t)i;
        if (i % 8 == 0) {
            (void)thread_yield();
        }
    }
    for (unsigned i = 0; i < PAGES; i++) {
        thread_wrong += thread_shared[i * PAGE + self] != (uint8_t)i;
        thread_wrong += own[i * PAGE] != (uint8_t)i;
    }
    (void)region_destroy(syscall_address(own), PAGES);
    thread_exit(0);
}

static void
run_threads(void)
{
    int64_t threads[THREADS];

    thread_shared = self_region(PAGES, RW);
    for (uint64_t i = 0; i < THREADS; i++) {
        threads[i] =
            thread_create(thread_main, (void *)(uintptr_t)i,
                          thread_stacks[i] + sizeof(thread_stacks[0]) - 8, 0);
        claim_true("a thread", threads[i] > 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)thread_join((handle_t)threads[i], 0);
    }
    claim_equal("bytes that are not what was written", (int64_t)thread_wrong,
                0);
    claim_equal("pages", (int64_t)resident(thread_shared), PAGES);
}

/* ---- spin ------------------------------------------------------------------------ */

static volatile bool spin_entered PINNED = false;

static void
spin_handler(UNUSED uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    spin_entered = true;
    for (;;) {
    }
}

static void
spin_main(UNUSED void *nothing)
{
    (void)fault_handler(spin_handler,
                        handler_stacks[0] + sizeof(handler_stacks[0]));
    touch(self_region(1, RW));
    thread_exit(0);
}

static void
run_spin(int for_ever)
{
    uint8_t *pages = self_region(PAGES, RW);
    int64_t thread = thread_create(
        spin_main, NULL, thread_stacks[0] + sizeof(thread_stacks[0]) - 8, 0);

    claim_true("a thread", thread > 0);
    while (!spin_entered) {
        (void)thread_yield();
    }
    for (unsigned i = 0; i < PAGES; i++) {
        touch(pages + i * PAGE);
    }
    claim_equal("another thread's pages", (int64_t)resident(pages), PAGES);
    if (for_ever) {
        printf("spinning\n");
        fflush(stdout);
        (void)thread_join((handle_t)thread, 0);
    }
}

/* ---- inside region_populate of 2 MiB ------------------------------------------ */

#define LARGE_BASE  0x180000000000u
#define LARGE_PAGES 512u

static void
leave_handler(UNUSED uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    process_exit(3);
}

static void
run_leave(void)
{
    struct region_request request = {
        .base = LARGE_BASE,
        .pages = LARGE_PAGES,
        .prot = RW,
        .kind = REGION_ANONYMOUS,
    };

    claim_equal("2 MiB", region_create(&request), LARGE_BASE);
    claim_status("a handler", self_handler(leave_handler), ST_OK);
    (void)region_populate(LARGE_BASE, LARGE_PAGES, PROT_WRITE);
}

/* ---- what ends the process --------------------------------------------------------- */

static uint8_t *victim PINNED = NULL;

static void
nested_handler(UNUSED uint64_t page, UNUSED uint64_t access,
               UNUSED uint64_t run)
{
    touch(victim);
    (void)fault_return(VERDICT_ZERO, 1);
}

static void
fail_handler(UNUSED uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    (void)fault_return(VERDICT_FAIL, 7);
}

/* Answers for a page whose region it has taken away. */
static void
gone_handler(uint64_t page, UNUSED uint64_t access, UNUSED uint64_t run)
{
    (void)region_destroy(page, 1);
    (void)fault_return(VERDICT_ZERO, 1);
}

/* Not through fault_return: the instruction behind the call is behind nothing. */
static void
returns_handler(UNUSED uint64_t page, UNUSED uint64_t access,
                UNUSED uint64_t run)
{
}

static void *escape_to[5] PINNED = { NULL };

static void
escape_handler(UNUSED uint64_t page, UNUSED uint64_t access,
               UNUSED uint64_t run)
{
    __builtin_longjmp(escape_to, 1);
}

static void
run_escape(void)
{
    (void)self_handler(escape_handler);
    if (__builtin_setjmp(escape_to) == 0) {
        touch(self_region(1, RW));
    }
    printf("escaped\n");
    fflush(stdout);
    touch(self_region(1, RW));
}

static void
run_lost(void)
{
    uint8_t *stack = self_region(1, RW);

    (void)fault_handler(nested_handler, stack + PAGE);
    (void)region_destroy(syscall_address(stack), 1);
    touch(self_region(1, RW));
}

static int
run_to_the_end(const char *mode)
{
    victim = self_region(1, RW);
    if (strcmp(mode, "nested") == 0) {
        (void)self_handler(nested_handler);
    } else if (strcmp(mode, "fail") == 0) {
        (void)self_handler(fail_handler);
    } else if (strcmp(mode, "gone") == 0) {
        (void)self_handler(gone_handler);
    } else if (strcmp(mode, "returns") == 0) {
        memset(self_stack, 0, sizeof(self_stack));
        (void)self_handler(returns_handler);
    } else if (strcmp(mode, "escape") == 0) {
        run_escape();
    } else if (strcmp(mode, "lost") == 0) {
        run_lost();
    } else if (strcmp(mode, "text") == 0) {
        touch((uint8_t *)(uintptr_t)run_escape);
    } else {
        return 2;
    }
    touch(self_region(1, RW));
    printf("still there\n");
    return 0;
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    printf("selfpager: %s\n", mode);
    if (strcmp(mode, "calls") == 0) {
        run_calls();
    } else if (strcmp(mode, "policy") == 0) {
        run_policy();
    } else if (strcmp(mode, "talk") == 0) {
        run_talk();
    } else if (strcmp(mode, "threads") == 0) {
        run_threads();
    } else if (strcmp(mode, "spin") == 0) {
        run_spin(argc > 2);
    } else if (strcmp(mode, "leave") == 0) {
        run_leave();
    } else {
        return run_to_the_end(mode);
    }
    return claim_end();
}
