/* SPDX-License-Identifier: MIT */
/*
 * Claim (H65): whichever allocation fails inside an operation of the memory
 * managers, the caller is told, nothing has changed, nothing is lost, and the
 * same operation succeeds once there is memory.
 * Method: each operation is run with its 1st, 2nd, 3rd ... allocation failing,
 * until it needs no more; and again with the quota ending at 0, 1, 2 ... frames.
 * Frames by kind, heap, quota and the audit are compared each time.
 */
#include <task/handle.h>
#include <task/kernel_stack.h>
#include <task/process.h>

#include "fail.h"
#include "vmm_machine.h"

/* ---- what the rest of the kernel supplies -------------------------------- */

static uint64_t
frames_of(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

enum status
process_charge_bytes(struct process *process, uint64_t bytes)
{
    uint64_t more = frames_of(process->charged_bytes + bytes)
                    - frames_of(process->charged_bytes);
    enum status status = quota_charge(&process->quota, more);

    process->charged_bytes += status == ST_OK ? bytes : 0;
    return status;
}

void
process_uncharge_bytes(struct process *process, uint64_t bytes)
{
    uint64_t less = frames_of(process->charged_bytes)
                    - frames_of(process->charged_bytes - bytes);

    process->charged_bytes -= bytes;
    quota_uncharge(&process->quota, less);
}

static void
object_is_gone(struct object *object)
{
}

const struct object_class object_classes[OBJECT_KINDS] = {
    [OBJECT_NOTIFICATION] = { .name = "test", .destroy = object_is_gone },
};

/* ---- the world of one operation ------------------------------------------ */

#define PAGE_A 0x0000100000000000ull /* in slots of their own: no table yet */
#define PAGE_B 0x0000200000000000ull
#define TOP    (PAGE_B + 2 * MIB + 4 * PAGE_BYTES)

static struct process process; /* space, handles and quota are used */
static struct quota *const quota = &process.quota;
static struct space *const space = &process.space;
static void *frame;
static void *stacks[12];

struct snapshot {
    uint64_t kinds[FRAME_KINDS];
    uint64_t blocks;
    uint64_t used;
    uint64_t tables;
    uint64_t resident;
    uint64_t regions;
    uint64_t region_pages;
    uint32_t handles;
};

static struct snapshot
snapshot(void)
{
    struct snapshot now = {
        .used = quota->used,
        .tables = space->tables.table_frames,
        .resident = space->resident,
        .regions = space->regions.count,
        .region_pages = space->regions.pages,
        .handles = process.handles.slots,
    };
    struct heap_stats heap;

    heap_trim();
    heap_get_stats(&heap);
    now.blocks = heap.blocks;
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        now.kinds[kind] = pmm_count((enum frame_kind)kind);
    }
    return now;
}

static void
drop_region(void *tree, struct region *region)
{
    region_free(tree, region);
}

static enum status
add_region(uint64_t address, uint64_t pages, enum region_kind kind)
{
    struct region_spec spec = {
        .base = address >> PAGE_SHIFT,
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .max_prot = PROT_READ | PROT_WRITE,
        .kind = kind,
    };
    struct region *region;

    return region_create(&space->regions, &spec, &region);
}

/* A space with one region of 16 pages, of which nothing is mapped. */
static void
world_create(void)
{
    quota_init(quota, &root_quota, 3000);
    CHECK_EQ(vmm_space_create_user(space, quota), ST_OK);
    CHECK_EQ(add_region(USER_IMAGE_BASE, 16, REGION_ANONYMOUS), ST_OK);
}

static void
world_destroy(void)
{
    struct region_tree *tree = &space->regions;

    while (!vmm_space_teardown_step(space, 16)) {
    }
    if (tree->count != 0) {
        CHECK_EQ(region_destroy(tree, tree->low, tree->high - tree->low,
                                drop_region, tree),
                 ST_OK);
    }
    vmm_space_destroy(space);
    CHECK_EQ(quota->used, 0);
    quota_destroy(quota);
}

