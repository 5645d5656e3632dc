/* SPDX-License-Identifier: MIT */
/*
 * Goes into the kernel by every door, again and again, with AC, DF and NT set and a
 * kernel address in GS base: int 0x80, syscall, page faults, the timer. Says
 * nothing and never ends; what the kernel then looks like inside is for a probe
 * to see (H8, H71).
 */
#include <stdint.h>
#include <stdio.h>

#include <libsecos/region.h>
#include <libsecos/syscall.h>

#define PAGE       4096u
#define PAGES      4096u
#define FLAG_DF    0x400u
#define FLAG_NT    0x4000u
#define FLAG_AC    0x40000u
#define KERNEL     0xFFFFFFFF80200000u
#define BUSY_TURNS 20000u

/* Flags are set and cleared within one piece of assembly: a compiler may count
 * on DF being clear. */
static void
doors_round(uint8_t *page)
{
    uint64_t call = SYS_null;

    __asm__ volatile(
        "pushfq\n\t"
        "orq %[flags], (%%rsp)\n\t"
        "popfq\n\t"
        "int $0x80\n\t"
        "mov %[number], %%rax\n\t"
        "syscall\n\t"
        "movb $1, (%[page])\n\t"
        "mov %[turns], %%ecx\n"
        "1:\n\t"
        "dec %%ecx\n\t"
        "jnz 1b\n\t"
        "pushfq\n\t"
        "andq %[clear], (%%rsp)\n\t"
        "popfq"
        : "+a"(call)
        : [flags] "i"(FLAG_DF | FLAG_AC | FLAG_NT), [nested] "i"(FLAG_NT),
          [clear] "i"(~(int64_t)(FLAG_DF | FLAG_AC | FLAG_NT)),
          [number] "i"(SYS_null), [page] "r"(page), [turns] "i"(BUSY_TURNS)
        : "rcx", "r11", "memory", "cc");
}

int
main(void)
{
    const struct region_request request = {
        .pages = PAGES,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };

    __asm__ volatile("wrgsbase %0" ::"r"((uint64_t)KERNEL));
    printf("doors open\n");
    for (;;) {
        int64_t base = region_create(&request);

        if (base < 0) {
            return 1;
        }
        for (uint64_t i = 0; i < PAGES; i++) {
            doors_round((uint8_t *)(uintptr_t)((uint64_t)base + i * PAGE));
        }
        (void)region_destroy((uint64_t)base, PAGES);
    }
}
