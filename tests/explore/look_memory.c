/* SPDX-License-Identifier: MIT */
/* The invariants of regions, page tables, frames and quotas. */
#include <arch/mmu.h>
#include <ipc/memory_object.h>
#include <mm/frame.h>
#include <mm/vmm_internal.h>
#include <task/call.h>
#include <task/process.h>
#include <task/thread.h>

#include "look.h"
#include "machine.h"

static uint64_t
look_count_stacks(const struct process *process)
{
    uint64_t stacks = 0;

    list_for_each(node, &process->threads) {
        stacks += LIST_ENTRY(node, struct thread, process_link)->kernel_stack
                  != NULL;
    }
    return stacks;
}

static void
look_at_charge(struct look *look, const struct process *process,
               uint64_t private)
{
    uint64_t bytes = (process->charged_bytes + PAGE_BYTES - 1) / PAGE_BYTES;

    look_expect(look,
                process->quota.used
                    == 1 + process->space.tables.table_frames + private
                           + 2 * look_count_stacks(process) + bytes,
                "charge_is_conserved");
}

/* What mmu_check says, of the tables that lead to the world's pages: each counts
 * its entries right, so that there are no other tables and no other leaves. */
struct look_tables {
    uint64_t tables;
    uint64_t used[MMU_LEVELS + 1];
    uint64_t leaves;
    bool counts_right;
};

static void
look_at_table(void *context, paddr_t table, unsigned level, uint64_t entry,
              unsigned used)
{
    struct look_tables *seen = context;

    (void)table;
    seen->used[level] += used;
    if (level < MMU_LEVELS) {
        seen->tables++;
        seen->counts_right = seen->counts_right && used != 0
                             && mmu_entry_count(entry) == used
                             && mmu_entry_is_user(entry);
    }
}

static void
look_at_leaf(void *context, const struct mmu_found *found)
{
    struct look_tables *seen = context;
    mmu_leaf_t leaf = *found->at.leaf;

    seen->leaves++;
    seen->counts_right = seen->counts_right && found->level == MMU_LEVEL_PAGE
                         && (mmu_leaf_is_present(leaf)
                                 ? mmu_leaf_is_user(leaf)
                                 : mmu_leaf_is_transit(leaf));
}

static void
look_at_tables(struct look *look, const struct process *process)
{
    const struct mmu_tables *tables = &process->space.tables;
    struct look_tables seen = { .counts_right = true };
    struct mmu_visitor visitor = {
        .table = look_at_table,
        .leaf = look_at_leaf,
        .context = &seen,
    };
    uint64_t first = world_first_page() << PAGE_SHIFT;
    uint64_t way; /* tables on the way to the pages' own */

    mmu_visit(tables, vaddr(first), vaddr(first + (WORLD_PAGES << PAGE_SHIFT)),
              &visitor);
    way =
        seen.used[MMU_LEVELS] - VMM_SHARED_SLOTS + seen.used[3] + seen.used[2];
    look_expect(look,
                seen.counts_right && seen.tables == tables->table_frames
                    && seen.tables == way
                    && seen.used[MMU_LEVEL_PAGE] == seen.leaves,
                "tables_are_sound");
}

/* The frame that page @page of client @client shows. */
static void
look_at_frame(struct look *look, unsigned client, unsigned page,
              mmu_leaf_t leaf, uint64_t *private, unsigned *shown)
{
    const struct process *process = look->processes[client];
    uint64_t *frame = physmap_at(mmu_leaf_frame(leaf));
    uint64_t word = *frame_word(frame);
    uint64_t number = world_first_page() + page;

    if (frame_kind_of(word) == FRAME_USER) {
        (*private)++;
        look_expect(look,
                    frame_space(word) == process->space.id
                        && frame_page(word) == number,
                    "no_double_map");
        look_expect(look,
                    mmu_leaf_allows(leaf, PROT_WRITE)
                        == ((word & FRAME_MAPPED_W) != 0),
                    "no_double_map");
    } else {
        look_expect(look,
                    frame_kind_of(word) == FRAME_SHARED
                        && frame_object(word) == world.memory->id
                        && frame_object_page(word) == page
                        && !mmu_leaf_allows(leaf, PROT_WRITE),
                    "no_double_map");
        shown[page]++;
    }
    look_expect(look,
                (frame[0] == 0 || frame[0] == world_content(page))
                    && (frame[1] == 0 || frame[1] == world_mark(client, page)),
                "no_byte_is_lost");
}

static bool
look_is_asked_for(const struct look *look, const mmu_leaf_t *leaf)
{
    for (unsigned i = 0; i < look->thread_count; i++) {
        const struct call *call = look->threads[i]->call;

        if (call->state != CALL_IDLE && call->leaf == leaf) {
            return true;
        }
    }
    return false;
}

static void
look_at_page(struct look *look, unsigned client, unsigned page,
             uint64_t *private, unsigned *shown)
{
    struct process *process = look->processes[client];
    uint64_t number = world_first_page() + page;
    const struct region *region = world_region(client, page);
    struct mmu_cursor at = { NULL, NULL };
    mmu_leaf_t leaf = 0;

    if (mmu_find(&process->space.tables, vaddr(number << PAGE_SHIFT), &at)) {
        leaf = *at.leaf;
    }
    look_expect(look,
                !mmu_leaf_is_transit(leaf) || look_is_asked_for(look, at.leaf),
                "transit_names_an_open_fault");
    look_expect(look,
                mmu_leaf_is_empty(leaf) || process->ending
                    || (region != NULL
                        && (mmu_leaf_prot(leaf) & ~region->spec.prot) == 0
                        && region->spec.prot != PROT_NONE),
                "leaf_within_its_region");
    if (mmu_leaf_is_present(leaf)) {
        look_at_frame(look, client, page, leaf, private, shown);
    }
    if (world.clients[client].written[page] && !process->ending) {
        look_expect(look,
                    mmu_leaf_is_present(leaf)
                        && ((uint64_t *)physmap_at(mmu_leaf_frame(leaf)))[1]
                               == world_mark(client, page),
                    "no_byte_is_lost");
    }
}

void
look_at_memory(struct look *look)
{
    uint64_t used = 0;
    uint64_t tables = 1 + VMM_SHARED_SLOTS; /* the kernel's */
    unsigned shown[WORLD_PAGES] = { 0 };

    for (unsigned i = 0; i < LOOK_PEOPLE; i++) {
        struct process *process = look->processes[i];
        uint64_t private = 0;

        if (process == NULL) {
            continue;
        }
        look_expect(look, region_check(&process->space.regions) == 0,
                    "regions_are_sound");
        look_at_tables(look, process);
        for (unsigned page = 0; i < LOOK_CLIENTS && page < world.scope.pages;
             page++) {
            look_at_page(look, i, page, &private, shown);
        }
        look_at_charge(look, process, private);
        used += private;
        tables += 1 + process->space.tables.table_frames;
    }
    tables += 1 + world.boss->space.tables.table_frames;
    look_expect(look,
                machine_frames(FRAME_USER) == used
                    && machine_frames(FRAME_PAGE_TABLE) == tables
                    && machine_frames(FRAME_SHARED) == world.memory->resident,
                "frames_are_conserved");
    for (uint64_t i = 0; i < frame_limit; i++) {
        uint64_t word = frame_table[i];

        look_expect(look,
                    frame_kind_of(word) != FRAME_SHARED
                        || frame_count(word) == shown[frame_object_page(word)],
                    "no_double_map");
    }
}
