/* SPDX-License-Identifier: MIT */
/*
 * The audit: do page tables, frame table and the W^X rule agree? It believes
 * nothing that it can count.
 *
 *      for every space     each user leaf    -> its frame's word must name it
 *                          each table        -> its frame is a table of the space
 *                          kernel half       -> the three shared slots, no more
 *      the kernel half     each leaf         -> no U, no W+X, text read-only
 *      the frame table     each word         -> as many private frames as leaves,
 *                                               as many counts as leaves that
                                               share, as many tables as were
                                               walked
 */
#include <base/string.h>

#include <klib/log.h>

#include "vmm_internal.h"

#define AUDIT_LINES 8u
/* Between two pauses. */
#define AUDIT_PAUSE_FRAMES 256u
#define AUDIT_PAUSE_LEAVES 32u

struct vmm_audit {
    struct audit_info *info;
    const struct space *space; /* whose tables are being walked    */
    uint64_t tables;           /* seen in all spaces               */
    uint64_t private_leaves;   /* that show a frame of kind USER   */
    uint64_t counted_leaves;   /* that show one with a count       */
    uint64_t present;          /* user pages of the present space  */
    uint64_t large;            /* 2 MiB leaves of it               */
    unsigned lines;            /* logged                           */
};

/* Count a violation in @counter and log it, if not too many were. */
static void
vmm_audit_note(struct vmm_audit *audit, uint64_t *counter, const char *what,
               uint64_t where)
{
    (*counter)++;
    if (audit->lines++ < AUDIT_LINES) {
        klog("audit: space %u: %s at 0x%llx", audit->space->id, what,
             (unsigned long long)where);
    }
}

static void
vmm_audit_table(void *context, paddr_t table, unsigned level, uint64_t entry,
                unsigned used)
{
    struct vmm_audit *audit = context;
    bool is_kernel = audit->space == &vmm_kernel;
    uint64_t word = *frame_word_of(table);

    audit->tables++;
    /* A table that goes meanwhile is empty, and its frame nobody's yet. */
    pmm_hook_pause();
    if (frame_kind_of(word) != FRAME_PAGE_TABLE
        || frame_space(word) != audit->space->id) {
        vmm_audit_note(audit, &audit->info->wrong_owner,
                       "table of another owner", table.raw);
    }
    if (level < MMU_LEVELS && mmu_entry_count(entry) != used) {
        vmm_audit_note(audit, &audit->info->wrong_owner, "miscounted table",
                       table.raw);
    }
    if (level < MMU_LEVELS && is_kernel && mmu_entry_is_user(entry)) {
        vmm_audit_note(audit, &audit->info->user_in_kernel_half,
                       "user access to table", table.raw);
    }
}

/* ---- user halves ----------------------------------------------------------- */

static void
vmm_audit_frame(struct vmm_audit *audit, vaddr_t page, paddr_t frame,
                uint32_t prot)
{
    struct audit_info *info = audit->info;
    uint64_t index = frame_index_of(frame);
    uint64_t flags = vmm_prot_flags(prot);
    uint64_t word = index < frame_limit ? frame_table[index] : 0;
    bool is_private = frame_kind_of(word) == FRAME_USER;

    audit->private_leaves += is_private;
    audit->counted_leaves += frame_is_counted(word);
    if (is_private
        && (frame_space(word) != audit->space->id
            || frame_page(word) != page.raw >> PAGE_SHIFT)) {
        vmm_audit_note(audit, &info->wrong_owner, "frame of another page",
                       page.raw);
    } else if (!is_private && !frame_is_counted(word)) {
        vmm_audit_note(audit, &info->wrong_owner, "frame that is no user's",
                       page.raw);
    }
    /* A shared frame remembers rights that other leaves had; a private one
     * has this leaf alone. */
    if ((flags & ~word) != 0
        || (is_private && flags != (word & VMM_MAPPED_FLAGS))) {
        vmm_audit_note(audit, &info->wx_b,
                       "rights that the frame does not tell", page.raw);
    }
    info->wx_d += (flags & FRAME_MAPPED_X) != 0;
}