/* ---- operations ----------------------------------------------------------- */

static struct space other;

static enum status
do_space(void)
{
    return vmm_space_create_user(&other, quota);
}

static void
undo_space(void)
{
    vmm_space_destroy(&other);
}

static enum status
do_page(void)
{
    return vmm_alloc_user_page_in_space(space, vaddr(PAGE_A), NULL);
}

static void
prepare_frame(void)
{
    frame = pmm_alloc_kind(FRAME_USER, 0);
}

static enum status
do_map(void)
{
    return vmm_map_user_code_in_space(space, vaddr(PAGE_A), frame);
}

static enum status
do_stack(void)
{
    return vmm_alloc_user_stack_in_space(space, vaddr(TOP), 16);
}

static enum status
do_window(void)
{
    return vmm_alloc_page(vaddr(HEAP_BASE), FRAME_HEAP, PROT_READ | PROT_WRITE,
                          NULL);
}

static void
undo_window(void)
{
    vmm_free_page(vaddr(HEAP_BASE));
}

/* More stacks than are kept mapped: the window grows. */
static enum status
do_kernel_stacks(void)
{
    unsigned i;

    for (i = 0; i < 12; i++) {
        stacks[i] = kernel_stack_alloc(quota);
        if (stacks[i] == NULL) {
            break;
        }
    }
    if (i == 12) {
        return ST_OK;
    }
    while (i > 0) {
        kernel_stack_free(stacks[--i], quota);
    }
    return ST_ENOMEM;
}

static void
undo_kernel_stacks(void)
{
    for (unsigned i = 0; i < 12; i++) {
        kernel_stack_free(stacks[i], quota);
    }
}

static enum status
do_region(void)
{
    return add_region(PAGE_A, 4, REGION_HEAP);
}

static enum status
do_region_cut(void)
{
    return region_destroy(&space->regions, (USER_IMAGE_BASE >> PAGE_SHIFT) + 4,
                          4, drop_region, &space->regions);
}

static enum status
do_region_protect(void)
{
    return region_protect(&space->regions, (USER_IMAGE_BASE >> PAGE_SHIFT) + 4,
                          4, PROT_READ, NULL, NULL);
}

/* As many records as make the quota pay for another frame of them. */
static enum status
do_many_regions(void)
{
    unsigned i;

    for (i = 0; i < 40; i++) {
        enum status status =
            add_region(PAGE_A + 2 * i * PAGE_BYTES, 1, REGION_HEAP);

        if (status == ST_OK) {
            continue;
        }
        if (i > 0) {
            CHECK_EQ(region_destroy(&space->regions, PAGE_A >> PAGE_SHIFT,
                                    2ull * i, drop_region, &space->regions),
                     ST_OK);
        }
        return status;
    }
    return ST_OK;
}

static void
prepare_transit(void)
{
    struct mmu_cursor at;

    CHECK_EQ(mmu_ensure(&space->tables, vaddr(PAGE_A), &at), ST_OK);
    mmu_set_transit(at, 7);
}

static enum status
do_install_zero(void)
{
    struct mmu_cursor at;
    enum status status;

    CHECK(mmu_find(&space->tables, vaddr(PAGE_A), &at));
    status = vmm_install_zero(space, vaddr(PAGE_A), at.leaf, PROT_READ);
    CHECK_EQ(mmu_leaf_is_transit(*at.leaf), status != ST_OK);
    return status;
}

static void
prepare_shared(void)
{
    shared_is_held = true;
    frame = pmm_alloc_zeroed(FRAME_SHARED, frame_shared(3, 4, 0));
    CHECK_EQ(vmm_map_in_space(space, vaddr(PAGE_A), frame, PROT_READ), ST_OK);
}

