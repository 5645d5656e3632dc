/* SPDX-License-Identifier: MIT */
/*
 * The runtime of -fsanitize=kernel-address: before every load and store of the
 * kernel's C code the compiler calls a function here, which looks up whether
 * somebody owns the bytes.
 *
 * A shadow byte describes eight bytes of RAM: 0 all may be used, 1-7 only so
 * many of them, above 0x80 none, and why. The shadow is one run of frames, an
 * eighth of RAM; an address finds its byte by where it leads physically:
 *
 *      physmap        address - PHYSMAP_BASE
 *      kernel image   address - KERNEL_IMAGE_BASE
 *      heap window    through the page tables
 *      kernel stacks  not watched: their guard pages are
 *      user half      never: only usercopy.asm may go there
 *
 * The functions that hand memory out and take it back are wrapped by the linker
 * (CHECK_WRAP in build.mk), so that the sources know nothing of this. Slots of a
 * slab are poisoned but for the bytes that were asked for; frames while they are
 * free; what follows a global variable always. heap.c, slab.c, pmm.c and the
 * memory functions of lib/base are compiled without the calls: they work in
 * memory nobody owns, and what others ask of memset and memcpy is checked here.
 *
 * Names are the compiler's: GCC, libsanitizer/asan/asan_interface_internal.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/align.h>
#include <base/compiler.h>
#include <base/string.h>

#include <klib/log.h>
#include <klib/panic.h>
#include <mm/boot_info.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/layout.h>
#include <mm/pmm.h>
#include <mm/pmm_inline.h>
#include <mm/vmm.h>

#define GRANULE 8u

enum kasan_poison {
    KASAN_GLOBAL = 0xF9,
    KASAN_SLOT = 0xFA, /* in a slab, not part of a live block */
    KASAN_HEAP_FREED = 0xFB,
    KASAN_FRAME = 0xFF,
};

/* The image's constructors: each registers the globals of one source. */
typedef void (*kasan_constructor_fn)(void);
extern const kasan_constructor_fn _init_array_start[];
extern const kasan_constructor_fn _init_array_end[];

static uint8_t *kasan_shadow; /* NULL: not begun */
static uint64_t kasan_ram;    /* bytes that the shadow describes */
static unsigned kasan_paused; /* the kernel does what only it may */

/* ---- shadow -------------------------------------------------------------- */

/* The shadow byte of @address, or NULL if it has none. */
static uint8_t *
kasan_shadow_of(uint64_t address)
{
    uint64_t physical;
    paddr_t translated;

    if (address >= KERNEL_IMAGE_BASE) {
        physical = address - KERNEL_IMAGE_BASE;
    } else if (address >= HEAP_BASE && address < HEAP_END) {
        bool mapped;

        kasan_paused++;
        mapped = vmm_translate(vaddr(address), &translated);
        kasan_paused--;
        if (!mapped) {
            return NULL;
        }
        physical = translated.raw;
    } else {
        physical = address - PHYSMAP_BASE;
    }
    return physical < kasan_ram ? &kasan_shadow[physical / GRANULE] : NULL;
}

/* Set the shadow of [@start, @start + @bytes), @start a multiple of GRANULE; a
 * part granule at the end counts as whole. */
static void
kasan_fill(const void *start, uint64_t bytes, uint8_t value)
{
    uint64_t at = (uintptr_t)start;
    uint64_t end = at + bytes;

    while (at < end) {
        uint8_t *shadow = kasan_shadow_of(at);
        uint64_t stop = align_down(at, PAGE_BYTES) + PAGE_BYTES;

        stop = stop < end ? stop : end;
        if (shadow != NULL) {
            for (uint64_t i = 0; i < (stop - at + GRANULE - 1) / GRANULE; i++) {
                shadow[i] = value;
            }
        }
        at = stop;
    }
}

static void
kasan_unpoison(const void *start, uint64_t bytes)
{
    uint64_t whole = align_down(bytes, GRANULE);

    kasan_fill(start, whole, 0);
    if (bytes != whole) {
        kasan_fill((const char *)start + whole, 1, (uint8_t)(bytes - whole));
    }
}

/* ---- checks -------------------------------------------------------------- */

static const char *
kasan_why(uint8_t shadow)
{
    switch (shadow) {
    case KASAN_GLOBAL:
        return "behind a global variable";
    case KASAN_SLOT:
        return "heap memory that nobody asked for";
    case KASAN_HEAP_FREED:
        return "a heap block that was freed";
    case KASAN_FRAME:
        return "a free frame";
    default:
        return shadow < GRANULE ? "just behind a block" : "?";
    }
}

