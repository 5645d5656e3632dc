/* SPDX-License-Identifier: MIT */
/* Lab 6. Copy on write: a write to a shared page gets a page of its own. */
/* sources: kernel/mm/vmm*.c kernel/arch/x86_64/paging.c kernel/mm/tlb.c kernel/mm/region.c kernel/mm/region_tree.c
 *          kernel/mm/blocks.c kernel/mm/frame.c kernel/mm/heap.c kernel/mm/memmap.c kernel/mm/pmm.c
 *          kernel/mm/pmm_report.c kernel/mm/pmm_start.c kernel/mm/quota.c lib/base/src/bitmap.c
 *          lib/base/src/fill.c lib/base/src/slab.c */
#include "labs/lab.h"
#include "vmm_machine.h"

#define SPACES 2u
#define PAGES  6u
#define QUOTA  12u

static struct space space[SPACES];
static struct quota quota[SPACES];
static uint64_t free_frames;
/* What each page shows: byte 0 = nothing; shared or not; writable or not. */
static struct {
    uint8_t byte;
    bool shared;
    bool writable;
} model[SPACES][PAGES];
static void *object; /* the one frame of a memory object, full of 'o' */

static vaddr_t
address_of(uint32_t page)
{
    return vaddr(USER_IMAGE_BASE + page * PAGE_BYTES);
}

static void
lab_begin(void)
{
    machine();
    object = pmm_alloc_kind(FRAME_SHARED, frame_shared(1, 0, 0));
    memset(object, 'o', PAGE_BYTES);
    shared_is_held = true;
    for (unsigned s = 0; s < SPACES; s++) {
        quota_init(&quota[s], &root_quota, QUOTA);
        lab_expect(vmm_space_create_user(&space[s], &quota[s]) == ST_OK,
                   "a space", "none");
    }
    mmu_load_root(space[0].tables.root);
    free_frames = pmm_count_free();
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(12),
                               .a = (uint32_t)random_below(SPACES),
                               .b = (uint32_t)random_below(PAGES) };
}

static void
look_at_page(unsigned s, unsigned p)
{
    struct mmu_cursor at;
    const uint8_t *bytes;
    bool there = mmu_find(&space[s].tables, address_of(p), &at)
                 && mmu_leaf_is_present(*at.leaf);

    lab_expect(there == (model[s][p].byte != 0), "pages come and go as asked",
               "page %u of space %u is %s", p, s, there ? "there" : "gone");
    if (!there) {
        return;
    }
    bytes = physmap_at(mmu_leaf_frame(*at.leaf));
    lab_expect(bytes[0] == model[s][p].byte
                   && memcmp(bytes, bytes + 1, PAGE_BYTES - 1) == 0,
               "each space sees what it wrote, and no other's writes",
               "page %u of space %u is full of '%c', not '%c'", p, s, bytes[0],
               model[s][p].byte);
    lab_expect((bytes == object) == model[s][p].shared,
               "a copy is a frame of its own",
               "page %u of space %u shows %s frame", p, s,
               bytes == object ? "the object's" : "another");
    lab_expect(mmu_leaf_allows(*at.leaf, PROT_READ | PROT_WRITE)
                   == model[s][p].writable,
               "a private page is writable, a shared one is not",
               "page %u of space %u differs", p, s);
}

static void
look_at(void)
{
    unsigned shown = 0;
    struct audit_info info;

    for (unsigned s = 0; s < SPACES; s++) {
        for (unsigned p = 0; p < PAGES; p++) {
            look_at_page(s, p);
            shown += model[s][p].shared;
        }
    }
    lab_expect(frame_count(*frame_word(object)) == shown,
               "the shared frame counts who shows it", "%u, and %u show it",
               frame_count(*frame_word(object)), shown);
    vmm_audit(&info);
    lab_expect(info.conservation + info.wx_a + info.wx_b + info.wrong_owner
                   == 0,
               "vmm_audit() finds nothing",
               "%llu lost frames, %llu W^X, %llu wrong owners",
               (unsigned long long)info.conservation,
               (unsigned long long)(info.wx_a + info.wx_b),
               (unsigned long long)info.wrong_owner);
}

/* The write that a shared page does not allow: VERDICT_COPY. */
static void
step_copy(uint32_t s, uint32_t p)
{
    struct mmu_cursor at = { NULL, NULL };
    bool was_shared = model[s][p].shared;
    uint64_t flushed = fake_mmu.flushed_pages + fake_mmu.flushes;
    bool affordable = !was_shared || quota[s].used < QUOTA;
    enum status status;

    lab_say("space %u writes to page %u, which is %s", s, p,
            was_shared ? "shared" : "its own");
    (void)mmu_find(&space[s].tables, address_of(p), &at);
    status = vmm_install_copy(&space[s], address_of(p), at.leaf,
                              PROT_READ | PROT_WRITE);
    lab_expect(status == (affordable ? ST_OK : ST_ENOMEM),
               affordable ? "ST_OK" : "ST_ENOMEM: over the quota", "status %d",
               status);
    if (status != ST_OK) {
        return;
    }
    if (s == 0) {
        lab_expect(fake_mmu.flushed_pages + fake_mmu.flushes > flushed,
                   "the processor forgets the old leaf", "no flush");
    }
    model[s][p].shared = false;
    model[s][p].writable = true;
    model[s][p].byte = (uint8_t)('a' + (s * PAGES + p) % 26);
    memset(physmap_at(mmu_leaf_frame(*at.leaf)), model[s][p].byte, PAGE_BYTES);
}

static void
step_show(uint32_t s, uint32_t p, bool shared)
{
    void *frame = object;
    enum status status;

    lab_say("space %u page %u: %s", s, p,
            shared ? "the object's frame, read-only"
                   : "a page of its own, read-only");
    if (shared) {
        status = vmm_map_in_space(&space[s], address_of(p), object, PROT_READ);
    } else {
        status = vmm_alloc_page_in_space(&space[s], address_of(p), PROT_READ,
                                         &frame);
    }
    if (status != ST_OK) {
        return; /* no memory for it, or for a table */
    }
    if (!shared) {
        memset(frame, '.', PAGE_BYTES);
    }
    model[s][p].byte = shared ? 'o' : '.';
    model[s][p].shared = shared;
    model[s][p].writable = false;
}

static void
lab_step(const struct lab_event *event)
{
    uint32_t s = event->a % SPACES;
    uint32_t p = event->b % PAGES;

    if (model[s][p].byte == 0) {
        step_show(s, p, event->op % 3 != 0);
    } else if (event->op < 9) {
        step_copy(s, p);
    } else {
        lab_say("space %u gives page %u away", s, p);
        (void)vmm_unmap_in_space(&space[s], address_of(p));
        memset(&model[s][p], 0, sizeof(model[s][p]));
    }
    look_at();
}

static void
lab_end(void)
{
    for (unsigned s = 0; s < SPACES; s++) {
        for (unsigned p = 0; p < PAGES; p++) {
            (void)vmm_unmap_in_space(&space[s], address_of(p));
        }
    }
    lab_expect(pmm_count_free() == free_frames, "every frame comes back",
               "%lld frames are missing",
               (long long)(free_frames - pmm_count_free()));
}

LAB_MAIN("lab 6, copy on write")
