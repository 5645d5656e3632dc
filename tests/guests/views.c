/* SPDX-License-Identifier: MIT */
/*
 * Claim: a copy-on-write view shows the child what its parent has, no side sees
 * what the other writes, a page is copied at most once, and every frame comes back
 * whichever side ends first.
 *
 *      views basic            one page after the other, with frame counts
 *      views orders           every order of exit of a family of three
 *      views refused          what must be refused, and changes nothing
 *      views poor             no memory, at each step; nothing has changed
 *      views large            a view of a 2 MiB page
 *      views cycles N         N children with views, one after the other
 */
#include <string.h>

#include <libsecos/image.h>
#include <libsecos/manifest.h>

#include "actor.h"
#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PAGES 8u /* of a view; the last two are never touched by the parent */
#define RW    (PROT_READ | PROT_WRITE)

#define IS(got, want) claim_status(#got, (got), (want))

static uint64_t
page_of(uint64_t base)
{
    return base / PAGE_BYTES;
}

static uint64_t
at(uint64_t base, uint64_t page)
{
    return base + page * PAGE_BYTES;
}

/* ---- page by page ------------------------------------------------------------ */

static int64_t
resident(uint64_t base)
{
    struct region_info info = { .resident = 0 };

    (void)region_query(base, &info);
    return (int64_t)info.resident;
}

/* What the parent writes after the child has its own, and before. */
static void
basic_writes(struct actor *child, uint64_t base)
{
    int64_t old = actor_sum(1, page_of(base), PAGES - 2);
    struct memory_info was = actor_frames();

    (void)actor_order(child, ORDER_FILL, base, 2, 2);
    claim_equal("two writes of the child, two frames",
                actor_more(&was, FRAME_USER), 2);
    claim_equal("the parent sees nothing of them", actor_read(base, PAGES - 2),
                old);
    was = actor_frames();
    actor_fill(base, 1, 3);
    claim_equal("where the child has copied, the parent writes in place",
                actor_more(&was, FRAME_FREE), 0);
    claim_equal("and the frame is its own again",
                actor_more(&was, FRAME_SHARED), -1);
    was = actor_frames();
    actor_fill(at(base, 2), 1, 3);
    claim_equal("where it has not, the parent copies",
                actor_more(&was, FRAME_FREE), -1);
    claim_equal("the child sees what was there",
                actor_order(child, ORDER_SUM, at(base, 2), 1, 0),
                actor_sum(1, page_of(base) + 2, 1));
    was = actor_frames();
    (void)actor_order(child, ORDER_FILL, at(base, 2), 1, 2);
    claim_equal("the second to write does not copy",
                actor_more(&was, FRAME_FREE), 0);
    claim_equal("and each has its own",
                actor_order(child, ORDER_SUM, at(base, 2), 1, 0),
                actor_sum(2, page_of(base) + 2, 1));
    claim_equal("audit with both alive", actor_audit(), 0);
}

/* The kernel writes to a page on the parent's behalf. */
static void
basic_kernel_writes(struct actor *child, uint64_t base)
{
    struct machine_info *page = (struct machine_info *)(uintptr_t)at(base, 3);

    IS(sys_machine(page), ST_OK);
    claim_true("a system call wrote it", page->uptime_ns != 0);
    claim_equal("and the child's is what it was",
                actor_order(child, ORDER_SUM, at(base, 3), 1, 0),
                actor_sum(1, page_of(base) + 3, 1));
}