static enum status
do_install_copy(void)
{
    struct mmu_cursor at;
    enum status status;

    CHECK(mmu_find(&space->tables, vaddr(PAGE_A), &at));
    status =
        vmm_install_copy(space, vaddr(PAGE_A), at.leaf, PROT_READ | PROT_WRITE);
    if (status != ST_OK) {
        CHECK(mmu_leaf_frame(*at.leaf).raw == physmap_paddr(frame).raw);
        CHECK_EQ(mmu_leaf_prot(*at.leaf), PROT_READ);
        CHECK_EQ(frame_count(*frame_word(frame)), 1);
    }
    return status;
}

static void
undo_shared(void)
{
    vmm_unmap_range(space, vaddr(PAGE_A), vaddr(PAGE_B + PAGE_BYTES));
    CHECK_EQ(frame_count(*frame_word(frame)), 0);
    CHECK_EQ(frame_kind_of(*frame_word(frame)), FRAME_SHARED);
    shared_is_held = false; /* the object's own hold */
    pmm_free_frame(frame);
}

static enum status
do_share(void)
{
    return vmm_map_in_space(space, vaddr(PAGE_B), frame, PROT_READ);
}

static enum status
do_handles(void)
{
    enum status status = handle_table_create(&process.handles, &process);
    static struct object object;

    if (status != ST_OK) {
        return status;
    }
    object_init(&object, OBJECT_NOTIFICATION);
    for (unsigned i = 0; i < 300; i++) { /* more than two chunks hold */
        status = handle_reserve(&process.handles, &process);
        if (status != ST_OK) {
            break;
        }
        (void)handle_add(&process.handles, &object, 0, 0);
    }
    if (status != ST_OK) {
        while (!handle_table_teardown_step(&process.handles, &process, 16)) {
        }
        memset(&process.handles, 0, sizeof(process.handles));
    }
    return status;
}

static void
undo_handles(void)
{
    while (!handle_table_teardown_step(&process.handles, &process, 16)) {
    }
    memset(&process.handles, 0, sizeof(process.handles));
}

/* What spawning does: record, space, handles, stack, regions, text, data, user
 * stack; given up whole when one step fails. */
static struct process *child;

static void
child_destroy(void)
{
    struct region_tree *tree = &child->space.regions;

    while (child->space.tables.root.raw != 0
           && !vmm_space_teardown_step(&child->space, 16)) {
    }
    if (tree->count != 0) {
        CHECK_EQ(region_destroy(tree, tree->low, tree->high - tree->low,
                                drop_region, tree),
                 ST_OK);
    }
    if (child->handles.slots != 0) {
        while (!handle_table_teardown_step(&child->handles, child, 16)) {
        }
    }
    if (stacks[0] != NULL) {
        kernel_stack_free(stacks[0], &child->quota);
        stacks[0] = NULL;
    }
    if (child->space.tables.root.raw != 0) {
        vmm_space_destroy(&child->space);
    }
    quota_destroy(&child->quota);
    kfree(child);
    child = NULL;
}

static enum status
child_fill(void)
{
    static const enum region_kind kinds[] = { REGION_IMAGE, REGION_ANONYMOUS,
                                              REGION_STACK };
    enum status status = vmm_space_create_user(&child->space, &child->quota);

    if (status != ST_OK) {
        return status;
    }
    status = handle_table_create(&child->handles, child);
    if (status != ST_OK) {
        return status;
    }
    stacks[0] = kernel_stack_alloc(&child->quota);
    if (stacks[0] == NULL) {
        return ST_ENOMEM;
    }
    for (unsigned i = 0; i < 3; i++) {
        struct region_spec spec = {
            .base = (USER_IMAGE_BASE >> PAGE_SHIFT) + i * 1000,
            .pages = 20,
            .prot = PROT_READ,
            .max_prot = PROT_READ,
            .kind = kinds[i],
        };
        struct region *region;

        status = region_create(&child->space.regions, &spec, &region);
        for (unsigned page = 0; page < 6 && status == ST_OK; page++) {
            status = vmm_alloc_page_in_space(
                &child->space, vaddr((spec.base + page) << PAGE_SHIFT),
                PROT_READ, NULL);
        }
        if (status != ST_OK) {
            return status;
        }
    }
    return vmm_alloc_user_stack_in_space(&child->space, vaddr(USER_STACK_TOP),
                                         4);
}

