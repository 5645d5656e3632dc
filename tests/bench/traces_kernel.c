/* SPDX-License-Identifier: MIT */
/*
 * The traces inside the kernel: the objects that the shipped image is made of,
 * linked with one more. It runs before the first process, says "bench NAME_kernel
 * VALUE ticks" and ends the machine. Under icount a tick of the time stamp
 * counter is an instruction.
 *
 * With the option `traces=order` it runs the frames in order only, and with
 * `traces=growth` it says "growth heap N ticks" for heaps of N live blocks.
 */
#include <arch/cpu.h>
#include <ipc/modules.h>
#include <klib/log.h>
#include <mm/boot_info.h>
#include <mm/heap.h>
#include <mm/pmm.h>

#include "traces.h"

#define TRACES_EXIT_OK  0
#define TRACES_EXIT_BAD 1

/* A heap that grows: up to this many blocks, of at most so many bytes each, all in
 * all, while there is room. */
#define TRACES_BLOCKS_MOST 100000u
#define TRACES_BLOCK_BYTES 1024ull
/* How often the trace runs before it is measured: every block has been replaced
 * some times, as in a machine that has run for long. */
#define TRACES_AGE 8u

/* The ticks of one @run, and its @pairs; before it the trace runs @age times. */
static uint64_t
traces_ticks(const struct trace *trace, uint64_t (*run)(void), unsigned age,
             uint64_t *pairs)
{
    uint64_t ticks;

    trace->prepare(trace->argument);
    for (unsigned n = 0; n < age; n++) {
        (void)trace->run();
    }
    ticks = trace_tsc();
    *pairs = run();
    ticks = trace_tsc() - ticks;
    trace->finish();
    return ticks;
}

static uint64_t
traces_measure(const struct trace *trace, unsigned age)
{
    uint64_t pairs;
    uint64_t empty = traces_ticks(trace, trace->run_empty, 0, &pairs);
    uint64_t ticks = traces_ticks(trace, trace->run, age, &pairs);

    return (ticks - empty + pairs / 2) / pairs;
}

static void
traces_say(const struct trace *trace)
{
    klog("bench %s_kernel %llu ticks", trace->name,
         (unsigned long long)traces_measure(trace, 0));
}

static void
traces_grow(void)
{
    for (uint32_t blocks = 1; blocks <= TRACES_BLOCKS_MOST; blocks *= 10) {
        struct trace trace = traces[TRACE_KMALLOC_MIXED];

        if (blocks * TRACES_BLOCK_BYTES > pmm_get_free_memory()) {
            return;
        }
        trace.argument = blocks;
        klog("growth heap %u %llu", blocks,
             (unsigned long long)traces_measure(&trace, TRACES_AGE));
    }
}

void __real_modules_init(const struct boot_info *info);
void __wrap_modules_init(const struct boot_info *info);

/* The first function of start-up that finds memory ready. */
void
__wrap_modules_init(const struct boot_info *info)
{
    if (boot_option_is(info, "traces", "growth")) {
        traces_grow();
    } else if (boot_option_is(info, "traces", "order")) {
        traces_say(&traces[TRACE_PMM_SEQ]);
    } else {
        for (unsigned i = 0; i < TRACE_COUNT; i++) {
            traces_say(&traces[i]);
        }
        klog("bench heap_left_kernel %llu frames",
             (unsigned long long)trace_left());
    }
    __real_modules_init(info);
    power_test_exit(pmm_check() == 0 && heap_check() == 0 ? TRACES_EXIT_OK
                                                          : TRACES_EXIT_BAD);
}
