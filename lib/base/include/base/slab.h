/* SPDX-License-Identifier: MIT */
/*
 * The slab core: blocks of up to 4,088 bytes cut from frames, for the kernel
 * heap, for malloc in ring 3 and for tests on a host. One allocator per image.
 *
 * A slab is one frame divided into equal slots. Nothing but the caller's bytes
 * and a canary lies in it; what describes it stands elsewhere, where no overflow
 * reaches it:
 *
 *      frame   | bytes asked for |canary|  | bytes ... |canary| |  ...
 *                 slot 0                      slot 1
 *
 *      struct slab   memory, counts, head of the free list
 *                    info[slot]: allocation site, bytes or "freed", next free
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
 *  I3  An empty slab is kept only as the current one and only while its class
 *      has no partial slab and the image has live blocks: with the last block
 *      the last frame is given back, descriptor frames included.
 *  I4  slab.alert is the value of used at which a free must do more than count:
 *      capacity - 1 in full, else 0.
 *
 * A free finds: a block freed already, an address inside a block, one that was
 * never handed out, a canary overwritten. Each ends in slab_env_fail with the
 * allocation site. A block is addressed by its user alone: who calls slab_free
 * has found the slab through a table of its own, from the block's frame.
 *
 * What the image that links src/slab.c supplies:
 *   - slab_env_get_frame, slab_env_put_frame, slab_env_fail (below), called on
 *     slow paths only;
 *   - its own lookup from address to struct slab, filled by slab_env_get_frame.
 *
 * Context: not reentrant, no locks: interrupts off, or a single thread.
 * Cost: O(1); slab_malloc + slab_free about 60 instructions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>
#include <base/list.h>

#define SLAB_FRAME_BYTES 4096u
#define SLAB_CANARY_BYTES 8u
#define SLAB_MAX_BYTES (SLAB_FRAME_BYTES - SLAB_CANARY_BYTES)
#define SLAB_ALIGN 16u
#define SLAB_CLASSES 25u

#define SLAB_END 0xFFFFu   /* end of a slab's free list       */
#define SLAB_FREED 0xFFFFu /* info.bytes of a slot in that list */
#define SLAB_RECIPROCAL_BITS 40

/* ---- data --------------------------------------------------------------- */

/* One slot. */
struct slab_info {
    uint32_t site;  /* code address, less slab_site_anchor() */
    uint16_t bytes; /* asked for, or SLAB_FREED              */
    uint16_t next;  /* free: next free slot, or SLAB_END     */
};

/* The descriptor of a slab; of a large block, with no slots, too. */
struct slab {
    struct list link;
    struct slab_cache *cache; /* NULL: a large block, or nobody's */
    char *memory;
    union {
        uint64_t reciprocal;  /* 2^40 / slot_bytes, rounded up */
        uint64_t large_bytes; /* asked for, of a large block   */
    };
    uint16_t slot_bytes;
    uint16_t capacity; /* slots */
    uint16_t used;
    uint16_t fresh;
    uint16_t free; /* first free slot, or SLAB_END */
    uint16_t alert;
    uint32_t chunks; /* size of this descriptor in 64-byte chunks */
    struct slab_info info[];
};

