/* SPDX-License-Identifier: MIT */
/* Channel 0 of the 8254 timer, dividing its oscillator down to the tick.
 * Source: Intel 8254 data sheet, "Mode 2: Rate Generator". */
#include <arch/timer.h>
#include <klib/kassert.h>

#include "port.h"

#define PIT_CHANNEL0       0x40
#define PIT_COMMAND        0x43
#define PIT_CHANNEL0_MODE2 0x34 /* low byte, then high byte; rate generator */

KASSERT_STATIC(TIMER_PERIODS <= 0xFFFF);

void
timer_init(void)
{
    port_out8(PIT_COMMAND, PIT_CHANNEL0_MODE2);
    port_out8(PIT_CHANNEL0, (uint8_t)TIMER_PERIODS);
    port_out8(PIT_CHANNEL0, (uint8_t)(TIMER_PERIODS >> 8));
}