/* Count a leaf, and let interrupts in now and then. */
static void
vmm_audit_count_leaf(struct audit_info *info)
{
    info->leaves_checked++;
    if (info->leaves_checked % AUDIT_PAUSE_LEAVES == 0) {
        pmm_hook_pause();
    }
}

static void
vmm_audit_user_leaf(void *context, const struct mmu_found *found)
{
    struct vmm_audit *audit = context;
    mmu_leaf_t leaf = *found->at.leaf;
    uint32_t prot = mmu_leaf_prot(leaf);

    vmm_audit_count_leaf(audit->info);
    if (!mmu_leaf_is_present(leaf)) {
        if (!mmu_leaf_is_transit(leaf)) {
            vmm_audit_note(audit, &audit->info->wrong_owner, "unknown state",
                           found->address.raw);
        }
        return;
    }
    if ((prot & PROT_WRITE) != 0 && (prot & PROT_EXEC) != 0) {
        vmm_audit_note(audit, &audit->info->wx_a, "W and X",
                       found->address.raw);
    }
    if (found->level > MMU_LEVEL_LARGE || !layout_is_user_page(found->address)
        || !mmu_leaf_is_user(leaf)) {
        vmm_audit_note(audit, &audit->info->wrong_owner, "misplaced page",
                       found->address.raw);
        return;
    }
    audit->large += found->level == MMU_LEVEL_LARGE;
    for (uint64_t at = found->address.raw; at < mmu_found_end(found).raw;
         at += PAGE_BYTES) {
        paddr_t frame = mmu_leaf_physical(leaf, found->level, vaddr(at));

        audit->present++;
        vmm_audit_frame(audit, vaddr(at), frame, prot);
        if (audit->present % AUDIT_PAUSE_FRAMES == 0) {
            pmm_hook_pause();
        }
    }
}

/* The tables that wait for a split: one for each 2 MiB leaf, all the space's. */
static void
vmm_audit_spares(struct vmm_audit *audit)
{
    uint64_t spares = 0;

    for (void **table = audit->space->spare_tables; table != NULL;
         table = *table) {
        uint64_t word = *frame_word(table);

        spares++;
        if (frame_kind_of(word) != FRAME_PAGE_TABLE
            || frame_space(word) != audit->space->id) {
            vmm_audit_note(audit, &audit->info->wrong_owner,
                           "spare table of another owner",
                           physmap_paddr(table).raw);
            break;
        }
    }
    audit->tables += spares;
    if (spares != audit->large) {
        vmm_audit_note(audit, &audit->info->wrong_owner,
                       "2 MiB leaves and spare tables", spares);
    }
}

/* The kernel half of a space: the shared slots, and nothing else. */
static void
vmm_audit_slots(struct vmm_audit *audit)
{
    const struct space *space = audit->space;

    for (uint64_t i = 0; i < 256; i++) {
        vaddr_t address = vaddr(KERNEL_HALF_BASE + (i << 39));
        uint64_t slot = mmu_slot(&space->tables, address);

        if (slot != mmu_slot(&vmm_kernel.tables, address)
            || mmu_entry_is_user(slot)) {
            vmm_audit_note(audit, &audit->info->user_in_kernel_half,
                           "foreign kernel slot", address.raw);
        }
    }
}

static void
vmm_audit_space(struct vmm_audit *audit, const struct space *space)
{
    struct mmu_visitor visitor = {
        .table = vmm_audit_table,
        .leaf = vmm_audit_user_leaf,
        .context = audit,
    };

    audit->space = space;
    audit->present = 0;
    audit->large = 0;
    mmu_visit(&space->tables, vaddr(0), vaddr(USER_HALF_END), &visitor);
    pmm_hook_pause();
    vmm_audit_slots(audit);
    vmm_audit_spares(audit);
    pmm_hook_pause();
    if (audit->present != space->resident) {
        vmm_audit_note(audit, &audit->info->wrong_owner, "resident is wrong",
                       space->resident);
    }
}

/* ---- the kernel half ------------------------------------------------------- */

static const uint64_t vmm_level_bytes[] = { 0, PAGE_BYTES, LARGE_PAGE_BYTES,
                                            HUGE_PAGE_BYTES };

