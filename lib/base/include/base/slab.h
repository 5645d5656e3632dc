/* SPDX-License-Identifier: MIT */
/*
 * The slab core: blocks of up to 4,088 bytes cut from frames, for the kernel
 * heap, for malloc in ring 3 and for tests on a host. One allocator per image.
 *
 * A slab is one frame divided into equal slots. Nothing but the caller's bytes
 * and a canary lies in it; what describes it stands elsewhere, where no
 * overflow reaches it:
 *
 *      frame   | bytes asked for |canary|  | bytes ... |canary| |  ...
 *                 slot 0                      slot 1
 *
 *      struct slab   memory, counts, head of the free list
 *                    info[slot]: allocation site; bytes, or next free slot
 *
 * Descriptors of all sizes are runs of 64-byte chunks in descriptor frames,
 * which hold nothing else. A size class is a struct slab_cache:
 *
 *      current   the slab that allocations come from
 *      partial   slabs with used and free slots
 *      full      slabs without a free slot
 *
 * Invariants
 *  I1  A slab is current, or in partial (0 < used < capacity), or in full
 *      (used = capacity).
 *  I2  Slots >= fresh were never used; of the others, used hold a block and the
 *      rest are in the free list.
 *  I3  An empty slab is kept only as a current one, and only while the image
 *      has live blocks: with the last block the last frame is given back,
 *      descriptor frames included.
 *  I4  A free counts frees_left down, and at 0 does more: of a full slab at the
 *      first, of a partial one at the last, of a current one never (its count
 *      begins at SLAB_NEVER). used = frees_left + used_base.
 *
 * A free finds: a block freed already, an address inside a block, one that was
 * never handed out, a canary overwritten; slab_bad_free then tells which, with
 * the allocation site, to slab_env_fail. A block is addressed by its user
 * alone: who calls slab_free has found the slab through a table of its own,
 * from the block's frame.
 *
 * What the image that links src/slab.c supplies:
 *   - slab_env_get_frame, slab_env_put_frame, slab_env_fail (below), called on
 *     slow paths only;
 *   - its own lookup from address to struct slab, filled by slab_env_get_frame.
 *
 * Context: not reentrant, no locks: interrupts off, or a single thread.
 * Cost: O(1); slab_malloc + slab_free about 70 instructions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>
#include <base/list.h>

#define SLAB_FRAME_BYTES  4096u
#define SLAB_CANARY_BYTES 8u
#define SLAB_MAX_BYTES    (SLAB_FRAME_BYTES - SLAB_CANARY_BYTES)
#define SLAB_ALIGN        16u
#define SLAB_CLASSES      25u

/* info.state of a free slot, and slab.free: next free slot in the upper half,
 * SLAB_FREED in the lower, where a block's state has its bytes. */
#define SLAB_FREED      0xFFFFu
#define SLAB_LINK_SHIFT 16
#define SLAB_LINK(slot) ((uint32_t)(slot) << SLAB_LINK_SHIFT | SLAB_FREED)
#define SLAB_END        SLAB_LINK(0xFFFFu)

#define SLAB_NEVER           0x10000u
#define SLAB_NO_SLOT         UINT64_MAX
#define SLAB_RECIPROCAL_BITS 32

/* ---- data --------------------------------------------------------------- */

/* One slot. */
struct slab_info {
    uint32_t site;  /* low half of the code address that allocated it */
    uint32_t state; /* bytes asked for, or SLAB_LINK(next)            */
};

/* The descriptor of a slab; of a large block, with no slots, too. */
struct slab {
    union {
        struct list link;     /* of a slab that is not current */
        uint64_t large_bytes; /* asked for, of a large block   */
    };
    struct slab_cache *cache; /* NULL: a large block, or nobody's */
    char *memory;
    uint32_t slot_bytes;
    uint32_t reciprocal; /* 2^32 / slot_bytes, rounded up */
    uint32_t free;       /* SLAB_LINK(first free slot), or SLAB_END */
    int32_t used_base;
    uint32_t frees_left;
    uint16_t fresh;
    uint16_t capacity; /* slots */
    struct slab_info info[];
};

/* A size class. */
struct slab_cache {
    struct slab *current;
    struct list partial;
    struct list full;
    struct list link; /* among all classes */
    const char *name;
    uint32_t slot_bytes;
    uint32_t reciprocal;
    uint32_t object_bytes; /* the most a block can ask for; all, in a pool */
};

