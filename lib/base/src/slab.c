/* SPDX-License-Identifier: MIT */
/* The slow paths of the slab core: slabs and descriptors come and go here. */
#include <base/align.h>
#include <base/slab.h>

#define CHUNK_BYTES 64u
#define CHUNK_COUNT (SLAB_FRAME_BYTES / CHUNK_BYTES)

/* How many descriptor frames are searched for room before a new one is begun:
 * what bounds the cost. The gaps are not lost, small descriptors fill them. */
#define CHUNK_PROBES 4

/*
 * A frame of descriptors: this header in chunk 0, descriptors in the others.
 * While a chunk is free it stands in slab_chunk_frames, the newest first; the
 * last descriptor to go gives it back.
 */
struct slab_chunks {
    struct list link;
    uint64_t free; /* bit i = chunk i is free; bit 0 never */
};

#define CHUNKS_ALL_FREE (~1ull)

_Static_assert(CHUNK_COUNT == 64, "one word describes a descriptor frame");
_Static_assert(sizeof(struct slab_chunks) <= CHUNK_BYTES, "fits chunk 0");
_Static_assert(SLAB_FREED > SLAB_MAX_BYTES, "no block's size looks freed");

/*
 * Slot sizes. Up to 192 in steps of 16; above, the largest multiple of 16 that
 * fits a frame n times, so that a slab's end is not wasted. Powers of two are
 * all there: slab_class_aligned needs them.
 */
static const uint16_t slab_slot_bytes[SLAB_CLASSES] = {
    32,  48,  64,  80,  96,  112, 128, 144, 160,  176,  192,  224,  256,
    288, 336, 400, 448, 512, 576, 672, 816, 1024, 1360, 2048, 4096,
};

struct slab_stats slab_stats;
struct slab_cache slab_classes[SLAB_CLASSES];
struct slab_cache *slab_class_of[SLAB_FRAME_BYTES / SLAB_ALIGN + 1];
uint64_t slab_secret;
struct slab slab_none = { .free = SLAB_END };

static struct list slab_caches = { &slab_caches, &slab_caches };
static struct list slab_chunk_frames = { &slab_chunk_frames,
                                         &slab_chunk_frames };

/* ---- descriptors ------------------------------------------------------- */

/* The first of @count free chunks in a row, or 0. */
static uint64_t
slab_chunks_find(uint64_t free, uint64_t count)
{
    /* After step i, a bit says that i more free chunks follow it. */
    for (uint64_t i = 1; i < count; i++) {
        free &= free >> 1;
    }
    return free == 0 ? 0 : (uint64_t)(unsigned)__builtin_ctzll(free);
}

static uint64_t
slab_chunks_mask(uint64_t first, uint64_t count)
{
    return ((1ull << count) - 1) << first;
}

/* A descriptor frame with @count free chunks in a row, begun if need be. */
static struct slab_chunks *
slab_chunks_with_room(uint64_t count)
{
    struct slab_chunks *chunks;
    int probes = 0;

    list_for_each(node, &slab_chunk_frames) {
        chunks = LIST_ENTRY(node, struct slab_chunks, link);
        if (slab_chunks_find(chunks->free, count) != 0) {
            return chunks;
        }
        if (++probes == CHUNK_PROBES) {
            break;
        }
    }
    chunks = slab_env_get_frame(&slab_none);
    if (chunks == NULL) {
        return NULL;
    }
    slab_stats.frames++;
    chunks->free = CHUNKS_ALL_FREE;
    list_add_head(&slab_chunk_frames, &chunks->link);
    return chunks;
}

/* Chunks of a descriptor with @capacity slots. A large block has none, but a
 * site, which stands where the first slot's would. */
static uint64_t
slab_chunks_for(uint64_t capacity)
{
    uint64_t infos = capacity == 0 ? 1 : capacity;

    return (offsetof(struct slab, info) + infos * sizeof(struct slab_info)
            + CHUNK_BYTES - 1)
           / CHUNK_BYTES;
}

/* Allocate a descriptor with @capacity slots, all fresh. */
static struct slab *
slab_descriptor_alloc(uint16_t capacity)
{
    uint64_t count = slab_chunks_for(capacity);
    struct slab_chunks *chunks = slab_chunks_with_room(count);
    struct slab *slab;
    uint64_t first;

    if (chunks == NULL) {
        return NULL;
    }
    first = slab_chunks_find(chunks->free, count);
    chunks->free &= ~slab_chunks_mask(first, count);
    if (chunks->free == 0) {
        list_remove(&chunks->link);
    }
    slab = (void *)((char *)chunks + first * CHUNK_BYTES);
    *slab = (struct slab){ .free = SLAB_END, .capacity = capacity };
    list_init(&slab->link);
    return slab;
}