static COLD void
kasan_fail(uint64_t address, uint64_t bytes, bool is_write, uint8_t shadow,
           const void *caller)
{
    kasan_paused++; /* the last words are not to be checked */
    panic("kasan: %s of %llu bytes at 0x%llx by %p: %s",
          is_write ? "write" : "read", (unsigned long long)bytes,
          (unsigned long long)address, caller, kasan_why(shadow));
}

/* Whether the first @used bytes of a granule may be used. */
static bool
kasan_granule_allows(uint8_t shadow, uint64_t used)
{
    return shadow == 0 || (shadow < GRANULE && used <= shadow);
}

static void
kasan_check(const volatile void *start, uint64_t bytes, bool is_write,
            const void *caller)
{
    uint64_t at = (uintptr_t)start;
    uint64_t end = at + bytes;

    if (kasan_shadow == NULL || kasan_paused != 0) {
        return;
    }
    while (at < end) {
        const uint8_t *shadow = kasan_shadow_of(at);
        uint64_t granule_end = align_down(at, GRANULE) + GRANULE;
        uint64_t stop = granule_end < end ? granule_end : end;

        if (at < KERNEL_HALF_BASE) {
            kasan_fail(at, bytes, is_write, 0, caller);
        }
        if (shadow != NULL
            && !kasan_granule_allows(*shadow, (stop - 1) % GRANULE + 1)) {
            kasan_fail(at, bytes, is_write, *shadow, caller);
        }
        at = stop;
    }
}

#define KASAN_ACCESS(name, bytes, is_write)                 \
    void __asan_##name##_noabort(uintptr_t address);        \
    void __asan_##name##_noabort(uintptr_t address)         \
    {                                                       \
        kasan_check((const void *)address, bytes, is_write, \
                    __builtin_return_address(0));           \
    }

KASAN_ACCESS(load1, 1, false)
KASAN_ACCESS(load2, 2, false)
KASAN_ACCESS(load4, 4, false)
KASAN_ACCESS(load8, 8, false)
KASAN_ACCESS(load16, 16, false)
KASAN_ACCESS(store1, 1, true)
KASAN_ACCESS(store2, 2, true)
KASAN_ACCESS(store4, 4, true)
KASAN_ACCESS(store8, 8, true)
KASAN_ACCESS(store16, 16, true)

void __asan_loadN_noabort(uintptr_t address, size_t bytes);
void
__asan_loadN_noabort(uintptr_t address, size_t bytes)
{
    kasan_check((const void *)address, bytes, false,
                __builtin_return_address(0));
}

void __asan_storeN_noabort(uintptr_t address, size_t bytes);
void
__asan_storeN_noabort(uintptr_t address, size_t bytes)
{
    kasan_check((const void *)address, bytes, true,
                __builtin_return_address(0));
}

/* Called before a function that does not return; of use only for stacks. */
void __asan_handle_no_return(void);
void
__asan_handle_no_return(void)
{
}

/* ---- globals ------------------------------------------------------------- */

struct kasan_global {
    const void *start;
    size_t bytes;
    size_t bytes_with_redzone;
    const void *rest[5];
};

void __asan_register_globals(const struct kasan_global *globals, size_t count);
void
__asan_register_globals(const struct kasan_global *globals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kasan_fill(globals[i].start, globals[i].bytes_with_redzone,
                   KASAN_GLOBAL);
        kasan_unpoison(globals[i].start, globals[i].bytes);
    }
}

void __asan_unregister_globals(const struct kasan_global *globals,
                               size_t count);
void
__asan_unregister_globals(const struct kasan_global *globals, size_t count)
{
    (void)globals;
    (void)count;
}

/* ---- memory functions ---------------------------------------------------- */

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

void *REAL(memset)(void *to, int byte, size_t bytes);
void *WRAP(memset)(void *to, int byte, size_t bytes);
void *
WRAP(memset)(void *to, int byte, size_t bytes)
{
    kasan_check(to, bytes, true, __builtin_return_address(0));
    return REAL(memset)(to, byte, bytes);
}

void *REAL(memcpy)(void *to, const void *from, size_t bytes);
void *WRAP(memcpy)(void *to, const void *from, size_t bytes);
void *
WRAP(memcpy)(void *to, const void *from, size_t bytes)
{
    kasan_check(from, bytes, false, __builtin_return_address(0));
    kasan_check(to, bytes, true, __builtin_return_address(0));
    return REAL(memcpy)(to, from, bytes);
}

