/* SPDX-License-Identifier: MIT */
/* What one processor owns, and what portable code may ask of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

struct thread;

/* What the processor itself reads of this processor (arch/x86_64/tss.h). */
struct PACKED tss {
    uint32_t reserved0;
    uint64_t rsp[3]; /* [0]: top of the current thread's kernel stack */
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
};

/*
 * Per-CPU state; GS base points here whenever ring 0 runs. The first fields are
 * read by assembly through asm_offsets.inc.
 */
struct cpu {
    struct cpu *self;
    uint64_t user_rsp_scratch; /* the syscall door parks the user's rsp    */
    struct thread *current;    /* whose registers are the user's; NULL idle */
    struct thread *fpu_owner;  /* whose state is in the FPU registers      */
    uint64_t idle_stack_top;
    bool resched; /* a tick or a wake-up wants the dispatcher */
    /* Ticks left to whoever runs, and to whom it gives the processor by a call or
     * a reply. */
    uint8_t slice;
    uint64_t ticks;
    uint64_t kernel_entries;
    uint64_t cr3;      /* physical address now in CR3 */
    uint64_t mmu_work; /* loads of CR3, and TLB flushes << 48 */
    struct tss tss;
};

/* One TLB flush in cpu.mmu_work. */
#define CPU_WORK_FLUSH (1ull << 48)

extern struct cpu cpu_boot;

/* The processor this code runs on. */
static ALWAYS_INLINE struct cpu *
cpu_this(void)
{
    struct cpu *cpu;

    __asm__("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* The thread that runs on this processor, or NULL. One instruction. */
static ALWAYS_INLINE struct thread *
cpu_current(void)
{
    struct thread *current;

    __asm__ volatile("mov %%gs:%c1, %0"
                     : "=r"(current)
                     : "i"(offsetof(struct cpu, current)));
    return current;
}

/* kernel_entries and mmu_work of this processor. One instruction each. */
static ALWAYS_INLINE uint64_t
cpu_kernel_entries(void)
{
    uint64_t entries;

    __asm__ volatile("mov %%gs:%c1, %0"
                     : "=r"(entries)
                     : "i"(offsetof(struct cpu, kernel_entries)));
    return entries;
}

static ALWAYS_INLINE uint64_t
cpu_mmu_work(void)
{
    uint64_t work;

    __asm__ volatile("mov %%gs:%c1, %0"
                     : "=r"(work)
                     : "i"(offsetof(struct cpu, mmu_work)));
    return work;
}

/* Which optional protections CPUID offered and cpu_init switched on. */
struct cpu_features {
    bool smep;
    bool smap;
    bool umip;
    bool fsgsbase;
    bool xsave; /* XSAVE/XRSTOR; else FXSAVE/FXRSTOR */
    bool xsaveopt;
    bool plain;    /* FSGSBASE and no XSAVE: what a switch asks first */
    bool pages_1g; /* 1 GiB leaves in the physmap */
    bool rdrand;
    uint64_t xcr0;      /* state components in use */
    uint32_t fpu_bytes; /* size of a thread's FPU save area */
    char brand[49];     /* NUL-terminated, "" if the CPU does not say */
};

extern struct cpu_features cpu_features;

/* Detect features, set CR0, CR4, EFER, the syscall MSRs and GS base.
 * Context: boot, interrupts off, once.
 * Source: Intel SDM vol. 3A, "Control Registers" (§2.5). */
void cpu_init(void);

/* Write a list such as "nx smep smap" to @buffer, always NUL-terminated. */
void cpu_describe_features(char *buffer, uint64_t size);

/* A number an attacker cannot guess: RDRAND where there is one, else the TSC
 * mixed with what came before. */
uint64_t cpu_random(void);

/* The time stamp counter, not serialised; in halves as the processor gives it,
 * or as one number. */
static ALWAYS_INLINE void
cpu_tsc_halves(uint32_t *low, uint32_t *high)
{
    uint32_t eax;
    uint32_t edx;

    __asm__ volatile("rdtsc" : "=a"(eax), "=d"(edx));
    *low = eax;
    *high = edx;
}

static inline uint64_t
cpu_tsc(void)
{
    uint32_t low;
    uint32_t high;

    cpu_tsc_halves(&low, &high);
    return (uint64_t)high << 32 | low;
}

/* Wait for an interrupt. Context: interrupts off; they are open during the
 * wait, taken on this stack, and off again on return. */
static inline void
cpu_wait_for_interrupt(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* Let pending interrupts in for a moment. Context: interrupts off, on entry and
 * on return. */
static inline void
cpu_interrupt_window(void)
{
    __asm__ volatile("sti; nop; cli" ::: "memory");
}

/* Stop this processor for good. */
NORETURN void cpu_halt(void);

/* End the machine: ACPI power off, reset, or the test port. They return only if
 * the machine does not obey. */
void power_off(void);
void power_reboot(void);
void power_test_exit(uint8_t code);