static void
slab_descriptor_free(struct slab *slab)
{
    uintptr_t base = align_down((uintptr_t)slab, SLAB_FRAME_BYTES);
    struct slab_chunks *chunks = (void *)base;
    uint64_t first = ((uintptr_t)slab - base) / CHUNK_BYTES;

    if (chunks->free == 0) {
        list_add_tail(&slab_chunk_frames, &chunks->link);
    }
    chunks->free |= slab_chunks_mask(first, slab_chunks_for(slab->capacity));
    if (chunks->free == CHUNKS_ALL_FREE) {
        list_remove(&chunks->link);
        slab_stats.frames--;
        slab_env_put_frame(chunks);
    }
}

/* ---- slabs ------------------------------------------------------------- */

static uint32_t
slab_used(const struct slab *slab)
{
    return slab->frees_left + (uint32_t)slab->used_base;
}

/* Let used = frees_left + @base from now on (I4). */
static void
slab_rebase(struct slab *slab, int32_t base)
{
    slab->frees_left = slab_used(slab) - (uint32_t)base;
    slab->used_base = base;
}

/* A new slab of @cache, every slot fresh; NULL if there is no frame. */
static struct slab *
slab_create(struct slab_cache *cache)
{
    uint16_t capacity = (uint16_t)(SLAB_FRAME_BYTES / cache->slot_bytes);
    struct slab *slab = slab_descriptor_alloc(capacity);

    if (slab == NULL) {
        return NULL;
    }
    slab->memory = slab_env_get_frame(slab);
    if (slab->memory == NULL) {
        slab_descriptor_free(slab);
        return NULL;
    }
    slab_stats.frames++;
    slab->cache = cache;
    slab->reciprocal = cache->reciprocal;
    slab->slot_bytes = cache->slot_bytes;
    return slab;
}

/* Give back an empty slab that is in no list and not current. */
static void
slab_destroy(struct slab *slab)
{
    slab_stats.frames--;
    slab_env_put_frame(slab->memory);
    slab_descriptor_free(slab);
}

/* Make @next, in no list, the current slab in place of one without a free
 * slot. */
static ALWAYS_INLINE void
slab_replace_current(struct slab_cache *cache, struct slab *next)
{
    struct slab *old = cache->current;

    if (LIKELY(old != &slab_none)) {
        slab_rebase(old, old->capacity - 1);
        list_add_head(&cache->full, &old->link);
    }
    slab_rebase(next, -(int32_t)SLAB_NEVER);
    cache->current = next;
}

/* Put the first fresh slot into the free list, which is empty. */
static ALWAYS_INLINE void
slab_use_fresh(struct slab *slab)
{
    slab->info[slab->fresh].state = SLAB_END;
    slab->free = SLAB_LINK(slab->fresh);
    slab->fresh++;
}

/* Allocate from a new slab. */
static NOINLINE void *
slab_alloc_new(struct slab_cache *cache, uint64_t bytes, const void *site)
{
    struct slab *slab = slab_create(cache);

    if (slab == NULL) {
        return NULL;
    }
    slab_replace_current(cache, slab);
    slab_use_fresh(slab);
    return slab_take(slab, bytes, site);
}

/* The current slab's free list is empty: its next fresh slot, or the slab that
 * has been partial for longest (it has gathered most free slots), or a new
 * one. */
void *
slab_alloc_slow(struct slab_cache *cache, uint64_t bytes, const void *site)
{
    struct slab *slab = cache->current;
    struct list *partial;

    if (slab->fresh != slab->capacity) {
        slab_use_fresh(slab);
        return slab_take(slab, bytes, site);
    }
    partial = list_first(&cache->partial);
    if (partial == NULL) {
        return slab_alloc_new(cache, bytes, site);
    }
    list_remove(partial);
    slab = LIST_ENTRY(partial, struct slab, link);
    slab_replace_current(cache, slab);
    return slab_take(slab, bytes, site);
}

/* A full slab has become partial, a partial one empty, one with a single slot
 * both at once. */
static void
slab_move(struct slab *slab)
{
    list_remove(&slab->link);
    if (slab_used(slab) != 0) {
        slab_rebase(slab, 0);
        list_add_tail(&slab->cache->partial, &slab->link);
    } else {
        slab_destroy(slab);
    }
}

void
slab_free_slow(struct slab *slab)
{
    if (slab->frees_left == 0) {
        slab_move(slab);
    }
    if (slab_stats.blocks == 0) {
        slab_trim();
    }
}

