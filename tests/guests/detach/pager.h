/* SPDX-License-Identifier: MIT */
/* The pager of the guest `detach`: writes down what it is told, and answers
 * faults with zeroes. */
#pragma once

#include <libsecos/ipc.h>
#include <libsecos/pager_protocol.h>

#define PAGER_TOLD_MOST 10100u

/* What it receives from. */
extern handle_t pager_served;

/* What it was told, in order; a fault stands there with its page and 0 pages. */
extern struct pager_detach pager_told[PAGER_TOLD_MOST];
extern volatile unsigned pager_told_count;

/* Take what is there, until @wait_ns pass with nothing; 0: do not wait. */
void pager_take(uint64_t wait_ns);

/* Begin and end a thread that takes whatever comes. */
void pager_start(void);
void pager_end(void);
