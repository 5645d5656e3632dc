/* SPDX-License-Identifier: MIT */
/* Lab 7. Fault-around: many pages for one question, and never one too many. */
/* sources: kernel/mm/vmm*.c kernel/arch/x86_64/paging.c kernel/mm/tlb.c kernel/mm/region.c kernel/mm/region_tree.c
 *          kernel/mm/blocks.c kernel/mm/frame.c kernel/mm/heap.c kernel/mm/memmap.c kernel/mm/pmm.c
 *          kernel/mm/pmm_report.c kernel/mm/pmm_start.c kernel/mm/quota.c lib/base/src/bitmap.c
 *          lib/base/src/fill.c lib/base/src/slab.c */
#include "labs/lab.h"
#include "vmm_machine.h"

#define PAGES  24u
#define QUOTA  20u
#define TABLES 4u /* the root, and one of each level */

static struct space space;
static struct quota quota;
static uint64_t free_frames;
static uint64_t hoard_count; /* frames that the checker keeps from the PMM */
static void *hoard[8192];
static bool there[PAGES];

static vaddr_t
address_of(uint32_t page)
{
    return vaddr(USER_IMAGE_BASE + page * PAGE_BYTES);
}

static void
lab_begin(void)
{
    struct mmu_cursor at;

    machine();
    quota_init(&quota, &root_quota, QUOTA);
    lab_expect(vmm_space_create_user(&space, &quota) == ST_OK, "a space",
               "none");
    lab_expect(mmu_ensure(&space.tables, address_of(0), &at) == ST_OK,
               "the tables", "none");
    free_frames = pmm_count_free();
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(12),
                               .a = (uint32_t)random_below(PAGES),
                               .b = (uint32_t)random_below(16) };
}

static void
look_at(void)
{
    uint64_t present = 0;

    for (uint32_t p = 0; p < PAGES; p++) {
        struct mmu_cursor at = { NULL, NULL };
        const uint8_t *bytes;
        bool is;

        (void)mmu_find(&space.tables, address_of(p), &at);
        is = at.leaf != NULL && mmu_leaf_is_present(*at.leaf);
        present += is;
        lab_expect(is == there[p], "exactly the pages that were counted",
                   "page %u is %s", p, is ? "there" : "missing");
        if (!is) {
            continue;
        }
        bytes = physmap_at(mmu_leaf_frame(*at.leaf));
        lab_expect(*frame_word(bytes)
                       == (frame_private(space.id, address_of(p).raw >> 12)
                           | FRAME_MAPPED_W | FRAME_USER),
                   "the frame table says whose each frame is, and where",
                   "page %u: word %#llx", p,
                   (unsigned long long)*frame_word(bytes));
        lab_expect(mmu_leaf_prot(*at.leaf) == (PROT_READ | PROT_WRITE),
                   "the protection that was asked for", "page %u: %u", p,
                   mmu_leaf_prot(*at.leaf));
    }
    lab_expect(space.resident == present, "resident = pages there",
               "resident %llu, %llu pages there",
               (unsigned long long)space.resident, (unsigned long long)present);
    lab_expect(quota.used == TABLES + present,
               "each page is paid for, and nothing else",
               "%llu frames paid for, %llu used",
               (unsigned long long)quota.used,
               (unsigned long long)(TABLES + present));
    lab_expect(
        pmm_count_free() == free_frames - hoard_count - present,
        "no frame is lost on the way", "%lld are",
        (long long)(free_frames - hoard_count - present - pmm_count_free()));
}

static void
step_fill(uint32_t page, uint32_t wanted)
{
    struct mmu_cursor at;
    uint64_t can = quota.limit - quota.used;
    uint64_t left = pmm_count_free();
    uint64_t expected;
    uint64_t got;

    for (expected = 0; expected < wanted && page + expected < PAGES
                       && !there[page + expected];
         expected++) {
    }
    wanted = (uint32_t)expected;
    expected = can < expected ? can : expected;
    expected = left < expected ? left : expected;
    lab_say("%u pages from %u on; the quota has %llu, the machine %llu", wanted,
            page, (unsigned long long)can, (unsigned long long)left);
    (void)mmu_find(&space.tables, address_of(page), &at);
    got = vmm_fill_zero(&space, address_of(page), at, wanted,
                        PROT_READ | PROT_WRITE);
    lab_expect(got == expected, "as many as quota and memory allow",
               "%llu, not %llu", (unsigned long long)got,
               (unsigned long long)expected);
    for (uint32_t i = 0; i < got; i++) {
        const uint8_t *bytes;

        there[page + i] = true;
        (void)mmu_find(&space.tables, address_of(page + i), &at);
        lab_expect(mmu_leaf_is_present(*at.leaf), "a page for each counted",
                   "page %u is missing", page + i);
        bytes = physmap_at(mmu_leaf_frame(*at.leaf));
        lab_expect(bytes[0] == 0
                       && memcmp(bytes, bytes + 1, PAGE_BYTES - 1) == 0,
                   "zeroed pages: no byte of another process", "page %u is not",
                   page + i);
        memset(physmap_at(mmu_leaf_frame(*at.leaf)), 0x5A, PAGE_BYTES);
    }
}

/* Take all frames of the machine but @keep, or give them back. */
static void
step_hoard(uint32_t keep)
{
    if (hoard_count != 0) {
        lab_say("the machine has memory again");
        while (hoard_count != 0) {
            pmm_free_frame(hoard[--hoard_count]);
        }
        return;
    }
    lab_say("others take all memory but %u frames", keep);
    while (pmm_count_free() > keep) {
        hoard[hoard_count++] = pmm_alloc_frame();
    }
}

static void
lab_step(const struct lab_event *event)
{
    uint32_t page = event->a % PAGES;

    if (event->op == 0) {
        step_hoard(event->b % 8);
    } else if (there[page]) {
        lab_say("page %u is given away", page);
        (void)vmm_unmap_in_space(&space, address_of(page));
        there[page] = false;
        if (space.resident == 0) {
            struct mmu_cursor at; /* its tables went, too */

            if (mmu_ensure(&space.tables, address_of(0), &at) != ST_OK) {
                _exit(0);
            }
        }
    } else {
        step_fill(page, 1 + event->b);
    }
    look_at();
}

static void
lab_end(void)
{
}

LAB_MAIN("lab 7, fault-around")
