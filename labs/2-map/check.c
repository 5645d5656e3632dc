/* SPDX-License-Identifier: MIT */
/* Lab 2. Page tables are a map from pages to leaves, with no table too many. */
/* sources: kernel/arch/x86_64/paging.c */
#include <arch/mmu.h>

#include "fakes/fakes.h"
#include "labs/lab.h"

#define RAM    (8ull << 20)
#define FRAMES (RAM / PAGE_BYTES)
#define PAGES  36u

static bool used[FRAMES];
static uint64_t used_count;
static uint64_t until_failure;
static struct mmu_tables tables;
static mmu_leaf_t model[PAGES];

/* Pages that share tables at every level, and pages that share none. */
static vaddr_t
address_of(uint32_t page)
{
    static const uint64_t base[] = { 0x400000,     0x5FE000,       0x40000000,
                                     0x8000000000, 0x7FFFFFFFA000, 0x200000 };

    return vaddr(base[page / 6] + page % 6 * PAGE_BYTES);
}

static void *
take_frame(void)
{
    for (uint64_t i = 1; i < FRAMES; i++) {
        if (!used[i]) {
            used[i] = true;
            used_count++;
            return fake_ram + i * PAGE_BYTES;
        }
    }
    abort();
}

static enum status
alloc_tables(void *context, unsigned count, void **out)
{
    (void)context;
    if (until_failure < count) {
        return ST_ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        out[i] = take_frame();
    }
    return ST_OK;
}

static void
retire_table(void *context, void *table)
{
    (void)context;
    for (unsigned i = 0; i < 512; i++) {
        lab_expect(((uint64_t *)table)[i] == 0, "a retired table is empty",
                   "entry %u of it is %#llx", i,
                   (unsigned long long)((uint64_t *)table)[i]);
    }
    used[((uint8_t *)table - fake_ram) / PAGE_BYTES] = false;
    used_count--;
}

static const struct mmu_table_ops ops = { alloc_tables, retire_table };

static void
lab_begin(void)
{
    fake_ram_create(RAM);
    tables = (struct mmu_tables){ .last = MMU_LAST_NONE,
                                  .root = physmap_paddr(take_frame()),
                                  .ops = &ops };
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(10),
                               .a = (uint32_t)random_below(PAGES),
                               .b = (uint32_t)random_below(8) };
}

/* Tables that the mapped pages need. */
static uint64_t
tables_needed(void)
{
    uint64_t needed = 0;

    for (unsigned shift = 21; shift <= 39; shift += 9) {
        for (uint32_t p = 0; p < PAGES; p++) {
            bool first = model[p] != 0;

            for (uint32_t q = 0; q < p && first; q++) {
                first = model[q] == 0
                        || address_of(q).raw >> shift
                               != address_of(p).raw >> shift;
            }
            needed += first;
        }
    }
    return needed;
}

static void
look_at(void)
{
    for (uint32_t p = 0; p < PAGES; p++) {
        unsigned level = 0;
        mmu_leaf_t leaf = mmu_lookup(&tables, address_of(p), &level);

        lab_expect(leaf == model[p], "every page shows what was last put there",
                   "%#llx shows %#llx, not %#llx",
                   (unsigned long long)address_of(p).raw,
                   (unsigned long long)leaf, (unsigned long long)model[p]);
    }
    lab_expect(used_count == tables_needed() + 1,
               "only tables with something in them, and the root",
               "%llu tables where %llu are needed",
               (unsigned long long)used_count - 1,
               (unsigned long long)tables_needed());
    lab_expect(mmu_check(&tables, false) == 0, "mmu_check() finds nothing",
               "%llu entries whose counts are wrong",
               (unsigned long long)mmu_check(&tables, false));
}

static void
step_map(uint32_t page, uint32_t shortage)
{
    vaddr_t address = address_of(page);
    paddr_t frame = paddr((100 + page) << PAGE_SHIFT);
    uint64_t before = tables_needed();
    mmu_leaf_t leaf = mmu_leaf_make(frame, PROT_READ | PROT_WRITE);
    struct mmu_cursor at = { NULL, NULL };
    enum status status;

    until_failure = shortage < 4 ? shortage : 100;
    lab_say("map %#llx, %llu frames for tables",
            (unsigned long long)address.raw, (unsigned long long)until_failure);
    status = mmu_ensure_level(&tables, address, MMU_LEVEL_PAGE, &at);
    model[page] = leaf;
    if (tables_needed() - before > until_failure) {
        model[page] = 0;
        lab_expect(status == ST_ENOMEM, "ST_ENOMEM", "status %d", status);
        return;
    }
    lab_expect(status == ST_OK, "ST_OK", "status %d", status);
    lab_expect(at.leaf != NULL && *at.leaf == 0,
               "the cursor stands at the page's empty leaf",
               at.leaf == NULL ? "no leaf" : "a leaf that is not empty");
    mmu_set_frame(at, frame, PROT_READ | PROT_WRITE);
}

static void
lab_step(const struct lab_event *event)
{
    uint32_t page = event->a % PAGES;
    mmu_leaf_t old;

    if (model[page] == 0) {
        step_map(page, event->b);
    } else {
        lab_say("unmap %#llx", (unsigned long long)address_of(page).raw);
        old = mmu_clear(&tables, address_of(page));
        lab_expect(old == model[page], "mmu_clear() returns what was there",
                   "%#llx", (unsigned long long)old);
        model[page] = 0;
    }
    look_at();
}

static void
lab_end(void)
{
    for (uint32_t p = 0; p < PAGES; p++) {
        (void)mmu_clear(&tables, address_of(p));
        model[p] = 0;
    }
    look_at();
}

LAB_MAIN("lab 2, map and unmap")