static void
basic(void)
{
    uint64_t base = (uint64_t)actor_region(0, PAGES, RW, HANDLE_NONE);
    struct memory_info before;
    struct memory_info was;
    struct actor child;

    actor_fill(base, PAGES - 2, 1);
    (void)actor_audit();
    before = actor_frames();
    IS(actor_start(&child, base, PAGES, 0), ST_OK);
    claim_equal("the pages are shared", actor_more(&before, FRAME_SHARED),
                PAGES - 2);
    was = actor_frames();
    claim_equal("the child sees them, and zeroes behind",
                actor_order(&child, ORDER_SUM, base, PAGES, 0),
                actor_sum(1, page_of(base), PAGES - 2));
    claim_equal("reading takes frames for new pages only",
                actor_more(&was, FRAME_FREE), -2);
    claim_equal("the parent has no page more", resident(base), PAGES - 2);
    basic_writes(&child, base);
    basic_kernel_writes(&child, base);
    claim_equal("the child ends", actor_end(&child), 0);
    claim_equal("what the parent alone sees", actor_more(&before, FRAME_SHARED),
                3);
    was = actor_frames();
    actor_fill(at(base, 1), 1, 4);
    actor_fill(at(base, 4), 2, 4);
    claim_equal("is written in place", actor_more(&was, FRAME_USER), 3);
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        claim_equal("frames of a kind as before",
                    actor_more(&before, (enum frame_kind)kind), 0);
    }
    claim_equal("audit", actor_audit(), 0);
    (void)region_destroy(base, PAGES);
}

/* ---- every order of exit ------------------------------------------------------- */

#define FAMILY 3u

