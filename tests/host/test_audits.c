/* SPDX-License-Identifier: MIT */
/*
 * Claim: the check functions, which other tests trust, find what they are there
 * for: whichever word of the memory managers' own data is wrong, they say so.
 * Method: one word at a time is spoiled in a machine at work, the check must
 * find something, the word is put back, the check must find nothing.
 */
#include <arch/x86_64/pte.h>

#include "vmm_machine.h"

static struct space space;
static struct space other;
static struct quota quota;
static struct pool pool;

/* ---- one wrong word ---------------------------------------------------------- */

typedef uint64_t (*check_fn)(void);

/* Put @wrong into the @bytes at @place: @check must notice. */
static void
spoil(check_fn check, void *place, size_t bytes, uint64_t wrong,
      const char *file, int line, const char *what)
{
    uint64_t saved = 0;

    memcpy(&saved, place, bytes);
    memcpy(place, &wrong, bytes);
    check_note(saved != wrong, file, line, "a change");
    check_note(check() != 0, file, line, what);
    memcpy(place, &saved, bytes);
    check_note(check() == 0, file, line, "put back");
}

#define SPOIL(check, place, wrong)                                       \
    spoil((check), &(place), sizeof(place), (uint64_t)(wrong), __FILE__, \
          __LINE__, #place " = " #wrong " must be noticed")

static uint64_t
whole_audit(void)
{
    struct audit_info info;

    vmm_audit(&info);
    return info.conservation + info.wx_a + info.wx_b + info.wx_c
           + info.user_in_kernel_half + info.wrong_owner;
}

/* ---- memory map ----------------------------------------------------------------- */

TEST(memmap_check_finds_every_malformed_map)
{
    static struct memmap map;

    memmap_init(&map);
    CHECK(memmap_check(&map));
    memmap_add(&map, 0x10000, 0x20000);
    memmap_add(&map, 0x40000, 0x50000);
    CHECK(memmap_check(&map));

#define MALFORMED(place, wrong)     \
    do {                            \
        uint64_t saved = (place);   \
        (place) = (wrong);          \
        CHECK(!memmap_check(&map)); \
        (place) = saved;            \
        CHECK(memmap_check(&map));  \
    } while (0)
    MALFORMED(map.ranges[0].start, 0x10001);
    MALFORMED(map.ranges[0].end, 0x20008);
    MALFORMED(map.ranges[0].start, 0x20000); /* empty */
    MALFORMED(map.ranges[1].start, 0x20000); /* touches the first */
    MALFORMED(map.ranges[1].start, 0x18000); /* overlaps it */
    MALFORMED(map.ranges[1].end, MEMMAP_LIMIT + PAGE_BYTES);
#undef MALFORMED
    map.count = MEMMAP_RANGES + 1;
    CHECK(!memmap_check(&map));
}

/* ---- frames --------------------------------------------------------------------- */

static uint64_t
frames_check(void)
{
    return pmm_check();
}

TEST(pmm_check_finds_every_wrong_word)
{
    struct blocks *blocks = &pmm.blocks;
    uint8_t *frame;
    uint64_t index;

    for (int i = 0; i < 5; i++) {
        CHECK(pmm_pool_refill_one());
    }
    frame = pmm_alloc_kind(FRAME_USER, 0);
    index = frame_index(frame);
    SPOIL(frames_check, frame_table[index], FRAME_FREE);
    SPOIL(frames_check, frame_table[index], FRAME_HEAP);
    SPOIL(frames_check, frame_table[index], FRAME_KINDS);
    SPOIL(frames_check, frame_table[index], FRAME_USER | FRAME_LARGE);
    SPOIL(frames_check, pmm.count[FRAME_USER], 0);
    SPOIL(frames_check, pmm.count[FRAME_FREE], 1);
    SPOIL(frames_check, pmm.pool_count, 4);
    SPOIL(frames_check, pmm.pool[0], index);
    SPOIL(frames_check, pmm.pool[4], frame_limit);
    SPOIL(frames_check, blocks->bits[index / 64],
          blocks->bits[index / 64] ^ 1ull << index % 64);
    SPOIL(frames_check, blocks->count[index / BLOCKS_FRAMES], 7);
    SPOIL(frames_check, blocks->current, blocks->current + 1);
    for (unsigned set = 0; set < BLOCKS_SETS; set++) {
        struct bitmap_tree *tree = &blocks->set[set];

        SPOIL(frames_check, tree->low[0], tree->low[0] ^ 2);
    }
    SPOIL(frames_check, blocks->set[BLOCKS_WHOLE].mid[0], 0);
    SPOIL(frames_check, blocks->set[BLOCKS_WHOLE].top, 0);
    /* More contradictions than are told one by one. */
    fake_log_clear();
    for (uint64_t i = 0; i < 20; i++) {
        frame_table[index + i] ^= FRAME_USER ^ FRAME_FREE;
    }
    CHECK(pmm_check() >= 20);
    CHECK(strlen(fake_log()) < 12 * 60);
    for (uint64_t i = 0; i < 20; i++) {
        frame_table[index + i] ^= FRAME_USER ^ FRAME_FREE;
    }
    pmm_free_frame(frame);
    CHECK_EQ(pmm_check(), 0);
}

/* ---- heap ------------------------------------------------------------------------- */

TEST(slab_check_finds_every_wrong_word)
{
    uint8_t *blocks[6];
    struct slab *slab;
    struct slab_info *info;

    pool_init(&pool, "audit", 1000); /* four slots a frame */
    for (int i = 0; i < 6; i++) {
        blocks[i] = pool_alloc(&pool);
    }
    pool_free(&pool, blocks[4]);
    CHECK_EQ(heap_check(), 0);
    slab = pool.cache.current; /* one used, one freed, two fresh slots */
    info = slab->info;
    SPOIL(heap_check, blocks[5][1000], blocks[5][1000] ^ 1);
    SPOIL(heap_check, slab->free, SLAB_END);
    SPOIL(heap_check, slab->free, SLAB_LINK(3)); /* never used */
    SPOIL(heap_check, slab->free, slab->free & ~1u);
    SPOIL(heap_check, info[0].state, 1000);         /* the freed one */
    SPOIL(heap_check, info[0].state, SLAB_LINK(0)); /* a ring */
    SPOIL(heap_check, slab->frees_left, slab->frees_left + 1);
    SPOIL(heap_check, slab->used_base, 0);
    SPOIL(heap_check, slab->capacity, 1);
    SPOIL(heap_check, slab_stats.blocks, 0);
    slab = LIST_ENTRY(list_first(&pool.cache.full), struct slab, link);
    SPOIL(heap_check, slab->frees_left, 2);
    SPOIL(heap_check, slab->info[2].state, SLAB_END);
    pool_free(&pool, blocks[0]); /* now partial */
    slab = LIST_ENTRY(list_first(&pool.cache.partial), struct slab, link);
    CHECK_EQ(heap_check(), 0);
    SPOIL(heap_check, slab->used_base, 1);
    list_remove(&slab->link); /* into the list of the full ones, and back */
    list_add_tail(&pool.cache.full, &slab->link);
    CHECK(heap_check() != 0);
    list_remove(&slab->link);
    list_add_tail(&pool.cache.partial, &slab->link);
    CHECK_EQ(heap_check(), 0);
    for (int i = 1; i < 6; i++) {
        if (i != 4) {
            pool_free(&pool, blocks[i]);
        }
    }
    SPOIL(heap_check, slab_stats.frames, 1);
    CHECK_EQ(pmm_count(FRAME_HEAP), 0);
}

/* ---- regions ------------------------------------------------------------------------ */

static uint64_t
tree_check(void)
{
    return region_check(&space.regions);
}

static void
drop_region(void *tree, struct region *region)
{
    region_free(tree, region);
}

static void
make_space(void)
{
    struct region_spec spec = {
        .prot = PROT_READ,
        .max_prot = PROT_READ | PROT_WRITE,
        .kind = REGION_HEAP,
        .pages = 2,
    };
    struct region *region;

    quota_init(&quota, &root_quota, 1000);
    CHECK_EQ(vmm_space_create_user(&space, &quota), ST_OK);
    CHECK_EQ(vmm_space_create_user(&other, &quota), ST_OK);
    for (uint64_t i = 0; i < 15; i++) {
        spec.base = 0x400 + 4 * i;
        CHECK_EQ(region_create(&space.regions, &spec, &region), ST_OK);
    }
}

static void
destroy_space(void)
{
    struct region_tree *tree = &space.regions;

    while (!vmm_space_teardown_step(&space, 16)) {
    }
    CHECK_EQ(region_destroy(tree, tree->low, tree->high - tree->low,
                            drop_region, tree),
             ST_OK);
    vmm_space_destroy(&other);
    vmm_space_destroy(&space);
}

TEST(region_check_finds_every_wrong_word)
{
    struct region_tree *tree = &space.regions;
    struct region *root;
    struct region *leaf;

    make_space();
    CHECK_EQ(tree_check(), 0);
    root = tree->root;
    leaf = region_at_or_after(tree, 0);
    CHECK(leaf->child[0] == NULL && leaf->child[1] == NULL);
    SPOIL(tree_check, leaf->spec.pages, 0);
    SPOIL(tree_check, leaf->spec.pages, 3);
    SPOIL(tree_check, leaf->spec.pages, 5); /* overlaps the next */
    SPOIL(tree_check, leaf->spec.base, 0x3FF);
    SPOIL(tree_check, leaf->spec.prot, PROT_READ | PROT_EXEC);
    SPOIL(tree_check, leaf->spec.kind, 0);
    SPOIL(tree_check, leaf->spec.kind, REGION_GUARD); /* with rights */
    SPOIL(tree_check, leaf->id, 0);
    SPOIL(tree_check, leaf->id, tree->next_id);
    SPOIL(tree_check, leaf->height, 2);
    SPOIL(tree_check, root->height, 3);
    SPOIL(tree_check, root->tree_base, 1);
    SPOIL(tree_check, root->tree_end, 1);
    SPOIL(tree_check, root->tree_hole, 1);
    SPOIL(tree_check, root->child[0]->parent, (uintptr_t)leaf);
    SPOIL(tree_check, root->child[1]->parent, (uintptr_t)leaf);
    SPOIL(tree_check, root->child[1]->child[1], 0); /* out of balance */
    SPOIL(tree_check, root->child[0]->child[0], 0);
    SPOIL(tree_check, root->child[1], 0);
    SPOIL(tree_check, root->child[0], 0);
    SPOIL(tree_check, tree->root, (uintptr_t)root->child[0]);
    SPOIL(tree_check, tree->count, 14);
    SPOIL(tree_check, tree->count, 2);
    SPOIL(tree_check, tree->pages, 29);
    SPOIL(tree_check, tree->last, (uintptr_t)&space);
    destroy_space();
}

/* ---- page tables, W^X, owners --------------------------------------------------------- */

static uint64_t
tables_check(void)
{
    return mmu_check(&space.tables, false);
}

static uint64_t
kernel_tables_check(void)
{
    return mmu_check(&vmm_kernel.tables, true);
}

TEST(mmu_check_finds_every_wrong_entry)
{
    struct mmu_cursor at;
    mmu_leaf_t *root;
    mmu_leaf_t leaf;

    make_space();
    CHECK_EQ(vmm_alloc_user_page_in_space(&space, vaddr(USER_IMAGE_BASE), NULL),
             ST_OK);
    CHECK(mmu_find(&space.tables, vaddr(USER_IMAGE_BASE), &at));
    root = physmap_at(space.tables.root);
    leaf = *at.leaf;
    SPOIL(tables_check, *at.leaf, leaf & ~PTE_NO_EXECUTE); /* W and X */
    SPOIL(tables_check, *at.leaf, leaf & ~PTE_USER);
    SPOIL(tables_check, *at.leaf, 0x8); /* no state */
    SPOIL(tables_check, *at.leaf, 0);   /* a count */
    SPOIL(tables_check, at.leaf[1], leaf);
    SPOIL(tables_check, *at.parent, *at.parent | PTE_LARGE); /* 2 MiB */
    SPOIL(tables_check, *at.parent, 7ull << PTE_SLOT_SHIFT | PTE_STATE_TRANSIT);
    SPOIL(tables_check, *at.parent, *at.parent & ~PTE_USER);
    SPOIL(tables_check, *at.parent, *at.parent + PTE_COUNT_ONE);
    SPOIL(tables_check, root[0], root[0] + PTE_COUNT_ONE);
    SPOIL(tables_check, space.tables.table_frames, 2);
    CHECK(mmu_find(&vmm_kernel.tables, image.text_start, &at));
    SPOIL(kernel_tables_check, *at.leaf, *at.leaf | PTE_USER);
    SPOIL(kernel_tables_check, *at.leaf, *at.leaf | PTE_WRITE);
    SPOIL(kernel_tables_check, *at.leaf, PTE_STATE_TRANSIT);
    SPOIL(kernel_tables_check, *at.parent, *at.parent | PTE_USER);
    destroy_space();
}

TEST(vmm_audit_finds_every_wrong_entry_and_owner)
{
    vaddr_t page = vaddr(USER_IMAGE_BASE);
    mmu_leaf_t *kernel_root = physmap_at(vmm_kernel.tables.root);
    struct mmu_cursor at;
    struct mmu_cursor low;
    mmu_leaf_t *root;
    mmu_leaf_t leaf;
    uint64_t *word;
    void *frame;

    make_space();
    CHECK_EQ(vmm_alloc_user_page_in_space(&space, page, &frame), ST_OK);
    CHECK_EQ(vmm_alloc_user_page_in_space(&other, page, NULL), ST_OK);
    CHECK(mmu_find(&space.tables, page, &at));
    CHECK_EQ(whole_audit(), 0);
    root = physmap_at(space.tables.root);
    leaf = *at.leaf;
    word = frame_word(frame);
    SPOIL(whole_audit, *word,
          frame_private(other.id, USER_IMAGE_BASE >> 12) | FRAME_MAPPED_W
              | FRAME_USER);
    SPOIL(whole_audit, *word,
          frame_private(space.id, 7) | FRAME_MAPPED_W | FRAME_USER);
    SPOIL(whole_audit, *word, *word & ~FRAME_MAPPED_W);
    SPOIL(whole_audit, *word, *word | FRAME_MAPPED_X);
    SPOIL(whole_audit, *word, FRAME_HEAP | FRAME_MAPPED_W);
    SPOIL(whole_audit, *word, FRAME_USER | FRAME_MAPPED_W);
    SPOIL(whole_audit, *at.leaf, leaf & ~PTE_NO_EXECUTE);
    SPOIL(whole_audit, *at.leaf, leaf & ~PTE_WRITE);
    SPOIL(whole_audit, *at.leaf, leaf & ~PTE_USER);
    SPOIL(whole_audit, *at.leaf, 0x8);
    SPOIL(whole_audit, *at.leaf, 0);
    SPOIL(whole_audit, *at.leaf, leaf | 1ull << 45); /* beyond RAM */
    SPOIL(whole_audit, at.leaf[1], leaf);
    SPOIL(whole_audit, root[0], root[0] + PTE_COUNT_ONE);
    SPOIL(whole_audit, root[300], 7);
    SPOIL(whole_audit, root[273], root[273] & ~PTE_WRITE);
    SPOIL(whole_audit, root[511], root[511] | PTE_USER);
    SPOIL(whole_audit, space.resident, 2);
    /* A module's frame: its count, a right to write, more leaves than counted. */
    frame = physmap_at(paddr(MODULE_BASE));
    CHECK_EQ(vmm_map_in_space(&space, vaddr(USER_MAP_BASE), frame, PROT_READ),
             ST_OK);
    CHECK(mmu_find(&space.tables, vaddr(USER_MAP_BASE), &low));
    CHECK_EQ(whole_audit(), 0);
    word = frame_word(frame);
    SPOIL(whole_audit, *word, *word + FRAME_COUNT_ONE);
    SPOIL(whole_audit, *word, *word - FRAME_COUNT_ONE);
    SPOIL(whole_audit, *low.leaf, *low.leaf | PTE_WRITE);
    SPOIL(whole_audit, *low.leaf, *low.leaf & ~PTE_NO_EXECUTE);
    CHECK_EQ(vmm_unmap_in_space(&space, vaddr(USER_MAP_BASE)), ST_OK);
    /* Pages where none may be, and of a size that none may have. */
    CHECK_EQ(vmm_alloc_user_page_in_space(&space, vaddr(USER_BASE), NULL),
             ST_OK);
    CHECK(mmu_find(&space.tables, vaddr(USER_BASE), &low));
    SPOIL(whole_audit, low.leaf[-1], leaf);
    CHECK_EQ(vmm_unmap_in_space(&space, vaddr(USER_BASE)), ST_OK);
    SPOIL(whole_audit, *at.parent, leaf | PTE_LARGE);
    /* A slot that ring 3 may use, the same everywhere. */
    root[511] |= PTE_USER;
    kernel_root[511] |= PTE_USER;
    CHECK(whole_audit() != 0);
    root[511] &= ~PTE_USER;
    kernel_root[511] &= ~PTE_USER;
    /* Tables: of another space, of no space, and a lost one. */
    word = frame_word(mmu_table_at(*at.parent));
    SPOIL(whole_audit, *word, frame_private(other.id, 0) | FRAME_PAGE_TABLE);
    SPOIL(whole_audit, *word, FRAME_HEAP);
    SPOIL(whole_audit, *at.parent, 0);
    /* The kernel's own half. */
    CHECK(mmu_find(&vmm_kernel.tables, image.text_start, &at));
    SPOIL(whole_audit, *at.leaf, *at.leaf | PTE_USER);
    SPOIL(whole_audit, *at.leaf, *at.leaf | PTE_WRITE);
    SPOIL(whole_audit, *at.parent, *at.parent | PTE_USER);
    CHECK(mmu_find(&vmm_kernel.tables, image.text_end, &at)); /* .rodata */
    SPOIL(whole_audit, *at.leaf, *at.leaf & ~PTE_NO_EXECUTE);
    CHECK(mmu_find(&vmm_kernel.tables, vaddr(PHYSMAP_BASE + 1 * MIB), &at));
    SPOIL(whole_audit, *at.leaf, *at.leaf | PTE_WRITE);
    SPOIL(whole_audit, *at.leaf, *at.leaf & ~PTE_NO_EXECUTE);
    SPOIL(whole_audit, kernel_root[0], root[0]); /* user pages */
    /* More than are told one by one. */
    fake_log_clear();
    for (unsigned i = 310; i < 340; i++) {
        root[i] = 7;
    }
    CHECK_EQ(whole_audit(), 30);
    for (unsigned i = 310; i < 340; i++) {
        root[i] = 0;
    }
    CHECK(strlen(fake_log()) < 12 * 80);
    while (!vmm_space_teardown_step(&other, 16)) {
    }
    destroy_space();
    audit();
}

int
main(void)
{
    machine();
    RUN(memmap_check_finds_every_malformed_map);
    RUN(pmm_check_finds_every_wrong_word);
    RUN(slab_check_finds_every_wrong_word);
    RUN(region_check_finds_every_wrong_word);
    RUN(mmu_check_finds_every_wrong_entry);
    RUN(vmm_audit_finds_every_wrong_entry_and_owner);
    return CHECK_REPORT();
}
