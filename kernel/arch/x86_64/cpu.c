/* SPDX-License-Identifier: MIT */
/*
 * What the processor can do, and switching it on: protections first (SMEP,
 * SMAP, UMIP), then the FPU, the syscall instruction and the GS base.
 *
 * Long mode, NX and CR0 are the work of boot/start32.asm: without them this
 * code would not run.
 */
#include <base/fmt.h>
#include <base/string.h>

#include <arch/cpu.h>
#include <klib/kassert.h>

#include "regs.h"

/* CPUID leaves and bits. Intel SDM vol. 2A, "CPUID" (table 3-8). */
#define CPU_LEAF_FEATURES     0x1u
#define CPU_LEAF_STRUCTURED   0x7u
#define CPU_LEAF_XSAVE        0xDu
#define CPU_LEAF_EXTENDED_MAX 0x80000000u
#define CPU_LEAF_EXTENDED     0x80000001u
#define CPU_LEAF_BRAND        0x80000002u

#define CPU_1_ECX_XSAVE      (1u << 26)
#define CPU_1_ECX_AVX        (1u << 28)
#define CPU_1_ECX_RDRAND     (1u << 30)
#define CPU_1_EDX_MCE        (1u << 7)
#define CPU_7_EBX_FSGSBASE   (1u << 0)
#define CPU_7_EBX_SMEP       (1u << 7)
#define CPU_7_EBX_SMAP       (1u << 20)
#define CPU_7_ECX_UMIP       (1u << 2)
#define CPU_D1_EAX_XSAVEOPT  (1u << 0)
#define CPU_EXT_EDX_PAGES_1G (1u << 26)

#define CPU_FXSAVE_BYTES 512
#define CPU_RDRAND_TRIES 10

/* The flags that the syscall instruction clears on its way in: interrupts off,
 * strings forward, no single step, no nested task, no SMAP override, and
 * nothing of IOPL or RF. */
#define CPU_FMASK                                                            \
    (RFLAGS_IF | RFLAGS_DF | RFLAGS_TF | RFLAGS_NT | RFLAGS_AC | RFLAGS_IOPL \
     | RFLAGS_RF)

/* The fast door (syscall.asm). */
extern const uint8_t syscall_entry[];

/* Aligned so that its TSS is in one page, as the processor wants it. */
_Alignas(256) struct cpu cpu_boot;

_Static_assert(sizeof(struct cpu) <= 256, "within its alignment");

SECTION(".ro_after_init") struct cpu_features cpu_features;

static uint64_t cpu_random_state;

/* Assembly finds struct cpu through GS and reads "self" at offset 0. */
_Static_assert(__builtin_offsetof(struct cpu, self) == 0, "cpu_this");

static void
cpu_read_brand(void)
{
    struct regs_cpuid r;
    char *to = cpu_features.brand;

    r = regs_cpuid(CPU_LEAF_EXTENDED_MAX, 0);
    if (r.eax < CPU_LEAF_BRAND + 2) {
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        r = regs_cpuid(CPU_LEAF_BRAND + i, 0);
        memcpy(to + i * sizeof(r), &r, sizeof(r));
    }
    cpu_features.brand[sizeof(cpu_features.brand) - 1] = '\0';
}