/* A size class. */
struct slab_cache {
    struct slab *current;
    struct list partial;
    struct list full;
    struct list link; /* among all classes */
    const char *name;
    uint64_t reciprocal;
    uint16_t slot_bytes;
    uint16_t capacity;
    uint16_t object_bytes; /* of a pool: what each block asks for */
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
extern uint8_t slab_class_table[SLAB_FRAME_BYTES / SLAB_ALIGN + 1];
extern uint64_t slab_secret;

/* The descriptor of nobody's memory: every free there fails. A lookup that finds
 * nothing may answer with it instead of NULL. */
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
NORETURN void slab_bad_free(const struct slab *slab, const void *block,
                            const void *caller);
struct slab_cache *slab_class_aligned(uint64_t bytes, uint64_t alignment);

/* ---- the hot paths ----------------------------------------------------- */

/* Code addresses are kept as 32 bits relative to this one: every image is
 * smaller than 2 GiB. */
static inline uintptr_t
slab_site_anchor(void)
{
    return (uintptr_t)&slab_init;
}

static inline uint64_t
slab_canary(const void *block)
{
    return slab_secret ^ (uint64_t)(uintptr_t)block;
}

/* Allocate a block of @bytes, which fit the class, on behalf of code at @site.
 * Returns NULL if no frame is left. */
static ALWAYS_INLINE void *
slab_alloc(struct slab_cache *cache, uint64_t bytes, const void *site)
{
    struct slab *slab = cache->current;
    uint64_t slot = slab->free;
    struct slab_info *info;
    char *block;
    uint64_t canary;

    if (UNLIKELY(slot == SLAB_END)) {
        return slab_alloc_slow(cache, bytes, site);
    }
    info = &slab->info[slot];
    slab->free = info->next;
    slab->used++;
    info->site = (uint32_t)((uintptr_t)site - slab_site_anchor());
    info->bytes = (uint16_t)bytes;
    slab_stats.allocated_bytes += bytes;
    slab_stats.blocks++;
    block = slab->memory + slot * slab->slot_bytes;
    canary = slab_canary(block);
    __builtin_memcpy(block + bytes, &canary, sizeof(canary));
    return block;
}

/* Allocate @bytes <= SLAB_MAX_BYTES from the smallest class that holds them. */
static ALWAYS_INLINE void *
slab_malloc(uint64_t bytes, const void *site)
{
    uint64_t step = (bytes + SLAB_CANARY_BYTES + SLAB_ALIGN - 1) / SLAB_ALIGN;

    return slab_alloc(&slab_classes[slab_class_table[step]], bytes, site);
}

/* The slot of @block in @slab if a live block with a whole canary begins there;
 * does not return otherwise. */
static ALWAYS_INLINE struct slab_info *
slab_live_info(struct slab *slab, const void *block, const void *caller)
{
    uint64_t offset = (uintptr_t)block % SLAB_FRAME_BYTES;
    uint64_t product = offset * slab->reciprocal;
    uint64_t slot = product >> SLAB_RECIPROCAL_BITS;
    uint64_t rest = product & ((1ull << SLAB_RECIPROCAL_BITS) - 1);
    struct slab_info *info = &slab->info[slot];
    uint64_t canary;

    /* rest >= reciprocal: offset is no multiple of slot_bytes. */
    if (UNLIKELY(rest >= slab->reciprocal || slot >= slab->fresh
                 || info->bytes == SLAB_FREED)) {
        slab_bad_free(slab, block, caller);
    }
    __builtin_memcpy(&canary, (const char *)block + info->bytes,
                     sizeof(canary));
    if (UNLIKELY(canary != slab_canary(block))) {
        slab_bad_free(slab, block, caller);
    }
    return info;
}

/* Free @block, which the image's lookup places in @slab. */
static ALWAYS_INLINE void
slab_free(struct slab *slab, void *block, const void *caller)
{
    struct slab_info *info = slab_live_info(slab, block, caller);
    uint16_t used = (uint16_t)(slab->used - 1);

    slab_stats.freed_bytes += info->bytes;
    slab_stats.blocks--;
    info->bytes = SLAB_FREED;
    info->next = slab->free;
    slab->free = (uint16_t)(info - slab->info);
    slab->used = used;
    if (UNLIKELY(used == slab->alert)) {
        slab_free_slow(slab);
    }
}

/* The bytes asked for @block, live, in @slab: for realloc. */
static inline uint64_t
slab_block_bytes(struct slab *slab, const void *block, const void *caller)
{
    return slab_live_info(slab, block, caller)->bytes;
}