static void
vmm_audit_kernel_leaf(void *context, const struct mmu_found *found)
{
    struct vmm_audit *audit = context;
    struct audit_info *info = audit->info;
    mmu_leaf_t leaf = *found->at.leaf;
    uint32_t prot = mmu_leaf_prot(leaf);
    uint64_t start = mmu_leaf_physical(leaf, found->level, found->address).raw;
    uint64_t end = start + vmm_level_bytes[found->level];
    bool is_text = start < vmm_image_paddr(vmm_image.rodata_end).raw
                   && end > vmm_image_paddr(vmm_image.text_start).raw;

    vmm_audit_count_leaf(info);
    if (mmu_leaf_is_user(leaf)) {
        vmm_audit_note(audit, &info->user_in_kernel_half, "user access",
                       found->address.raw);
    }
    if ((prot & PROT_WRITE) != 0 && (prot & PROT_EXEC) != 0) {
        vmm_audit_note(audit, &info->wx_a, "W and X", found->address.raw);
    }
    if ((prot & PROT_WRITE) != 0 && is_text) {
        vmm_audit_note(audit, &info->wx_c, "writable kernel text",
                       found->address.raw);
    }
    if ((prot & PROT_EXEC) != 0
        && (found->address.raw < vmm_image.text_start.raw
            || found->address.raw >= vmm_image.text_end.raw)) {
        vmm_audit_note(audit, &info->wx_a, "executable outside .text",
                       found->address.raw);
    }
}

static void
vmm_audit_kernel(struct vmm_audit *audit)
{
    struct mmu_visitor visitor = {
        .table = vmm_audit_table,
        .leaf = vmm_audit_kernel_leaf,
        .context = audit,
    };

    audit->space = &vmm_kernel;
    mmu_visit(&vmm_kernel.tables, vaddr(KERNEL_HALF_BASE), vaddr(0), &visitor);
    if (vmm_count_resident(&vmm_kernel, vaddr(0), vaddr(USER_END)) != 0) {
        vmm_audit_note(audit, &audit->info->user_in_kernel_half,
                       "user page in the kernel's tables", 0);
    }
}

/* ---- the frame table -------------------------------------------------------- */

static void
vmm_audit_frames(struct vmm_audit *audit)
{
    struct audit_info *info = audit->info;
    uint64_t private_frames = 0;
    uint64_t counts = 0;

    audit->space = &vmm_kernel;
    for (uint64_t i = 0; i < frame_limit; i++) {
        uint64_t word = frame_table[i];

        if (i % AUDIT_PAUSE_FRAMES == 0) {
            pmm_hook_pause();
        }
        info->frames_checked++;
        private_frames += frame_kind_of(word) == FRAME_USER
                          && frame_space(word) != 0;
        if (frame_is_counted(word)) {
            counts += frame_count(word);
        }
        if ((frame_kind_of(word) == FRAME_USER || frame_is_counted(word))
            && (word & VMM_MAPPED_FLAGS) == VMM_MAPPED_FLAGS) {
            vmm_audit_note(audit, &info->wx_b, "frame with W and X leaves",
                           i << PAGE_SHIFT);
        }
    }
    if (private_frames != audit->private_leaves) {
        vmm_audit_note(audit, &info->wrong_owner, "private frames and leaves",
                       private_frames - audit->private_leaves);
    }
    if (counts != audit->counted_leaves) {
        vmm_audit_note(audit, &info->wrong_owner, "shared frames and leaves",
                       counts - audit->counted_leaves);
    }
    if (audit->tables != pmm_count(FRAME_PAGE_TABLE)) {
        vmm_audit_note(audit, &info->wrong_owner, "tables and their frames",
                       pmm_count(FRAME_PAGE_TABLE) - audit->tables);
    }
}

void
vmm_audit(struct audit_info *info)
{
    struct vmm_audit audit = { .info = info };
    const struct space *space;

    memset(info, 0, sizeof(*info));
    vmm_audit_kernel(&audit);
    for (space = vmm_next_space(0); space != NULL;
         space = vmm_next_space(space->id)) {
        vmm_audit_space(&audit, space);
    }
    vmm_audit_frames(&audit);
    info->conservation = pmm_check();
}