/* Bytes are those asked for, large blocks included. */
struct slab_stats {
    uint64_t allocated_bytes;
    uint64_t freed_bytes;
    uint64_t blocks; /* live                          */
    uint64_t frames; /* of slabs and their descriptors */
};

extern struct slab_stats slab_stats;
extern struct slab_cache slab_classes[SLAB_CLASSES];
/* The class whose slots hold n * SLAB_ALIGN bytes. */
extern struct slab_cache *slab_class_of[SLAB_FRAME_BYTES / SLAB_ALIGN + 1];
extern uint64_t slab_secret;

/* The descriptor of nobody's memory: every free there fails. A lookup that
 * finds nothing may answer with it instead of NULL. */
extern struct slab slab_none;

/* ---- what the image supplies ------------------------------------------- */

enum slab_fault_kind {
    SLAB_FAULT_FREED,    /* freed already                       */
    SLAB_FAULT_INSIDE,   /* not the first byte of a block       */
    SLAB_FAULT_FOREIGN,  /* never handed out                    */
    SLAB_FAULT_OVERFLOW, /* the canary behind it was overwritten */
};

struct slab_fault {
    enum slab_fault_kind kind;
    const void *block;
    uint64_t bytes;        /* asked for; 0 = unknown       */
    const void *allocated; /* code address; NULL = unknown */
    const void *caller;    /* who frees                    */
};

/* Return a frame of 4,096 bytes, aligned to its size, of any content, and make
 * the lookup answer @owner for each of its addresses; NULL if there is none. */
void *slab_env_get_frame(struct slab *owner);

/* Take back a frame; the lookup must forget it. */
void slab_env_put_frame(void *frame);

/* Report and stop. */
NORETURN void slab_env_fail(const struct slab_fault *fault);

/* ---- start-up and pools ------------------------------------------------ */

/* Make every class empty. @secret is mixed into the canaries. */
void slab_init(uint64_t secret);

/* Add a class of its own for objects of @bytes <= SLAB_MAX_BYTES. */
void slab_cache_init(struct slab_cache *cache, const char *name,
                     uint32_t bytes);

/* Give back the frames of empty slabs, of every class. Cost: O(classes). */
void slab_trim(void);

/* Walk all slabs and verify I1-I4, every canary and the totals.
 * Returns the number of contradictions. Cost: O(slots). */
uint64_t slab_check(void);

/* A word for a fault: "freed twice" ... */
const char *slab_fault_text(enum slab_fault_kind kind);

/* ---- large blocks ------------------------------------------------------ */

/* The image maps large blocks itself; the core keeps their descriptors, their
 * canary and their share of the statistics. */

/* Bytes that a large block of @bytes takes with its canary. */
static inline uint64_t
slab_large_span(uint64_t bytes)
{
    return bytes + SLAB_CANARY_BYTES;
}

/* Describe @memory, which has slab_large_span(@bytes) bytes. Two steps, so that
 * the memory can be mapped in between: create returns NULL if there is no frame
 * for a descriptor; open writes the canary and counts. cancel undoes create. */
struct slab *slab_large_create(const void *site);
void slab_large_open(struct slab *large, void *memory, uint64_t bytes);
void slab_large_cancel(struct slab *large);

/* Verify that @block is what @large describes and that its canary is whole,
 * count it as freed and free the descriptor. slab_env_fail otherwise. */
void slab_large_close(struct slab *large, const void *block,
                      const void *caller);

/* ---- out of line ------------------------------------------------------- */

void *slab_alloc_slow(struct slab_cache *cache, uint64_t bytes,
                      const void *site);
void slab_free_slow(struct slab *slab);
struct slab_cache *slab_class_aligned(uint64_t bytes, uint64_t alignment);

/* Find out why @block of @slab cannot be freed, and slab_env_fail. */
NORETURN void slab_bad_free(const struct slab *slab, const void *block,
                            const void *caller);

/* ---- the hot paths ----------------------------------------------------- */

static inline uint64_t
slab_canary(const void *block)
{
    return slab_secret ^ (uint64_t)(uintptr_t)block;
}