/* Fill cpu_features; returns the CR4 bits that go with it. */
static uint64_t
cpu_detect(void)
{
    struct cpu_features *f = &cpu_features;
    struct regs_cpuid one = regs_cpuid(CPU_LEAF_FEATURES, 0);
    struct regs_cpuid seven = { 0 };
    struct regs_cpuid extended = regs_cpuid(CPU_LEAF_EXTENDED, 0);

    if (regs_cpuid(0, 0).eax >= CPU_LEAF_STRUCTURED) {
        seven = regs_cpuid(CPU_LEAF_STRUCTURED, 0);
    }
    f->smep = (seven.ebx & CPU_7_EBX_SMEP) != 0;
    f->smap = (seven.ebx & CPU_7_EBX_SMAP) != 0;
    f->umip = (seven.ecx & CPU_7_ECX_UMIP) != 0;
    f->fsgsbase = (seven.ebx & CPU_7_EBX_FSGSBASE) != 0;
    f->xsave = (one.ecx & CPU_1_ECX_XSAVE) != 0;
    f->pages_1g = (extended.edx & CPU_EXT_EDX_PAGES_1G) != 0;
    f->rdrand = (one.ecx & CPU_1_ECX_RDRAND) != 0;
    f->xcr0 = XCR0_X87 | XCR0_SSE;
    if (f->xsave && (one.ecx & CPU_1_ECX_AVX) != 0) {
        f->xcr0 |= XCR0_AVX;
    }
    f->plain = f->fsgsbase && !f->xsave;
    f->fpu_bytes = CPU_FXSAVE_BYTES;
    return CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT
           | ((one.edx & CPU_1_EDX_MCE) != 0 ? CR4_MCE : 0)
           | (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0)
           | (f->umip ? CR4_UMIP : 0) | (f->fsgsbase ? CR4_FSGSBASE : 0)
           | (f->xsave ? CR4_OSXSAVE : 0);
}

/* Choose the state that XSAVE keeps, and learn how large that is. */
static void
cpu_init_xsave(void)
{
    if (!cpu_features.xsave) {
        return;
    }
    regs_write_xcr0(cpu_features.xcr0);
    cpu_features.fpu_bytes = regs_cpuid(CPU_LEAF_XSAVE, 0).ebx;
    cpu_features.xsaveopt =
        (regs_cpuid(CPU_LEAF_XSAVE, 1).eax & CPU_D1_EAX_XSAVEOPT) != 0;
    KASSERT(cpu_features.fpu_bytes >= CPU_FXSAVE_BYTES);
}

static void
cpu_init_syscall(void)
{
    regs_write_msr(MSR_STAR, (uint64_t)SELECTOR_SYSRET_BASE << 48
                                 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    regs_write_msr(MSR_LSTAR, (uint64_t)(uintptr_t)syscall_entry);
    regs_write_msr(MSR_FMASK, CPU_FMASK);
    regs_write_msr(MSR_EFER, regs_read_msr(MSR_EFER) | EFER_SCE);
}

void
cpu_init(void)
{
    cpu_boot.self = &cpu_boot;
    cpu_boot.cr3 = regs_read_cr3();
    regs_write_msr(MSR_GS_BASE, (uint64_t)(uintptr_t)&cpu_boot);
    regs_write_msr(MSR_KERNEL_GS_BASE, 0);
    regs_write_msr(MSR_FS_BASE, 0);
    regs_write_cr4(cpu_detect());
    cpu_init_xsave();
    cpu_init_syscall();
    cpu_read_brand();
    __asm__ volatile("fninit");
}

void
cpu_describe_features(char *buffer, uint64_t size)
{
    const struct cpu_features *f = &cpu_features;
    bool avx = (f->xcr0 & XCR0_AVX) != 0;

    fmt_snprintf(buffer, size, "nx%s%s%s%s%s%s%s%s%s", f->smep ? " smep" : "",
                 f->smap ? " smap" : "", f->umip ? " umip" : "",
                 f->fsgsbase ? " fsgsbase" : "", f->xsave ? " xsave" : "",
                 f->xsaveopt ? " xsaveopt" : "", avx ? " avx" : "",
                 f->pages_1g ? " 1g-pages" : "", f->rdrand ? " rdrand" : "");
}

static bool
cpu_rdrand(uint64_t *out)
{
    uint64_t value;

    for (unsigned i = 0; i < CPU_RDRAND_TRIES; i++) {
        bool ok;

        __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
        if (ok) {
            *out = value;
            return true;
        }
    }
    return false;
}

uint64_t
cpu_random(void)
{
    uint64_t fresh;
    uint64_t z;

    if (!cpu_features.rdrand || !cpu_rdrand(&fresh)) {
        fresh = cpu_tsc();
    }
    /* SplitMix64 (Steele, Lea, Flood 2014): every output bit depends on every
     * bit of what came before, so a weak source at least accumulates. */
    cpu_random_state += fresh + 0x9E3779B97F4A7C15ull;
    z = cpu_random_state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}

void
cpu_halt(void)
{
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