void
slab_trim(void)
{
    list_for_each(node, &slab_caches) {
        struct slab_cache *cache = LIST_ENTRY(node, struct slab_cache, link);
        struct slab *slab = cache->current;

        if (slab != &slab_none && slab_used(slab) == 0) {
            cache->current = &slab_none;
            slab_destroy(slab);
        }
    }
}

/* ---- classes ----------------------------------------------------------- */

static void
slab_cache_setup(struct slab_cache *cache, const char *name, uint32_t slot)
{
    cache->current = &slab_none;
    list_init(&cache->partial);
    list_init(&cache->full);
    list_add_tail(&slab_caches, &cache->link);
    cache->name = name;
    cache->slot_bytes = slot;
    cache->reciprocal =
        (uint32_t)(((1ull << SLAB_RECIPROCAL_BITS) + slot - 1) / slot);
}

void
slab_init(uint64_t secret)
{
    uint32_t class = 0;

    slab_secret = secret;
    slab_stats = (struct slab_stats){ 0 };
    list_init(&slab_caches);
    list_init(&slab_chunk_frames);
    for (uint32_t i = 0; i < SLAB_CLASSES; i++) {
        slab_cache_setup(&slab_classes[i], "general", slab_slot_bytes[i]);
        slab_classes[i].object_bytes = slab_slot_bytes[i] - SLAB_CANARY_BYTES;
    }
    for (uint32_t i = 0; i < ARRAY_COUNT(slab_class_of); i++) {
        if (i * SLAB_ALIGN > slab_slot_bytes[class]) {
            class ++;
        }
        slab_class_of[i] = &slab_classes[class];
    }
}

void
slab_cache_init(struct slab_cache *cache, const char *name, uint32_t bytes)
{
    uint64_t slot = align_up(bytes + SLAB_CANARY_BYTES, SLAB_ALIGN);

    slab_cache_setup(cache, name, (uint32_t)slot);
    cache->object_bytes = bytes;
}

/* The smallest class whose slots hold @bytes at multiples of @alignment, a
 * power of two; NULL if none does. */
struct slab_cache *
slab_class_aligned(uint64_t bytes, uint64_t alignment)
{
    if (bytes > SLAB_MAX_BYTES) {
        return NULL;
    }
    for (uint32_t i = 0; i < SLAB_CLASSES; i++) {
        if (slab_slot_bytes[i] >= bytes + SLAB_CANARY_BYTES
            && is_aligned(slab_slot_bytes[i], alignment)) {
            return &slab_classes[i];
        }
    }
    return NULL;
}

/* ---- large blocks ------------------------------------------------------ */

struct slab *
slab_large_create(const void *site)
{
    struct slab *large = slab_descriptor_alloc(0);

    if (large != NULL) {
        large->info[0].site = (uint32_t)(uintptr_t)site;
    }
    return large;
}

void
slab_large_open(struct slab *large, void *memory, uint64_t bytes)
{
    uint64_t canary = slab_canary(memory);

    large->memory = memory;
    large->large_bytes = bytes;
    __builtin_memcpy((char *)memory + bytes, &canary, sizeof(canary));
    slab_stats.allocated_bytes += bytes;
    slab_stats.blocks++;
}

void
slab_large_cancel(struct slab *large)
{
    slab_descriptor_free(large);
}

void
slab_large_close(struct slab *large, const void *block, const void *caller)
{
    uint64_t canary;

    if (large->cache != NULL || block != large->memory) {
        slab_bad_free(large, block, caller);
    }
    __builtin_memcpy(&canary, large->memory + large->large_bytes,
                     sizeof(canary));
    if (canary != slab_canary(block)) {
        slab_bad_free(large, block, caller);
    }
    slab_stats.freed_bytes += large->large_bytes;
    slab_stats.blocks--;
    slab_descriptor_free(large);
    if (slab_stats.blocks == 0) {
        slab_trim();
    }
}

/* ---- reports and checks ------------------------------------------------ */

/* The code address of which info.site is the lower half: within 2 GiB of this
 * file's own code, as all code of an image is. */
static const void *
slab_site(const struct slab_info *info)
{
    uintptr_t here = (uintptr_t)&slab_init;
    int32_t distance = (int32_t)(info->site - (uint32_t)here);

    return (const void *)(here + (uintptr_t)(intptr_t)distance);
}

