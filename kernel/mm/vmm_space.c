/* SPDX-License-Identifier: MIT */
/* The life of a space: its number, its tables, its end. */
#include <klib/kassert.h>

#include "heap.h"
#include "vmm_internal.h"

/* Region records are charged by the frame they would fill. */
#define RECORDS_PER_FRAME (PAGE_BYTES / sizeof(struct region))

/* ---- numbers ------------------------------------------------------------ */

/*
 * The space with each number. A free number holds the next free one instead,
 * shifted up and with bit 0 set, which no pointer has; 0 ends that list, since
 * number 0 is the kernel's. Numbers from vmm_fresh_id on were never used.
 */
static uintptr_t vmm_spaces[VMM_SPACES];
static uint32_t vmm_free_id;
static uint32_t vmm_fresh_id = 1;

static uint32_t
vmm_take_id(struct space *space)
{
    uint32_t id = vmm_free_id;

    if (id != 0) {
        vmm_free_id = (uint32_t)(vmm_spaces[id] >> 1);
    } else if (vmm_fresh_id < VMM_SPACES) {
        id = vmm_fresh_id++;
    } else {
        return 0;
    }
    vmm_spaces[id] = (uintptr_t)space;
    return id;
}

static void
vmm_put_id(uint32_t id)
{
    vmm_spaces[id] = (uintptr_t)vmm_free_id << 1 | 1;
    vmm_free_id = id;
}

struct space *
vmm_space_by_id(uint32_t id)
{
    if (id == 0 || id >= vmm_fresh_id || (vmm_spaces[id] & 1) != 0) {
        return NULL;
    }
    return (struct space *)vmm_spaces[id];
}

struct space *
vmm_next_space(uint32_t id)
{
    while (++id < vmm_fresh_id) {
        struct space *space = vmm_space_by_id(id);

        if (space != NULL) {
            return space;
        }
    }
    return NULL;
}

/* ---- tables and region records ------------------------------------------ */

static enum status
vmm_user_alloc(void *context, unsigned count, void **tables)
{
    struct space *space = context;
    enum status status = quota_charge(space->quota, count);
    unsigned i;

    if (status != ST_OK) {
        return status;
    }
    for (i = 0; i < count; i++) {
        tables[i] =
            pmm_alloc_zeroed(FRAME_PAGE_TABLE, frame_private(space->id, 0));
        if (tables[i] == NULL) {
            goto undo_tables;
        }
    }
    return ST_OK;

undo_tables:
    while (i-- > 0) {
        pmm_free_frame(tables[i]);
    }
    quota_uncharge(space->quota, count);
    return ST_ENOMEM;
}

static void
vmm_user_retire(void *context, void *table)
{
    struct space *space = context;
    struct tlb_batch batch;

    if (space->batch != NULL) {
        tlb_add_frame(space->batch, table, true);
        return;
    }
    tlb_begin(&batch, space);
    tlb_add_frame(&batch, table, true);
    tlb_commit(&batch);
}

static const struct mmu_table_ops vmm_user_table_ops = {
    .alloc = vmm_user_alloc,
    .retire = vmm_user_retire,
};

static struct pool vmm_region_pool;
static bool vmm_region_pool_is_ready;

static struct region *
vmm_region_alloc(struct region_tree *tree, void *binding)
{
    struct space *space = CONTAINER_OF(tree, struct space, regions);
    struct region *region;

    (void)binding;
    if (space->region_records % RECORDS_PER_FRAME == 0
        && quota_charge(space->quota, 1) != ST_OK) {
        return NULL;
    }
    region = pool_alloc(&vmm_region_pool);
    if (region == NULL) {
        if (space->region_records % RECORDS_PER_FRAME == 0) {
            quota_uncharge(space->quota, 1);
        }
        return NULL;
    }
    space->region_records++;
    return region;
}

static void
vmm_region_free(struct region_tree *tree, struct region *region)
{
    struct space *space = CONTAINER_OF(tree, struct space, regions);

    pool_free(&vmm_region_pool, region);
    space->region_records--;
    if (space->region_records % RECORDS_PER_FRAME == 0) {
        quota_uncharge(space->quota, 1);
    }
}

const struct region_ops vmm_region_ops = {
    .alloc = vmm_region_alloc,
    .free = vmm_region_free,
};

/* ---- life ---------------------------------------------------------------- */

