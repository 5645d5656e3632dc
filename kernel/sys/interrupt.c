/* SPDX-License-Identifier: MIT */
/* Device interrupts: the two lines that the kernel itself serves. */
#include <arch/console.h>
#include <arch/irq.h>
#include <arch/timer.h>
#include <arch/upcalls.h>
#include <ipc/console.h>
#include <ipc/pager_watch.h>
#include <task/sched.h>

void
upcall_irq(unsigned line, bool from_user)
{
    switch (line) {
    case TIMER_IRQ:
        pager_watch_tick();
        sched_tick();
        break;
    case CONSOLE_IRQ:
        console_object_interrupt();
        break;
    default:
        irq_mask(line);
        break;
    }
    if (from_user) {
        sched_preempt();
    }
}