/* What is wrong with freeing @block of a slab with slots. */
static enum slab_fault_kind
slab_judge(const struct slab *slab, const void *block, uint64_t slot)
{
    if (slot >= slab->fresh) {
        return SLAB_FAULT_FOREIGN;
    }
    if (slab->info[slot].state > SLAB_MAX_BYTES) {
        return SLAB_FAULT_FREED;
    }
    if (slab->memory + slot * slab->slot_bytes != (const char *)block) {
        return SLAB_FAULT_INSIDE;
    }
    return SLAB_FAULT_OVERFLOW;
}

void
slab_bad_free(const struct slab *slab, const void *block, const void *caller)
{
    struct slab_fault fault = { .kind = SLAB_FAULT_FOREIGN,
                                .block = block,
                                .caller = caller };

    if (slab->cache != NULL) {
        uint64_t offset = (uintptr_t)block % SLAB_FRAME_BYTES;
        uint64_t slot = offset / slab->slot_bytes;

        fault.kind = slab_judge(slab, block, slot);
        if (fault.kind != SLAB_FAULT_FOREIGN) {
            const struct slab_info *info = &slab->info[slot];

            fault.allocated = slab_site(info);
            fault.bytes = info->state > SLAB_MAX_BYTES ? 0 : info->state;
        }
    } else if (slab != &slab_none) {
        fault.kind = block == slab->memory ? SLAB_FAULT_OVERFLOW
                                           : SLAB_FAULT_INSIDE;
        fault.allocated = slab_site(&slab->info[0]);
        fault.bytes = slab->large_bytes;
    }
    slab_env_fail(&fault);
}

const char *
slab_fault_text(enum slab_fault_kind kind)
{
    switch (kind) {
    case SLAB_FAULT_FREED:
        return "freed twice";
    case SLAB_FAULT_INSIDE:
        return "freed by an address inside it";
    case SLAB_FAULT_FOREIGN:
        return "not allocated, or freed already";
    case SLAB_FAULT_OVERFLOW:
        return "written beyond its end";
    }
    return "damaged";
}

/* Contradictions in one slab: I2, the canaries, and that the used slots number
 * from @least to @most. */
static uint64_t
slab_check_slots(const struct slab *slab, uint32_t least, uint32_t most)
{
    uint64_t bad = 0;
    uint64_t used = 0;
    uint64_t free = 0;

    for (uint64_t i = 0; i < slab->fresh; i++) {
        const char *block = slab->memory + i * slab->slot_bytes;
        uint64_t canary;

        if (slab->info[i].state > SLAB_MAX_BYTES) {
            continue;
        }
        used++;
        __builtin_memcpy(&canary, block + slab->info[i].state, sizeof(canary));
        bad += canary != slab_canary(block);
    }
    for (uint32_t at = slab->free; at != SLAB_END && free <= slab->fresh;) {
        uint32_t slot = at >> SLAB_LINK_SHIFT;

        if (slot >= slab->fresh || (at & SLAB_FREED) != SLAB_FREED) {
            return bad + 1;
        }
        at = slab->info[slot].state;
        free++;
    }
    bad += used != slab_used(slab) || used < least || used > most;
    bad += used + free != slab->fresh || slab->fresh > slab->capacity;
    return bad;
}

/* Contradictions in a class: I1 and I4; the blocks found are added to
 * *blocks. */
static uint64_t
slab_check_cache(const struct slab_cache *cache, uint64_t *blocks)
{
    const struct slab *slab = cache->current;
    uint64_t bad = 0;

    if (slab != &slab_none) {
        bad += slab_check_slots(slab, 0, slab->capacity);
        bad += slab->used_base != -(int32_t)SLAB_NEVER;
        *blocks += slab_used(slab);
    }
    list_for_each(node, &cache->partial) {
        slab = LIST_ENTRY(node, const struct slab, link);
        bad += slab_check_slots(slab, 1, slab->capacity - 1u);
        bad += slab->used_base != 0;
        *blocks += slab_used(slab);
    }
    list_for_each(node, &cache->full) {
        slab = LIST_ENTRY(node, const struct slab, link);
        bad += slab_check_slots(slab, slab->capacity, slab->capacity);
        bad += slab->frees_left != 1;
        *blocks += slab_used(slab);
    }
    return bad;
}

uint64_t
slab_check(void)
{
    uint64_t bad = 0;
    uint64_t blocks = 0;

    list_for_each(node, &slab_caches) {
        bad += slab_check_cache(LIST_ENTRY(node, struct slab_cache, link),
                                &blocks);
    }
    /* Large blocks are counted in the totals and stand in no class. */
    bad += blocks > slab_stats.blocks;
    bad += slab_stats.blocks == 0 && slab_stats.frames != 0;
    return bad;
}