enum status
vmm_space_create_user(struct space *space, struct quota *quota)
{
    enum status status = quota_charge(quota, 1);
    uint32_t id;
    void *root;

    if (status != ST_OK) {
        return status;
    }
    id = vmm_take_id(space);
    if (id == 0) {
        status = ST_EAGAIN;
        goto undo_charge;
    }
    root = pmm_alloc_zeroed(FRAME_PAGE_TABLE, frame_private(id, 0));
    if (root == NULL) {
        status = ST_ENOMEM;
        goto undo_id;
    }
    if (!vmm_region_pool_is_ready) {
        pool_init(&vmm_region_pool, "region", sizeof(struct region));
        vmm_region_pool_is_ready = true;
    }
    *space = (struct space){
        .tables = { .last = MMU_LAST_NONE,
                    .root = physmap_paddr(root),
                    .ops = &vmm_user_table_ops,
                    .context = space },
        .quota = quota,
        .id = id,
        .teardown_at = { USER_BASE },
    };
    region_tree_init(&space->regions, &vmm_region_ops, USER_BASE >> PAGE_SHIFT,
                     USER_END >> PAGE_SHIFT);
    for (unsigned i = 0; i < VMM_SHARED_SLOTS; i++) {
        mmu_share_slot(&space->tables, &vmm_kernel.tables,
                       vaddr(vmm_shared_slots[i]));
    }
    vmm_harden_user_space(space);
    return ST_OK;

undo_id:
    vmm_put_id(id);
undo_charge:
    quota_uncharge(quota, 1);
    return status;
}

void
vmm_harden_user_space(const struct space *space)
{
    for (unsigned i = 0; i < VMM_SHARED_SLOTS; i++) {
        vaddr_t address = vaddr(vmm_shared_slots[i]);
        uint64_t slot = mmu_slot(&space->tables, address);

        KASSERT(slot == mmu_slot(&vmm_kernel.tables, address));
        KASSERT(!mmu_entry_is_user(slot));
    }
}

/* A page far from the last one costs as much as so many others: up to four
 * tables are looked through for it, and as many freed. */
#define TEARDOWN_FAR_PAGES 15u

/* Drop the next leaf at or after space->teardown_at, or pass one region that has
 * none. First the regions say where to look; leaves outside of them, if there
 * are any, are found by a second walk that does not ask. Returns what that counts
 * for, in pages. */
static unsigned
vmm_teardown_one(struct space *space, struct tlb_batch *batch)
{
    uint64_t at = space->teardown_at.raw;
    uint64_t end = USER_END;
    const struct region *region = NULL;
    struct mmu_found found;
    unsigned weight = 1;

    if (!space->teardown_sweep) {
        region = region_at_or_after(&space->regions, at >> PAGE_SHIFT);
    }
    if (region != NULL) {
        uint64_t base = region->spec.base << PAGE_SHIFT;

        at = base > at ? base : at;
        end = region_end(region) << PAGE_SHIFT;
    }
    if (vmm_next(space, vaddr(at), vaddr(end), &found)) {
        weight = vmm_leaf_weight(&found);
        vmm_drop_leaf(batch, &found);
        space->teardown_at = mmu_found_end(&found);
    } else if (region != NULL) {
        space->teardown_at = vaddr(end);
    } else {
        KASSERT(!space->teardown_sweep); /* a table, but no leaf? */
        space->teardown_sweep = true;
        space->teardown_at = vaddr(USER_BASE);
    }
    return weight;
}

bool
vmm_space_teardown_step(struct space *space, unsigned max_pages)
{
    struct tlb_batch batch;

    if (mmu_is_loaded(space->tables.root)) {
        mmu_load_root(vmm_kernel.tables.root);
    }
    tlb_begin(&batch, space);
    for (unsigned i = 0; i < max_pages && space->tables.table_frames != 0;) {
        uint64_t before = space->teardown_at.raw;

        i += vmm_teardown_one(space, &batch);
        if (space->teardown_at.raw - before > LARGE_PAGE_BYTES) {
            i += TEARDOWN_FAR_PAGES; /* through tables of every level */
        }
    }
    tlb_commit(&batch);
    return space->tables.table_frames == 0;
}

void
vmm_space_destroy(struct space *space)
{
    KASSERT(space->tables.table_frames == 0 && space->resident == 0);
    KASSERT(space->regions.count == 0 && space->spare_tables == NULL);
    if (mmu_is_loaded(space->tables.root)) {
        mmu_load_root(vmm_kernel.tables.root);
    }
    pmm_free_frame(physmap_at(space->tables.root));
    vmm_put_id(space->id);
    quota_uncharge(space->quota, 1);
    space->tables.root = paddr(0);
}
