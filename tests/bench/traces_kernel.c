/* SPDX-License-Identifier: MIT */
/*
 * The traces inside the kernel: the objects that the shipped image is made of,
 * linked with one more. It runs before the first process, says "bench NAME_kernel
 * VALUE ticks" and ends the machine. Under icount a tick of the time stamp
 * counter is an instruction.
 */
#include <arch/cpu.h>
#include <ipc/modules.h>
#include <klib/log.h>
#include <mm/heap.h>
#include <mm/pmm.h>

#include "traces.h"

#define TRACES_EXIT_OK  0
#define TRACES_EXIT_BAD 1

static uint64_t
traces_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t
traces_ticks(const struct trace *trace, uint64_t (*run)(void), uint64_t *pairs)
{
    uint64_t ticks;

    trace->prepare(trace->argument);
    ticks = traces_tsc();
    *pairs = run();
    ticks = traces_tsc() - ticks;
    trace->finish();
    return ticks;
}

void __real_modules_init(const struct boot_info *info);
void __wrap_modules_init(const struct boot_info *info);

/* The first function of start-up that finds memory ready. */
void
__wrap_modules_init(const struct boot_info *info)
{
    for (unsigned i = 0; i < TRACE_COUNT; i++) {
        const struct trace *trace = &traces[i];
        uint64_t pairs;
        uint64_t empty = traces_ticks(trace, trace->run_empty, &pairs);
        uint64_t ticks = traces_ticks(trace, trace->run, &pairs);

        klog("bench %s_kernel %llu ticks", trace->name,
             (unsigned long long)((ticks - empty + pairs / 2) / pairs));
    }
    klog("bench heap_left_kernel %llu frames",
         (unsigned long long)trace_left());
    __real_modules_init(info);
    power_test_exit(pmm_check() == 0 && heap_check() == 0 ? TRACES_EXIT_OK
                                                          : TRACES_EXIT_BAD);
}