static enum status
do_child(void)
{
    enum status status;

    child = kmalloc(sizeof(*child));
    if (child == NULL) {
        return ST_ENOMEM;
    }
    memset(child, 0, sizeof(*child));
    quota_init(&child->quota, quota, 500);
    status = child_fill();
    if (status != ST_OK) {
        child_destroy();
    }
    return status;
}

/* ---- the sweep ------------------------------------------------------------- */

static void
nothing(void)
{
}

static const struct operation {
    const char *name;
    void (*prepare)(void);
    enum status (*run)(void);
    void (*undo)(void);
} operations[] = {
    { "create a space", nothing, do_space, undo_space },
    { "allocate a user page", nothing, do_page, nothing },
    { "map a frame", prepare_frame, do_map, nothing },
    { "allocate a user stack", nothing, do_stack, nothing },
    { "map a kernel page", nothing, do_window, undo_window },
    { "12 kernel stacks", nothing, do_kernel_stacks, undo_kernel_stacks },
    { "create a region", nothing, do_region, nothing },
    { "cut a region in two", nothing, do_region_cut, nothing },
    { "protect part of a region", nothing, do_region_protect, nothing },
    { "40 regions", nothing, do_many_regions, nothing },
    { "answer a fault: ZERO", prepare_transit, do_install_zero, nothing },
    { "answer a fault: COPY", prepare_shared, do_install_copy, undo_shared },
    { "show a shared frame", prepare_shared, do_share, undo_shared },
    { "300 handles", nothing, do_handles, undo_handles },
    { "make a process", nothing, do_child, child_destroy },
};

/* Run @op once with allocation @fail_at failing, and the quota ending @allowed
 * frames above what is used. Returns whether it went through at once. */
static bool
attempt(const struct operation *op, uint64_t fail_at, uint64_t allowed)
{
    struct snapshot before;
    struct snapshot after;
    enum status status;
    bool at_once;

    world_create();
    op->prepare();
    before = snapshot();
    if (allowed != FAIL_NEVER) {
        quota->limit = quota->used + allowed;
        quota->held = quota->limit;
        root_quota.used = quota->held;
    }
    fail_in = fail_at;
    status = op->run();
    fail_in = FAIL_NEVER;
    at_once = status == ST_OK;
    if (!at_once) {
        CHECK_EQ(status, ST_ENOMEM);
        after = snapshot();
        CHECK(memcmp(&before, &after, sizeof(before)) == 0);
        audit();
        quota->limit = 3000;
        CHECK_EQ(op->run(), ST_OK);
    }
    audit();
    op->undo();
    world_destroy();
    CHECK_EQ(pmm_check(), 0);
    CHECK_EQ(heap_check(), 0);
    return at_once;
}

TEST(h65_every_operation_undoes_itself_when_an_allocation_fails)
{
    struct snapshot start;
    struct snapshot end;

    start = snapshot();
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        uint64_t allocations = 0;
        uint64_t frames = 0;

        while (!attempt(&operations[i], allocations, FAIL_NEVER)) {
            allocations++;
        }
        while (!attempt(&operations[i], FAIL_NEVER, frames)) {
            frames++;
        }
        printf("  %-26s %3llu allocations, %3llu frames of quota\n",
               operations[i].name, (unsigned long long)allocations,
               (unsigned long long)frames);
        end = snapshot();
        CHECK(memcmp(start.kinds, end.kinds, sizeof(start.kinds)) == 0);
    }
}

int
main(void)
{
    machine();
    kernel_stack_init();
    RUN(h65_every_operation_undoes_itself_when_an_allocation_fails);
    return CHECK_REPORT();
}
