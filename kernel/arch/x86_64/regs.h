/* SPDX-License-Identifier: MIT */
/*
 * Names of the bits of control registers, MSRs and error codes, and the
 * one-instruction functions that reach them. Page-table entries: pte.h.
 * Source: Intel SDM vol. 3A unless a line says otherwise.
 */
#pragma once

#include <stdint.h>

#include <base/compiler.h>

/* "Control Registers" (§2.5) */
#define CR0_PE (1ull << 0)  /* protected mode                              */
#define CR0_MP (1ull << 1)  /* wait/fwait obey TS                          */
#define CR0_ET (1ull << 4)  /* always 1                                    */
#define CR0_NE (1ull << 5)  /* FPU errors are #MF, not an interrupt        */
#define CR0_WP (1ull << 16) /* ring 0 obeys read-only pages                */
#define CR0_PG (1ull << 31)

#define CR4_PAE        (1ull << 5)
#define CR4_MCE        (1ull << 6) /* machine checks trap instead of shutting down */
#define CR4_PGE        (1ull << 7)
#define CR4_OSFXSR     (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP       (1ull << 11)
#define CR4_FSGSBASE   (1ull << 16)
#define CR4_OSXSAVE    (1ull << 18)
#define CR4_SMEP       (1ull << 20)
#define CR4_SMAP       (1ull << 21)

#define XCR0_X87 (1ull << 0)
#define XCR0_SSE (1ull << 1)
#define XCR0_AVX (1ull << 2)

/* "EFLAGS Register", vol. 1 (§3.4.3) */
#define RFLAGS_ALWAYS (1ull << 1)
#define RFLAGS_TF     (1ull << 8)
#define RFLAGS_IF     (1ull << 9)
#define RFLAGS_DF     (1ull << 10)
#define RFLAGS_IOPL   (3ull << 12)
#define RFLAGS_NT     (1ull << 14)
#define RFLAGS_RF     (1ull << 16)
#define RFLAGS_AC     (1ull << 18)

/* "Model-Specific Registers (MSRs)", vol. 4 (§2.1) */
#define MSR_EFER           0xC0000080u
#define MSR_STAR           0xC0000081u /* selectors of syscall and sysret */
#define MSR_LSTAR          0xC0000082u /* where syscall goes              */
#define MSR_FMASK          0xC0000084u /* RFLAGS bits that syscall clears */
#define MSR_FS_BASE        0xC0000100u
#define MSR_GS_BASE        0xC0000101u
#define MSR_KERNEL_GS_BASE 0xC0000102u /* what swapgs exchanges */

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_NXE (1ull << 11)

/* "Page-Fault Exceptions" (§4.7): the error code */
#define PF_ERROR_WRITE (1ull << 1)
#define PF_ERROR_USER  (1ull << 2)
#define PF_ERROR_FETCH (1ull << 4)

/*
 * Segment selectors: index, and ring 3 in the low bits of the user ones. Their
 * order is dictated by the syscall instruction pair: SYSCALL loads CS =
 * STAR[47:32] and SS = that + 8; SYSRET loads SS = STAR[63:48] + 8 and CS =
 * that + 16. "Fast System Calls in 64-Bit Mode" (§5.8.8).
 */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x1B
#define SELECTOR_USER_CODE   0x23
#define SELECTOR_TSS         0x28
#define SELECTOR_SYSRET_BASE 0x13

/* The address whose access faulted. */
static inline uint64_t
regs_read_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t
regs_read_cr3(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

/* Also empties the TLB: SecOS uses no global pages. */
static inline void
regs_write_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(value) : "memory");
}

static inline uint64_t
regs_read_cr4(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void
regs_write_cr4(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}

static inline uint64_t
regs_read_msr(uint32_t msr)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void
regs_write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* Choose the state components that XSAVE keeps. Needs CR4.OSXSAVE. */
static inline void
regs_write_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* What lgdt and lidt read: where a table is, and its last byte's offset. */
struct PACKED regs_table {
    uint16_t limit;
    uint64_t base;
};

static inline void
regs_load_gdt(const void *table, uint16_t limit)
{
    struct regs_table at = { limit, (uint64_t)(uintptr_t)table };

    __asm__ volatile("lgdt %0" ::"m"(at) : "memory");
}

static inline void
regs_load_idt(const void *table, uint16_t limit)
{
    struct regs_table at = { limit, (uint64_t)(uintptr_t)table };

    __asm__ volatile("lidt %0" ::"m"(at) : "memory");
}

struct regs_cpuid {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

static inline struct regs_cpuid
regs_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct regs_cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}
