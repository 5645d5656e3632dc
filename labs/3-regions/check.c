/* SPDX-License-Identifier: MIT */
/* Lab 3. The region tree does what an array of pages does. */
/* sources: kernel/mm/region.c kernel/mm/region_tree.c */
#include <mm/region.h>

#include "fakes/fakes.h"
#include "labs/lab.h"

#define LOW  16u
#define HIGH 80u

static struct region_tree tree;
static struct {
    uint32_t prot; /* 0 = no region */
    uint64_t number;
} model[HIGH + 1];
static uint64_t records;
static char binding;

static struct region *
record_alloc(struct region_tree *of, void *to)
{
    (void)of;
    (void)to;
    records++;
    return calloc(1, sizeof(struct region));
}

static void
record_free(struct region_tree *of, struct region *region)
{
    (void)of;
    records--;
    free(region);
}

static const struct region_ops ops = { record_alloc, record_free };

static void
lab_begin(void)
{
    region_tree_init(&tree, &ops, LOW, HIGH);
}

static struct lab_event
lab_choose(void)
{
    return (struct lab_event){ .op = (uint32_t)random_below(10),
                               .a = (uint32_t)random_below(HIGH - LOW),
                               .b = (uint32_t)random_below(12) };
}

static uint64_t
regions_needed(void)
{
    uint64_t count = 0;

    for (unsigned p = LOW; p < HIGH; p++) {
        count += model[p].prot != 0
                 && (model[p - 1].prot != model[p].prot
                     || model[p - 1].number + 1 != model[p].number);
    }
    return count;
}

static void
look_at(void)
{
    for (unsigned p = LOW; p < HIGH; p++) {
        const struct region *region = region_lookup(&tree, p);

        lab_expect((region != NULL) == (model[p].prot != 0),
                   "region_lookup() finds what was made, and no more",
                   "page %u: %s", p, region == NULL ? "none" : "a region");
        lab_expect(region == NULL
                       || (region->spec.prot == model[p].prot
                           && region_pager_page(region, p) == model[p].number),
                   "a page keeps its protection and its pager's number",
                   "page %u differs", p);
    }
    lab_expect(tree.count == regions_needed(),
               "neighbours that could be one region are one (I2)",
               "%llu regions where %llu are enough",
               (unsigned long long)tree.count,
               (unsigned long long)regions_needed());
    lab_expect(records == tree.count, "a record for each region",
               "%llu records, %llu regions", (unsigned long long)records,
               (unsigned long long)tree.count);
    lab_expect(region_check(&tree) == 0, "region_check() finds nothing",
               "%llu violations of the tree's invariants",
               (unsigned long long)region_check(&tree));
}

static void
step_create(uint32_t base, uint32_t pages, bool writable)
{
    struct region_spec spec = {
        .base = base,
        .pages = pages,
        .first_page = base + 1000,
        .prot = writable ? PROT_READ | PROT_WRITE : PROT_READ,
        .kind = REGION_ANONYMOUS,
        .binding = &binding,
    };
    struct region *out = NULL;
    bool is_free = true;
    enum status status;

    spec.max_prot = spec.prot;
    for (uint32_t p = base; p < base + pages; p++) {
        is_free = is_free && model[p].prot == 0;
    }
    lab_say("region_create([%u, %u) %s)", base, base + pages,
            writable ? "rw-" : "r--");
    status = region_create(&tree, &spec, &out);
    lab_expect(status == (is_free ? ST_OK : ST_EEXIST),
               is_free ? "ST_OK" : "ST_EEXIST", "status %d", status);
    for (uint32_t p = base; is_free && p < base + pages; p++) {
        model[p].prot = spec.prot;
        model[p].number = p + 1000;
    }
}

static void
forget(void *context, struct region *piece)
{
    region_free(context, piece);
}

static void
step_destroy(uint32_t base, uint32_t pages)
{
    bool any = false;
    enum status status;

    lab_say("region_destroy([%u, %u))", base, base + pages);
    for (uint32_t p = base; p < base + pages; p++) {
        any = any || model[p].prot != 0;
        model[p].prot = 0;
    }
    status = region_destroy(&tree, base, pages, forget, &tree);
    lab_expect(status == (any ? ST_OK : ST_ENOENT), any ? "ST_OK" : "ST_ENOENT",
               "status %d", status);
}

static void
step_hole(uint32_t low, uint32_t pages)
{
    uint64_t expected = 0;
    uint64_t got = 0;
    uint32_t run = 0;
    bool found;

    for (uint32_t p = low; p < HIGH && expected == 0; p++) {
        run = model[p].prot == 0 ? run + 1 : 0;
        expected = run == pages ? p + 1 - pages : 0;
    }
    lab_say("region_find_hole(from %u, %u pages)", low, pages);
    found = region_find_hole(&tree, low, HIGH, pages, &got);
    lab_expect(found == (expected != 0), "the lowest hole that is wide enough",
               found ? "page %llu, where there is none" : "none, for page %llu",
               (unsigned long long)(found ? got : expected));
    lab_expect(!found || got == expected, "the lowest hole that is wide enough",
               "page %llu, not %llu", (unsigned long long)got,
               (unsigned long long)expected);
}

static void
lab_step(const struct lab_event *event)
{
    uint32_t base = LOW + event->a % (HIGH - LOW);
    uint32_t pages = 1 + event->b;

    if (pages > HIGH - base) {
        pages = HIGH - base;
    }
    if (event->op < 5) {
        step_create(base, pages, event->op % 2 == 0);
    } else if (event->op < 7) {
        step_destroy(base, pages);
    } else {
        step_hole(base, pages);
    }
    look_at();
}

static void
lab_end(void)
{
    (void)region_destroy(&tree, LOW, HIGH - LOW, forget, &tree);
    lab_expect(records == 0, "no record is left", "%llu",
               (unsigned long long)records);
}

LAB_MAIN("lab 3, regions")