void *REAL(memmove)(void *to, const void *from, size_t bytes);
void *WRAP(memmove)(void *to, const void *from, size_t bytes);
void *
WRAP(memmove)(void *to, const void *from, size_t bytes)
{
    kasan_check(from, bytes, false, __builtin_return_address(0));
    kasan_check(to, bytes, true, __builtin_return_address(0));
    return REAL(memmove)(to, from, bytes);
}

void REAL(fill_words)(uint64_t *to, uint64_t word, size_t count);
void WRAP(fill_words)(uint64_t *to, uint64_t word, size_t count);
void
WRAP(fill_words)(uint64_t *to, uint64_t word, size_t count)
{
    kasan_check(to, count * 8, true, __builtin_return_address(0));
    REAL(fill_words)(to, word, count);
}

enum status REAL(usercopy_in)(void *to, uint64_t from, uint64_t bytes);
enum status WRAP(usercopy_in)(void *to, uint64_t from, uint64_t bytes);
enum status
WRAP(usercopy_in)(void *to, uint64_t from, uint64_t bytes)
{
    kasan_check(to, bytes, true, __builtin_return_address(0));
    return REAL(usercopy_in)(to, from, bytes);
}

enum status REAL(usercopy_out)(uint64_t to, const void *from, uint64_t bytes);
enum status WRAP(usercopy_out)(uint64_t to, const void *from, uint64_t bytes);
enum status
WRAP(usercopy_out)(uint64_t to, const void *from, uint64_t bytes)
{
    kasan_check(from, bytes, false, __builtin_return_address(0));
    return REAL(usercopy_out)(to, from, bytes);
}

/* ---- frames --------------------------------------------------------------- */

/* Poison those of [@first, @end) that are free. */
static void
kasan_poison_free(uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end && i < frame_limit; i++) {
        if (frame_kind_of(frame_table[i]) == FRAME_FREE) {
            kasan_fill(frame_at(i), PAGE_BYTES, KASAN_FRAME);
        }
    }
}

#define KASAN_ALLOC(name, parameters, arguments, bytes) \
    void *REAL(name) parameters;                        \
    void *WRAP(name) parameters;                        \
    void *WRAP(name) parameters                         \
    {                                                   \
        void *memory;                                   \
                                                        \
        kasan_paused++;                                 \
        memory = REAL(name) arguments;                  \
        kasan_paused--;                                 \
        if (memory != NULL) {                           \
            kasan_fill(memory, bytes, 0);               \
        }                                               \
        return memory;                                  \
    }

void
pmm_watch_taken(void *frame)
{
    kasan_fill(frame, PAGE_BYTES, 0);
}

KASAN_ALLOC(pmm_alloc_frame, (void), (), PAGE_BYTES)
KASAN_ALLOC(pmm_alloc_kind, (enum frame_kind kind, uint64_t owner),
            (kind, owner), PAGE_BYTES)
KASAN_ALLOC(pmm_alloc_zeroed, (enum frame_kind kind, uint64_t owner),
            (kind, owner), PAGE_BYTES)
KASAN_ALLOC(pmm_alloc_large, (void), (), LARGE_PAGE_BYTES)
KASAN_ALLOC(pmm_alloc_run, (uint64_t frames), (frames), frames *PAGE_BYTES)

void REAL(pmm_free_frame)(void *frame);
void WRAP(pmm_free_frame)(void *frame);
void
WRAP(pmm_free_frame)(void *frame)
{
    REAL(pmm_free_frame)(frame);
    kasan_fill(frame, PAGE_BYTES, KASAN_FRAME);
}

void REAL(pmm_free_large)(void *frame);
void WRAP(pmm_free_large)(void *frame);
void
WRAP(pmm_free_large)(void *frame)
{
    REAL(pmm_free_large)(frame);
    kasan_fill(frame, LARGE_PAGE_BYTES, KASAN_FRAME);
}

void REAL(pmm_free_run)(void *first, uint64_t frames);
void WRAP(pmm_free_run)(void *first, uint64_t frames);
void
WRAP(pmm_free_run)(void *first, uint64_t frames)
{
    REAL(pmm_free_run)(first, frames);
    kasan_fill(first, frames * PAGE_BYTES, KASAN_FRAME);
}

/* A frame that is zeroed into the pool stays nobody's. */
bool REAL(pmm_pool_refill_one)(void);
bool WRAP(pmm_pool_refill_one)(void);
bool
WRAP(pmm_pool_refill_one)(void)
{
    bool any;

    kasan_paused++;
    any = REAL(pmm_pool_refill_one)();
    kasan_paused--;
    return any;
}

