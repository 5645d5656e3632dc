/* SPDX-License-Identifier: MIT */
/* Channel 0 of the 8254 timer, dividing its oscillator down to the tick; and the
 * clock that runs on a battery.
 * Source: Intel 8254 data sheet, "Mode 2: Rate Generator"; Motorola MC146818A
 * data sheet, "Address Map". */
#include <arch/timer.h>
#include <klib/kassert.h>

#include "port.h"

#define PIT_CHANNEL0       0x40
#define PIT_COMMAND        0x43
#define PIT_CHANNEL0_MODE2 0x34 /* low byte, then high byte; rate generator */

/* Bit 7 of the index would hold back NMIs. */
#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

KASSERT_STATIC(TIMER_PERIODS <= 0xFFFF);

void
timer_init(void)
{
    port_out8(PIT_COMMAND, PIT_CHANNEL0_MODE2);
    port_out8(PIT_CHANNEL0, (uint8_t)TIMER_PERIODS);
    port_out8(PIT_CHANNEL0, (uint8_t)(TIMER_PERIODS >> 8));
}

uint64_t
timer_read_calendar(void)
{
    /* Seconds, minutes, hours, day, month, year. */
    static const uint8_t registers[] = { 0, 2, 4, 7, 8, 9 };
    uint64_t calendar = 0;

    for (unsigned i = 0; i < sizeof(registers); i++) {
        port_out8(CMOS_INDEX, registers[i]);
        calendar = calendar << 8 | port_in8(CMOS_DATA);
    }
    return calendar;
}