static const uint8_t orders[6][FAMILY] = {
    { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
    { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

/* A parent, its child, and a child of @father (0 or 1): each writes a page of its
 * own, nobody page 3. */
static void
make_family(struct actor family[FAMILY], uint64_t *base, unsigned father)
{
    (void)actor_start(&family[0], 0, 0, 0);
    *base = (uint64_t)actor_order(&family[0], ORDER_REGION, PAGES, RW, 0);
    (void)actor_order(&family[0], ORDER_FILL, *base, 4, 1);
    for (unsigned i = 1; i < FAMILY; i++) {
        (void)actor_view(&family[i == 1 ? 0 : father], &family[i], *base,
                         PAGES);
    }
    for (unsigned i = 0; i < FAMILY; i++) {
        (void)actor_order(&family[i], ORDER_FILL, at(*base, i), 1, 10 + i);
    }
}

/* What member @i sees: page i its own, the others as they were when it was made,
 * which is before anybody wrote. */
static int
member_is_right(struct actor *member, uint64_t base, unsigned i)
{
    uint64_t want = 0;

    for (unsigned page = 0; page < 4; page++) {
        want += (uint64_t)actor_sum(page == i ? 10 + i : 1,
                                    page_of(base) + page, 1);
    }
    return actor_order(member, ORDER_SUM, base, PAGES, 0)
           == (int64_t)(want & INT64_MAX);
}

/* Which call is whose does not matter to the director, but to the reply. */
static void
run_order(const uint8_t order[FAMILY], unsigned father)
{
    struct memory_info before = actor_frames();
    bool gone[FAMILY] = { false, false, false };
    struct actor family[FAMILY];
    char name[80];
    int right = 1;
    uint64_t base;

    make_family(family, &base, father);
    for (unsigned step = 0; step < FAMILY; step++) {
        for (unsigned i = 0; i < FAMILY; i++) {
            right = right && (gone[i] || member_is_right(&family[i], base, i));
        }
        actor_tell(&family[order[step]], HANDLE_NONE, ORDER_EXIT,
                   (uint64_t[]){ 0, 0, 0 });
        gone[order[step]] = true;
        for (unsigned i = 0; i < FAMILY; i++) {
            if (!gone[i]) {
                (void)actor_order(&family[i], ORDER_FILL, at(base, i), 1,
                                  10 + i);
            }
        }
    }
    (void)snprintf(name, sizeof(name), "content, child %u of %s, exits %u%u%u",
                   2, father == 0 ? "the first" : "the second", order[0],
                   order[1], order[2]);
    claim_true(name, right);
    (void)process_wait(family[0].process, 0);
    (void)handle_close(family[0].process);
    /* Grandchildren are nobody's to wait for: wait for their frames. */
    for (unsigned tries = 0; tries < 1000; tries++) {
        if (actor_more(&before, FRAME_FREE) == 0) {
            break;
        }
        (void)process_sleep_until(process_clock() + 1000000);
    }
    claim_equal("every frame is back", actor_more(&before, FRAME_FREE), 0);
    claim_equal("none is shared", actor_more(&before, FRAME_SHARED), 0);
}

static void
every_order(void)
{
    /* Once for what stays: pages of our own, slabs of the kernel. */
    run_order(orders[0], 0);
    claim_count = 0;
    claim_failures = 0;
    for (unsigned father = 0; father < 2; father++) {
        for (unsigned i = 0; i < 6; i++) {
            run_order(orders[i], father);
        }
    }
    claim_equal("audit", actor_audit(), 0);
}

/* ---- refusals ---------------------------------------------------------------- */

/* Spawn with this view, and end at once what came of it. Returns what it said. */
static int64_t
try_view(uint64_t base, uint64_t pages)
{
    int64_t got = actor_spawn_with(base, pages, 0);

    if (got > 0) {
        (void)process_kill((uint64_t)got);
        (void)process_wait((handle_t)got, 0);
        (void)handle_close((handle_t)got);
    }
    return got;
}

/* A spawn with this view says @want; no frame moved, no right is lost. */
static void
refused(const char *what, uint64_t base, uint64_t pages, int64_t want)
{
    struct memory_info before = actor_frames();

    claim_status(what, try_view(base, pages), want);
    claim_equal("  no frame is shared", actor_more(&before, FRAME_SHARED), 0);
    claim_equal("  none is lost", actor_more(&before, FRAME_FREE), 0);
}

/* A view of what the child, too, has at its birth. Where each process stands at
 * the same place, it has it there; where chance decides, it does not (but for one
 * in millions). */
static void
meets_the_child(const char *what, uint64_t base, uint64_t pages)
{
    if (process_started->heap_base == USER_HEAP_BASE) {
        refused(what, base, pages, ST_EEXIST);
        return;
    }
    claim_true(what, try_view(base, pages) > 0);
    claim_equal("  audit", actor_audit(), 0);
}

static uint8_t refused_data[2 * PAGE_BYTES];

static void
refusals(void)
{
    uint64_t base = (uint64_t)actor_region(0, PAGES, RW, HANDLE_NONE);
    uint64_t stack = (uint64_t)(uintptr_t)&base & ~(PAGE_BYTES - 1);
    int64_t object = memory_create(4);
    uint64_t shown = (uint64_t)actor_region(0, 4, RW, (handle_t)object);
    uint64_t code;

    (void)try_view(base, 0); /* once for what stays */
    actor_fill(base, PAGES, 1);
    claim_true("a view that ends inside a region", try_view(base, 3) > 0);
    claim_true("one that begins there", try_view(base + PAGE_BYTES, 2) > 0);
    actor_fill(base, PAGES, 1);
    actor_fill(shown, 1, 1);
    refused_data[0] = 1;
    refused("not aligned", base + 8, 1, ST_EINVAL);
    refused("at 0", 0, 1, ST_EINVAL);
    refused("beyond the end", USER_END, 1, ST_EINVAL);
    refused("over the end", USER_END - PAGE_BYTES, 2, ST_EINVAL);
    refused("the kernel", 0xFFFF800000000000u, 1, ST_EINVAL);
    refused("pages that wrap", base, 1ull << 52, ST_EINVAL);
    refused("all pages", base, UINT64_MAX, ST_EINVAL);
    refused("nothing there", base + (1ull << 40), 16, ST_ENOENT);
    refused("text", image_bias(), 1, ST_EINVAL);
    meets_the_child("data",
                    (uint64_t)(uintptr_t)(refused_data + PAGE_BYTES)
                        & ~(PAGE_BYTES - 1),
                    1);
    meets_the_child("the stack", stack, 1);
    refused("a memory object", shown, 4, ST_EINVAL);
    /* The good part first: it must be taken back. */
    refused("a view that ends in a memory object", base,
            page_of(shown) - page_of(base) + 1, ST_EINVAL);
    refused("a view that ends in the stack", base,
            page_of(USER_STACK_TOP) - page_of(base), ST_EINVAL);
    (void)region_destroy(shown, 4);
    meets_the_child("a view that ends in the child's stack", base,
                    page_of(USER_STACK_TOP) - page_of(base));
    claim_equal("content", actor_read(base, PAGES),
                actor_sum(1, page_of(base), PAGES));
    claim_equal("all of it private", resident(base), PAGES);
    /* Executable pages are shown executable, and nothing is ever both. */
    code = (uint64_t)actor_region(0, 2, PROT_READ | PROT_EXEC, HANDLE_NONE);
    (void)actor_read(code, 2);
    {
        struct actor child;

        IS(actor_start(&child, code, 2, 0), ST_OK);
        claim_equal("audit with shared code", actor_audit(), 0);
        IS(actor_order(&child, ORDER_PROTECT, code, 2, RW), ST_EPERM);
        IS(actor_order(&child, ORDER_PROTECT, code, 2, PROT_READ), ST_OK);
        claim_equal("audit", actor_audit(), 0);
        (void)actor_end(&child);
    }
    (void)region_destroy(code, 2);
    (void)region_destroy(base, PAGES);
    (void)handle_close((handle_t)object);
}

/* ---- no memory ----------------------------------------------------------------- */

#define POOR_PAGES 40u

/* The child's limit grows by a frame until the spawn succeeds: each refusal leaves
 * all as it was. */
static void
poor_child(void)
{
    uint64_t base =
        (uint64_t)actor_region(0, POOR_PAGES * 600, RW, HANDLE_NONE);
    struct memory_info before;
    int64_t got = ST_ENOMEM;
    uint64_t refusals_seen = 0;
    uint64_t wrong = 0;

    for (unsigned i = 0; i < POOR_PAGES; i++) { /* a page table for each */
        actor_fill(at(base, i * 600), 1, 1);
    }
    (void)try_view(base, POOR_PAGES * 600); /* once for what stays */
    for (unsigned i = 0; i < POOR_PAGES; i++) {
        actor_fill(at(base, i * 600), 1, 1);
    }
    before = actor_frames();
    for (uint64_t frames = 1; frames < 400 && got < 0; frames++) {
        got = actor_spawn_with(base, POOR_PAGES * 600, frames * PAGE_BYTES);
        if (got == ST_ENOMEM || got == ST_ENOEXEC) {
            refusals_seen++;
            wrong += actor_more(&before, FRAME_SHARED) != 0
                     || actor_more(&before, FRAME_FREE) != 0;
        }
    }
    claim_true("at last it succeeds", got > 0);
    claim_true("dozens were refused", refusals_seen > POOR_PAGES);
    claim_equal("refusals that left something", (int64_t)wrong, 0);
    (void)process_kill((uint64_t)got);
    (void)process_wait((handle_t)got, 0);
    (void)handle_close((handle_t)got);
    for (unsigned i = 0; i < POOR_PAGES; i++) {
        wrong += actor_read(at(base, i * 600), 1)
                 != actor_sum(1, page_of(base) + i * 600, 1);
    }
    claim_equal("pages that are wrong", (int64_t)wrong, 0);
    (void)region_destroy(base, POOR_PAGES * 600);
}

/* A parent whose own limit is short: it can fill 4 pages or not, show them or not;
 * whatever it cannot, nothing is lost. */
static void
poor_parent(void)
{
    struct memory_info before;
    uint64_t refusals_seen = 0;
    uint64_t right = 0;
    uint64_t wrong = 0;

    before = actor_frames();
    for (uint64_t frames = 60; frames < 200; frames += 1) {
        struct actor parent;
        struct actor child;
        int64_t base;

        if (actor_start(&parent, 0, 0, frames * PAGE_BYTES) != ST_OK) {
            continue;
        }
        base = actor_order(&parent, ORDER_REGION, PAGES, RW, 0);
        (void)actor_order(&parent, ORDER_FILL, (uint64_t)base, 4, 1);
        if (actor_view(&parent, &child, (uint64_t)base, PAGES) != ST_OK) {
            /* It can write as before: nothing of the view is left. */
            refusals_seen++;
            wrong += actor_more(&before, FRAME_SHARED) != 0;
            (void)actor_order(&parent, ORDER_FILL, (uint64_t)base, 4, 1);
        } else {
            right++;
            actor_tell(&child, HANDLE_NONE, ORDER_EXIT,
                       (uint64_t[]){ 0, 0, 0 });
        }
        wrong += actor_order(&parent, ORDER_SUM, (uint64_t)base, 4, 0)
                 != actor_sum(1, page_of((uint64_t)base), 4);
        wrong += actor_end(&parent) != 0;
    }
    claim_true("some could", right > 0);
    claim_true("some could not", refusals_seen > 0);
    claim_equal("parents that lost something", (int64_t)wrong, 0);
}

/* ---- again and again --------------------------------------------------------- */

static void
cycles(uint64_t count)
{
    uint64_t base = (uint64_t)actor_region(0, PAGES, RW, HANDLE_NONE);
    struct memory_info before = { .ram_bytes = 0 };
    uint64_t wrong = 0;

    for (uint64_t i = 0; i <= count; i++) {
        struct actor child;

        if (i <= 1) { /* once for slabs and pages that stay */
            actor_fill(base, 4, i);
            before = actor_frames();
        }
        actor_fill(at(base, i % 4), 1, i);
        if (actor_start(&child, base, PAGES, 0) != ST_OK) {
            wrong++;
            break;
        }
        (void)actor_order(&child, ORDER_FILL, at(base, i % PAGES), 1, i + 1);
        wrong += actor_end(&child) != 0;
        wrong += actor_read(at(base, i % 4), 1)
                 != actor_sum(i, page_of(base) + i % 4, 1);
    }
    claim_equal("cycles that went wrong", (int64_t)wrong, 0);
    actor_fill(base, 4, 1);
    claim_equal("frames lost", -actor_more(&before, FRAME_FREE), 0);
    claim_equal("frames still shared", actor_more(&before, FRAME_SHARED), 0);
    (void)region_destroy(base, PAGES);
}

/* ---- 2 MiB ------------------------------------------------------------------- */

#define LARGE_BASE  0x180000000000ull
#define LARGE_PAGES 512u

static void
large(void)
{
    uint64_t base =
        (uint64_t)actor_region(LARGE_BASE, LARGE_PAGES, RW, HANDLE_NONE);
    struct translate_info leaf = { .frame_address = 0 };
    struct actor child;

    IS(region_populate(base, LARGE_PAGES, RW), LARGE_PAGES);
    IS(sys_translate(0, base, &leaf), ST_OK);
    claim_equal("a page of 2 MiB", (int64_t)leaf.page_bytes, 0x200000);
    actor_fill(base, LARGE_PAGES, 1);
    IS(actor_start(&child, base, LARGE_PAGES, 0), ST_OK);
    claim_equal("the child sees all of it",
                actor_order(&child, ORDER_SUM, base, LARGE_PAGES, 0),
                actor_sum(1, page_of(base), LARGE_PAGES));
    (void)actor_order(&child, ORDER_FILL, at(base, 100), 7, 2);
    actor_fill(at(base, 511), 1, 3);
    claim_equal("the parent sees nothing of the child",
                actor_read(base, LARGE_PAGES - 1),
                actor_sum(1, page_of(base), LARGE_PAGES - 1));
    claim_equal("nor the child of the parent",
                actor_order(&child, ORDER_SUM, at(base, 511), 1, 0),
                actor_sum(1, page_of(base) + 511, 1));
    claim_equal("audit with both alive", actor_audit(), 0);
    claim_equal("the child ends", actor_end(&child), 0);
    IS(region_destroy(base, LARGE_PAGES), ST_OK);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "basic";

    if (strcmp(what, "actor") == 0) {
        return actor_play(argv[0]);
    }
    actor_direct(argv[0]);
    if (strcmp(what, "basic") == 0) {
        basic();
    } else if (strcmp(what, "orders") == 0) {
        every_order();
    } else if (strcmp(what, "large") == 0) {
        large();
    } else if (strcmp(what, "refused") == 0) {
        refusals();
    } else if (strcmp(what, "poor") == 0) {
        poor_child();
        poor_parent();
    } else {
        cycles(argc > 2 ? strtoul(argv[2], NULL, 10) : 100);
    }
    return claim_end();
}
