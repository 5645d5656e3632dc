/* SPDX-License-Identifier: MIT */
/*
 * The traces on the host: 128 MiB of RAM in an arena, the kernel's own sources
 * compiled as the kernel compiles them. Under callgrind (tests/bench/memory.py)
 * each run of a trace ends in a dump that carries its name; what needs no
 * counting is printed as "bench NAME VALUE UNIT".
 *
 * Called with a number, and without callgrind, it runs the heap's traces so often
 * and nothing else: the lines "ticks NAME EMPTY ALL" are of use then
 * (tests/bench/wall.py).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/layout.h>
#include <mm/memmap.h>
#include <mm/pmm_state.h>
#include <mm/vmm.h>
#include <valgrind/callgrind.h>

#include "traces.h"

#define MIB       (1ull << 20)
#define RAM_SMALL (128 * MIB)  /* what the kernel's own run has           */
#define RAM_LARGE (1024 * MIB) /* where a block more or less is no percent */

#define WINDOW_BASE  0x200000000000ull
#define WINDOW_BYTES 0x40000000ull

/* Declared here, since <sys/mman.h> has its own PROT_READ. */
void *mmap(void *at, size_t bytes, int prot, int flags, int fd, long offset);
#define HOST_READ_WRITE            3
#define HOST_PRIVATE_FIXED_RESERVE 0x4032

/* ---- what the kernel's sources need of a kernel --------------------------- */

uintptr_t __stack_chk_guard = 0x5EC05;

void kassert_failed(const char *where_and_what);
void panic(const char *format, ...);
void klog(const char *format, ...);
uint64_t cpu_random(void);

void
panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    abort();
}

void
kassert_failed(const char *where_and_what)
{
    panic("assertion failed: %s", where_and_what);
}

void
klog(const char *format, ...)
{
    (void)format;
}

/* A check of all frames lets interrupts in now and then; here there are none. */
void
pmm_hook_pause(void)
{
}

uint64_t
cpu_random(void)
{
    return 0x1122334455667788ull;
}

/* The window's pages are there from the start; this is their page table. */
static void *window[WINDOW_BYTES / PAGE_BYTES];

enum status
vmm_map(vaddr_t page, void *frame, uint32_t prot)
{
    (void)prot;
    window[(page.raw - WINDOW_BASE) / PAGE_BYTES] = frame;
    return ST_OK;
}

void *
vmm_unmap(vaddr_t page)
{
    void **entry = &window[(page.raw - WINDOW_BASE) / PAGE_BYTES];
    void *frame = *entry;

    *entry = NULL;
    return frame;
}

bool
vmm_translate(vaddr_t address, paddr_t *out)
{
    void *frame = window[(address.raw - WINDOW_BASE) / PAGE_BYTES];

    if (frame != NULL) {
        *out = physmap_paddr(frame);
    }
    return frame != NULL;
}

/* ---- the machine ----------------------------------------------------------- */

static void
host_map(uint64_t address, uint64_t bytes)
{
    void *at = (void *)(uintptr_t)address;

    if (mmap(at, bytes, HOST_READ_WRITE, HOST_PRIVATE_FIXED_RESERVE, -1, 0)
        != at) {
        panic("no address space at %#llx\n", (unsigned long long)address);
    }
}

/* Begin anew, with @ram_bytes of RAM and an empty heap. */
static void
host_start(uint64_t ram_bytes)
{
    const struct memmap_entry entry = { MIB, ram_bytes - MIB, 1 };
    const struct pmm_hold hold = { MIB, MIB + MIB / 2, FRAME_KERNEL_IMAGE };

    if (!pmm_start(&entry, 1, &hold, 1)) {
        panic("no room for the tables\n");
    }
    heap_init();
}

/* ---- main -------------------------------------------------------------------- */

static void
host_run(const struct trace *trace)
{
    uint64_t pairs;
    uint64_t ticks[2];

    trace->prepare(trace->argument);
    ticks[0] = trace_tsc();
    CALLGRIND_ZERO_STATS;
    pairs = trace->run_empty();
    CALLGRIND_DUMP_STATS_AT("empty");
    ticks[0] = trace_tsc() - ticks[0];
    trace->finish();
    trace->prepare(trace->argument);
    ticks[1] = trace_tsc();
    CALLGRIND_ZERO_STATS;
    pairs = trace->run();
    CALLGRIND_DUMP_STATS_AT(trace->name);
    ticks[1] = trace_tsc() - ticks[1];
    trace->finish();
    printf("pairs %s %llu\n", trace->name, (unsigned long long)pairs);
    printf("ticks %s %llu %llu\n", trace->name, (unsigned long long)ticks[0],
           (unsigned long long)ticks[1]);
}

static void
host_say(const char *name, uint64_t thousandths, const char *unit)
{
    printf("bench %s %llu.%03llu %s\n", name,
           (unsigned long long)thousandths / 1000,
           (unsigned long long)thousandths % 1000, unit);
}

/* Of the bitmap with its counts and sets, for 1 GiB; rounded up. */
static uint64_t
host_metadata(void)
{
    return (1000 * blocks_bytes(RAM_LARGE / PAGE_BYTES) - 1)
               / (RAM_LARGE / PAGE_BYTES)
           + 1;
}

static int
host_time(unsigned long times)
{
    for (unsigned long n = 0; n < times; n++) {
        host_run(&traces[TRACE_KMALLOC_TIGHT]);
        host_run(&traces[TRACE_KMALLOC_MIXED]);
    }
    return heap_check() == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
    host_map(VMM_PHYSMAP_BASE, RAM_LARGE);
    host_map(WINDOW_BASE, WINDOW_BYTES);
    host_start(RAM_SMALL);
    if (argc > 1) {
        return host_time(strtoul(argv[1], NULL, 10));
    }
    for (unsigned i = 0; i < TRACE_COUNT; i++) {
        host_run(&traces[i]);
    }
    host_say("heap_held_mixed", trace_held_mixed(), "held / live");
    host_say("heap_held_large", trace_held_large(), "held / live");
    host_say("heap_left", 1000 * trace_left(), "frames");
    host_start(RAM_LARGE);
    host_say("huge_recovered50", 1000 * trace_recovery(50), "percent");
    host_say("huge_recovered75", 1000 * trace_recovery(75), "percent");
    host_say("huge_recovered90", 1000 * trace_recovery(90), "percent");
    host_say("pmm_metadata", host_metadata(), "bytes a frame");
    return pmm_check() == 0 && heap_check() == 0 ? 0 : 1;
}
