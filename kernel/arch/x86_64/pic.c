/* SPDX-License-Identifier: MIT */
/*
 * The pair of 8259 interrupt controllers behind arch/irq.h: lines 0-7 on the
 * first, 8-15 on the second, which is wired to line 2 of the first.
 * Source: Intel 8259A data sheet, "Initialization Command Words".
 */
#include <arch/irq.h>
#include <arch/trap.h>
#include <klib/kassert.h>

#include "port.h"

#define PIC_FIRST      0x20
#define PIC_SECOND     0xA0
#define PIC_DATA       1 /* the data port is the one behind the command port */
#define PIC_LINES      8u
#define PIC_CASCADE    2u
#define PIC_NOISE_LINE 7u

#define PIC_ICW1_INIT     0x11 /* edge triggered, cascade, ICW4 follows */
#define PIC_ICW4_8086     0x01
#define PIC_OCW2_EOI      0x20
#define PIC_OCW3_READ_ISR 0x0B

/* One bit a line, set = closed; the cascade is always open. */
static uint16_t pic_mask = 0xFFFF & ~(1u << PIC_CASCADE);

static void
pic_write_mask(void)
{
    port_out8(PIC_FIRST + PIC_DATA, (uint8_t)pic_mask);
    port_out8(PIC_SECOND + PIC_DATA, (uint8_t)(pic_mask >> PIC_LINES));
}

void
irq_init(void)
{
    port_out8(PIC_FIRST, PIC_ICW1_INIT);
    port_out8(PIC_SECOND, PIC_ICW1_INIT);
    port_out8(PIC_FIRST + PIC_DATA, TRAP_IRQ_BASE);
    port_out8(PIC_SECOND + PIC_DATA, TRAP_IRQ_BASE + PIC_LINES);
    port_out8(PIC_FIRST + PIC_DATA, 1u << PIC_CASCADE);
    port_out8(PIC_SECOND + PIC_DATA, PIC_CASCADE);
    port_out8(PIC_FIRST + PIC_DATA, PIC_ICW4_8086);
    port_out8(PIC_SECOND + PIC_DATA, PIC_ICW4_8086);
    pic_write_mask();
}

void
irq_mask(unsigned line)
{
    KASSERT(line < IRQ_LINES && line != PIC_CASCADE);
    pic_mask = (uint16_t)(pic_mask | 1u << line);
    pic_write_mask();
}

void
irq_unmask(unsigned line)
{
    KASSERT(line < IRQ_LINES && line != PIC_CASCADE);
    pic_mask = (uint16_t)(pic_mask & ~(1u << line));
    pic_write_mask();
}

/* A request that vanished before the processor asked for its number is reported
 * on line 7 of the chip, but not marked in service. */
static bool
pic_is_noise(uint16_t chip)
{
    port_out8(chip, PIC_OCW3_READ_ISR);
    return (port_in8(chip) & 1u << PIC_NOISE_LINE) == 0;
}

bool
irq_ack(unsigned line)
{
    KASSERT(line < IRQ_LINES);
    if (line == PIC_NOISE_LINE && pic_is_noise(PIC_FIRST)) {
        return false;
    }
    if (line == PIC_LINES + PIC_NOISE_LINE && pic_is_noise(PIC_SECOND)) {
        /* To the first chip the cascade was a real interrupt. */
        port_out8(PIC_FIRST, PIC_OCW2_EOI);
        return false;
    }
    if (line >= PIC_LINES) {
        port_out8(PIC_SECOND, PIC_OCW2_EOI);
    }
    port_out8(PIC_FIRST, PIC_OCW2_EOI);
    return true;
}
