/* SPDX-License-Identifier: MIT */
/* The tick: a steady interrupt on TIMER_IRQ, TIMER_HZ times a second. */
#pragma once

#include <stdint.h>

#define TIMER_IRQ 0u
#define TIMER_HZ  250u

/* The oscillator runs at 14.31818 MHz / 12; a tick is a whole number of its
 * periods, so it lasts a little more than 1/250 s: 4,000,229 ns. */
#define TIMER_OSCILLATOR_HZ 1193182ull
#define TIMER_PERIODS       ((TIMER_OSCILLATOR_HZ + TIMER_HZ / 2) / TIMER_HZ)
#define TIMER_TICK_NS                                          \
    ((TIMER_PERIODS * 1000000000ull + TIMER_OSCILLATOR_HZ / 2) \
     / TIMER_OSCILLATOR_HZ)

/* Start the tick; it is delivered once irq_unmask(TIMER_IRQ) was called.
 * Context: boot, interrupts off, once. */
void timer_init(void);

/* The battery-backed clock as it stands, seconds to years, one byte each; the
 * time may move while it is read. For want of better random numbers. */
uint64_t timer_read_calendar(void);