void REAL(pmm_release_reserved)(paddr_t start, paddr_t end);
void WRAP(pmm_release_reserved)(paddr_t start, paddr_t end);
void
WRAP(pmm_release_reserved)(paddr_t start, paddr_t end)
{
    REAL(pmm_release_reserved)(start, end);
    kasan_poison_free(frame_index_of(start), frame_index_of(end) + 1);
}

/* ---- heap ------------------------------------------------------------------ */

/* The slab core takes a frame: what it describes is poisoned until it is handed
 * out, and so are descriptors, which only the core itself may touch. */
void *REAL(slab_env_get_frame)(struct slab *owner);
void *WRAP(slab_env_get_frame)(struct slab *owner);
void *
WRAP(slab_env_get_frame)(struct slab *owner)
{
    void *frame = REAL(slab_env_get_frame)(owner);

    if (frame != NULL) {
        kasan_fill(frame, PAGE_BYTES, KASAN_SLOT);
    }
    return frame;
}

/* A block was handed out: its own bytes may be used, and of a large one not the
 * rest of its last page. */
static void *
kasan_hand_out(void *block, uint64_t bytes)
{
    uint64_t start = (uintptr_t)block;

    if (block == NULL) {
        return NULL;
    }
    if (start >= HEAP_BASE && start < HEAP_END) {
        kasan_fill((char *)block + align_down(bytes, PAGE_BYTES), PAGE_BYTES,
                   KASAN_SLOT);
    }
    kasan_unpoison(block, bytes);
    return block;
}

/* How many bytes were handed out at @block, as the shadow tells. */
static uint64_t
kasan_block_bytes(const void *block)
{
    const char *at = block;

    for (;;) {
        const uint8_t *shadow = kasan_shadow_of((uintptr_t)at);

        if (shadow == NULL || *shadow >= GRANULE) {
            return (uint64_t)(at - (const char *)block);
        }
        if (*shadow != 0) {
            return (uint64_t)(at - (const char *)block) + *shadow;
        }
        at += GRANULE;
    }
}

void *REAL(kmalloc)(size_t bytes);
void *WRAP(kmalloc)(size_t bytes);
void *
WRAP(kmalloc)(size_t bytes)
{
    return kasan_hand_out(REAL(kmalloc)(bytes), bytes);
}

void *REAL(kmalloc_aligned)(size_t size, size_t alignment);
void *WRAP(kmalloc_aligned)(size_t size, size_t alignment);
void *
WRAP(kmalloc_aligned)(size_t size, size_t alignment)
{
    return kasan_hand_out(REAL(kmalloc_aligned)(size, alignment), size);
}

void REAL(kfree)(void *block);
void WRAP(kfree)(void *block);
void
WRAP(kfree)(void *block)
{
    if (kasan_shadow != NULL && block != NULL) {
        kasan_fill(block, kasan_block_bytes(block), KASAN_HEAP_FREED);
    }
    REAL(kfree)(block);
}

void *REAL(pool_alloc)(struct pool *pool);
void *WRAP(pool_alloc)(struct pool *pool);
void *
WRAP(pool_alloc)(struct pool *pool)
{
    return kasan_hand_out(REAL(pool_alloc)(pool), pool->cache.object_bytes);
}

void REAL(pool_free)(struct pool *pool, void *object);
void WRAP(pool_free)(struct pool *pool, void *object);
void
WRAP(pool_free)(struct pool *pool, void *object)
{
    if (kasan_shadow != NULL) {
        kasan_fill(object, pool->cache.object_bytes, KASAN_HEAP_FREED);
    }
    REAL(pool_free)(pool, object);
}

/* ---- start ------------------------------------------------------------------ */

void REAL(heap_init)(void);
void WRAP(heap_init)(void);

/* Begin: RAM is mapped, and the heap still empty. */
void
WRAP(heap_init)(void)
{
    uint64_t frames = (frame_limit + GRANULE - 1) / GRANULE;
    uint8_t *shadow;

    REAL(heap_init)();
    shadow = pmm_alloc_run(frames);
    if (shadow == NULL) {
        panic("kasan: no room for a shadow of %llu frames",
              (unsigned long long)frames);
    }
    REAL(memset)(shadow, 0, frames * PAGE_BYTES);
    kasan_ram = frame_limit * PAGE_BYTES;
    kasan_shadow = shadow;
    kasan_poison_free(0, frame_limit);
    for (const kasan_constructor_fn *fn = _init_array_start;
         fn < _init_array_end; fn++) {
        (*fn)();
    }
    klog("kasan: watching, with a shadow of %llu KiB",
         (unsigned long long)frames * (PAGE_BYTES / 1024));
}
