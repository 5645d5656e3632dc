/* SPDX-License-Identifier: MIT */
/*
 * COM1, a 16550 UART, behind arch/console.h.
 *
 * Out: the transmit FIFO is empty when LSR says so, and then takes 16 bytes
 * without asking again. serial_room counts them, which saves an `in` a byte.
 *
 * In: the interrupt handler moves the receive FIFO into a ring of a power of
 * two; head and tail run freely and are taken modulo its size.
 *
 * Everything runs with interrupts off, so there is no lock.
 * Source: National Semiconductor PC16550D data sheet, "Registers".
 */
#include <stdint.h>

#include <base/align.h>

#include <arch/console.h>
#include <klib/kassert.h>

#include "port.h"

#define SERIAL_COM1         0x3F8
#define SERIAL_DATA         (SERIAL_COM1 + 0)
#define SERIAL_DIVISOR_LOW  (SERIAL_COM1 + 0) /* while LCR.DLAB is set */
#define SERIAL_DIVISOR_HIGH (SERIAL_COM1 + 1)
#define SERIAL_IER          (SERIAL_COM1 + 1)
#define SERIAL_FCR          (SERIAL_COM1 + 2)
#define SERIAL_LCR          (SERIAL_COM1 + 3)
#define SERIAL_MCR          (SERIAL_COM1 + 4)
#define SERIAL_LSR          (SERIAL_COM1 + 5)

#define SERIAL_IER_RECEIVE    0x01
#define SERIAL_FCR_VALUE      0x83 /* on, receiver emptied, interrupt at 8 bytes */
#define SERIAL_LCR_8N1        0x03
#define SERIAL_LCR_DLAB       0x80
#define SERIAL_MCR_VALUE      0x0B /* DTR, RTS, and OUT2, which gates the IRQ */
#define SERIAL_LSR_DATA       0x01
#define SERIAL_LSR_EMPTY      0x20
#define SERIAL_DIVISOR_115200 1

#define SERIAL_FIFO_BYTES 16u
#define SERIAL_RING_BYTES 1024u

/* Several seconds by any clock: a reader that is only slow is waited for. */
#define SERIAL_WAIT_POLLS (1u << 24)

KASSERT_STATIC((SERIAL_RING_BYTES & (SERIAL_RING_BYTES - 1)) == 0);

static uint32_t serial_room;  /* bytes the transmit FIFO takes unasked   */
static bool serial_is_stuck;  /* it did not drain: do not wait for it    */
static bool serial_is_paused; /* ring full: receive interrupt off        */
static uint32_t serial_head;  /* bytes ever put into the ring            */
static uint32_t serial_tail;  /* bytes ever taken out                    */
static uint8_t serial_ring[SERIAL_RING_BYTES];

void
console_init(void)
{
    port_out8(SERIAL_IER, 0);
    port_out8(SERIAL_LCR, SERIAL_LCR_DLAB);
    port_out8(SERIAL_DIVISOR_LOW, SERIAL_DIVISOR_115200);
    port_out8(SERIAL_DIVISOR_HIGH, 0);
    port_out8(SERIAL_LCR, SERIAL_LCR_8N1);
    port_out8(SERIAL_FCR, SERIAL_FCR_VALUE);
    port_out8(SERIAL_MCR, SERIAL_MCR_VALUE);
    port_out8(SERIAL_IER, SERIAL_IER_RECEIVE);
}

/* Make room for one byte at least; false when the line does not drain. */
static NOINLINE bool
serial_wait(void)
{
    uint32_t polls = serial_is_stuck ? 1 : SERIAL_WAIT_POLLS;

    for (uint32_t i = 0; i < polls; i++) {
        if ((port_in8(SERIAL_LSR) & SERIAL_LSR_EMPTY) != 0) {
            serial_room = SERIAL_FIFO_BYTES;
            serial_is_stuck = false;
            return true;
        }
    }
    serial_is_stuck = true;
    return false;
}

void
console_put(char c)
{
    if (serial_room == 0 && !serial_wait()) {
        return;
    }
    serial_room--;
    port_out8(SERIAL_DATA, (uint8_t)c);
}

void
console_write(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        console_put(text[i]);
    }
}

static void
serial_drain(void)
{
    while ((port_in8(SERIAL_LSR) & SERIAL_LSR_DATA) != 0) {
        if (serial_head - serial_tail == SERIAL_RING_BYTES) {
            serial_is_paused = true;
            port_out8(SERIAL_IER, 0);
            return;
        }
        serial_ring[serial_head % SERIAL_RING_BYTES] = port_in8(SERIAL_DATA);
        serial_head++;
    }
}

bool
console_interrupt(void)
{
    serial_drain();
    return console_has_input();
}

bool
console_try_get(int *byte)
{
    if (serial_head == serial_tail) {
        return false;
    }
    *byte = serial_ring[serial_tail % SERIAL_RING_BYTES];
    serial_tail++;
    if (serial_is_paused && serial_head == serial_tail) {
        serial_is_paused = false;
        serial_drain();
        if (!serial_is_paused) {
            port_out8(SERIAL_IER, SERIAL_IER_RECEIVE);
        }
    }
    return true;
}

bool
console_has_input(void)
{
    return serial_head != serial_tail;
}
