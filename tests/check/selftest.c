/* SPDX-License-Identifier: MIT */
/*
 * Proof that a watched kernel watches: boot option check=NAME makes it do one
 * wrong thing on purpose, before the first process. The test expects the panic
 * (tests/qemu/test_sanitize.py).
 */
#include <base/string.h>

#include <ipc/modules.h>
#include <klib/log.h>
#include <mm/heap.h>
#include <mm/pmm.h>

/* Values that the compiler must not see through. */
static volatile unsigned selftest_seventy = 70;
static volatile unsigned selftest_ten = 10;
static volatile uint64_t selftest_sink;

static uint8_t selftest_array[10];

static void
selftest_shift(void)
{
    selftest_sink = 1ull << selftest_seventy;
}

static void
selftest_index(void)
{
    selftest_sink = selftest_array[selftest_ten];
}

static void
selftest_overflow(void)
{
    int32_t next = (int32_t)(0x7FFFFFF5u + selftest_ten);

    next++;
    selftest_sink = (uint64_t)next;
}

static void
selftest_align(void)
{
    const char *odd = (const char *)selftest_array + 1;

    selftest_sink = *(const volatile uint32_t *)(const void *)odd;
}

static void
selftest_heap_after(void)
{
    volatile uint8_t *block = kmalloc(50);

    selftest_sink = block[40 + selftest_ten];
}

static void
selftest_heap_freed(void)
{
    volatile uint8_t *block = kmalloc(50);

    kfree((void *)(uintptr_t)block);
    selftest_sink = block[selftest_ten];
}

static void
selftest_large_after(void)
{
    volatile uint8_t *block = kmalloc(5000);

    selftest_sink = block[5000 + selftest_ten];
}

static void
selftest_frame_freed(void)
{
    volatile uint8_t *frame = pmm_alloc_frame();

    pmm_free_frame((void *)(uintptr_t)frame);
    frame[selftest_ten] = 1;
}

static void
selftest_memset(void)
{
    uint8_t *block = kmalloc(50);

    memset(block, 0, 41 + selftest_ten);
}

static void
selftest_global(void)
{
    const volatile uint8_t *array = selftest_array;

    selftest_sink = array[selftest_ten];
}

static const struct selftest {
    const char *name;
    void (*run)(void);
} selftests[] = {
    { "shift", selftest_shift },
    { "index", selftest_index },
    { "overflow", selftest_overflow },
    { "align", selftest_align },
    { "heap-after", selftest_heap_after },
    { "heap-freed", selftest_heap_freed },
    { "large-after", selftest_large_after },
    { "frame-freed", selftest_frame_freed },
    { "memset", selftest_memset },
    { "global", selftest_global },
};

void __real_modules_init(const struct boot_info *info);
void __wrap_modules_init(const struct boot_info *info);

/* The first function of start-up that gets the boot options with memory ready. */
void
__wrap_modules_init(const struct boot_info *info)
{
    __real_modules_init(info);
    for (unsigned i = 0; i < sizeof(selftests) / sizeof(selftests[0]); i++) {
        if (boot_option_is(info, "check", selftests[i].name)) {
            klog("check: %s", selftests[i].name);
            selftests[i].run();
            klog("check: nothing noticed");
        }
    }
}
