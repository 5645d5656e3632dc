/* SPDX-License-Identifier: MIT */
/*
 * Ways to end the machine.
 *
 * Power off writes SLP_EN with sleep type 0, which is S5 on QEMU's machines, to
 * the ACPI register PM1a_CNT. Its port is known instead of being read from the
 * FADT: 0x604 on `q35` and, with SeaBIOS, on `pc`; 0xB004 on `pc` with OVMF. On
 * other hardware nothing happens and the caller goes on.
 */
#include <stddef.h>

#include <arch/cpu.h>

#include "port.h"
#include "regs.h"

#define POWER_PM1A_SEABIOS 0x604
#define POWER_PM1A_OVMF    0xB004
#define POWER_SLP_EN       0x2000

#define POWER_8042_COMMAND    0x64
#define POWER_8042_INPUT_FULL 0x02
#define POWER_8042_RESET      0xFE
#define POWER_8042_POLLS      100000u
#define POWER_DELAY_PORT      0x80 /* nobody listens; reading takes about 1 us */
#define POWER_DELAY_READS     1000000u
#define POWER_RESET_CONTROL   0xCF9
#define POWER_RESET_HARD      0x06

/* QEMU -device isa-debug-exit,iobase=0xf4: QEMU ends with (code << 1) | 1. */
#define POWER_TEST_PORT 0xF4

/* The machine takes its time to obey; going on meanwhile would look as if it
 * had refused. */
static void
power_wait(void)
{
    for (unsigned i = 0; i < POWER_DELAY_READS; i++) {
        (void)port_in8(POWER_DELAY_PORT);
    }
}

void
power_off(void)
{
    port_out16(POWER_PM1A_SEABIOS, POWER_SLP_EN);
    port_out16(POWER_PM1A_OVMF, POWER_SLP_EN);
    power_wait();
}

void
power_reboot(void)
{
    for (unsigned i = 0; i < POWER_8042_POLLS; i++) {
        if ((port_in8(POWER_8042_COMMAND) & POWER_8042_INPUT_FULL) == 0) {
            break;
        }
    }
    port_out8(POWER_8042_COMMAND, POWER_8042_RESET);
    power_wait();
    port_out8(POWER_RESET_CONTROL, POWER_RESET_HARD);
    power_wait();
    /* An exception without an IDT is a triple fault, which resets anything. */
    regs_load_idt(NULL, 0);
    __asm__ volatile("ud2");
}

void
power_test_exit(uint8_t code)
{
    port_out8(POWER_TEST_PORT, code);
}