/* Take the first slot of @slab's free list, which is not empty. */
static ALWAYS_INLINE void *
slab_take(struct slab *slab, uint64_t bytes, const void *site)
{
    uint32_t slot = slab->free >> SLAB_LINK_SHIFT;
    struct slab_info *info = &slab->info[slot];
    uint64_t canary;
    char *block;

    slab->free = info->state;
    slab->frees_left++;
    info->site = (uint32_t)(uintptr_t)site;
    info->state = (uint32_t)bytes;
    slab_stats.allocated_bytes += bytes;
    slab_stats.blocks++;
    block = slab->memory + slot * slab->slot_bytes;
    canary = slab_canary(block);
    __builtin_memcpy(block + bytes, &canary, sizeof(canary));
    return block;
}

/* Allocate a block of @bytes, which fit the class, on behalf of code at @site.
 * Returns NULL if no frame is left. */
static ALWAYS_INLINE void *
slab_alloc(struct slab_cache *cache, uint64_t bytes, const void *site)
{
    struct slab *slab = cache->current;

    if (UNLIKELY(slab->free == SLAB_END)) {
        return slab_alloc_slow(cache, bytes, site);
    }
    return slab_take(slab, bytes, site);
}

/* Allocate @bytes <= SLAB_MAX_BYTES from the smallest class that holds them. */
static ALWAYS_INLINE void *
slab_malloc(uint64_t bytes, const void *site)
{
    uint64_t step = (bytes + SLAB_CANARY_BYTES + SLAB_ALIGN - 1) / SLAB_ALIGN;

    return slab_alloc(slab_class_of[step], bytes, site);
}

/*
 * The slot of @block in @slab if a live block with a whole canary begins there,
 * else SLAB_NO_SLOT.
 *
 * offset / slot_bytes as a multiplication: the upper half of the product is the
 * quotient, the lower one less than reciprocal exactly if nothing remains.
 * Exact since offsets and slots are below 2^13 and the rounding error below 1.
 */
static ALWAYS_INLINE uint64_t
slab_live_slot(const struct slab *slab, const void *block)
{
    uint64_t offset = (uintptr_t)block % SLAB_FRAME_BYTES;
    uint64_t product = offset * slab->reciprocal;
    uint64_t slot = product >> SLAB_RECIPROCAL_BITS;
    uint64_t canary;
    uint64_t bytes;

    if (UNLIKELY((uint32_t)product >= slab->reciprocal
                 || slot >= slab->fresh)) {
        return SLAB_NO_SLOT;
    }
    bytes = slab->info[slot].state;
    if (UNLIKELY(bytes > SLAB_MAX_BYTES)) {
        return SLAB_NO_SLOT;
    }
    __builtin_memcpy(&canary, (const char *)block + bytes, sizeof(canary));
    return UNLIKELY(canary != slab_canary(block)) ? SLAB_NO_SLOT : slot;
}

/* Free @block, which the image's lookup places in @slab.
 * Returns false, having changed nothing, if that would be wrong: the caller
 * then ends in slab_bad_free. */
static ALWAYS_INLINE MUST_CHECK bool
slab_try_free(struct slab *slab, void *block)
{
    uint64_t slot = slab_live_slot(slab, block);

    if (UNLIKELY(slot == SLAB_NO_SLOT)) {
        return false;
    }
    slab_stats.freed_bytes += slab->info[slot].state;
    slab_stats.blocks--;
    slab->info[slot].state = slab->free;
    slab->free = SLAB_LINK(slot);
    slab->frees_left--;
    if (UNLIKELY(slab->frees_left == 0 || slab_stats.blocks == 0)) {
        slab_free_slow(slab);
    }
    return true;
}

/* The same, and slab_env_fail on behalf of @caller if it would be wrong. */
static ALWAYS_INLINE void
slab_free(struct slab *slab, void *block, const void *caller)
{
    if (UNLIKELY(!slab_try_free(slab, block))) {
        slab_bad_free(slab, block, caller);
    }
}

/* The bytes asked for @block, live, in @slab: for realloc. */
static inline uint64_t
slab_block_bytes(struct slab *slab, const void *block, const void *caller)
{
    uint64_t slot = slab_live_slot(slab, block);

    if (UNLIKELY(slot == SLAB_NO_SLOT)) {
        slab_bad_free(slab, block, caller);
    }
    return slab->info[slot].state;
}
