/* SPDX-License-Identifier: MIT */
/*
 * Priority along a chain of calls: a server runs at the highest priority among
 * its own, the callers it holds and the callers that queue for it.
 *
 *      client (20) --call--> A (10 -> 20) --call--> B (5 -> 20)
 *
 * Donating is done when a call is delivered or queued and follows the chain;
 * taking back is done when the server replies, by looking at what it still holds.
 * When it loses a caller the supervisor does that: many callers may be lost at
 * once, and their servers each hold many others.
 */
#pragma once

#include <stdint.h>

#include <task/thread.h>

struct call;
struct endpoint;

/* @server, to whom a call is being delivered, runs at least at @priority.
 * Cost: 3 instructions. */
static inline void
donation_give(struct thread *server, uint32_t priority)
{
    if (server->priority < priority) {
        server->priority = (uint8_t)priority;
    }
}

/* @call was queued at @endpoint: raise whoever serves there, and whoever they
 * wait for, to @priority. Cost: bounded by DONATION_CHAIN threads. */
void donation_raise(struct endpoint *endpoint, uint32_t priority);

/* Give @server the priority it deserves now: its own, or that of a call that it
 * took, or that queues at the endpoint it serves. */
void donation_settle_slow(struct thread *server);

static inline void
donation_settle(struct thread *server)
{
    if (UNLIKELY(server->priority != server->base_priority)) {
        donation_settle_slow(server);
    }
}

/* @server loses a caller whose call it took. Cost: constant. */
void donation_lose(struct thread *server);

/* Settle up to @most of those that lost callers; true when none is left. The
 * supervisor calls it until then. Cost: bounded by DONATION_HELD calls each. */
bool donation_settle_step(unsigned most);

/* Whether a call from @caller to @endpoint, where nobody receives, would wait
 * for itself: every thread on the chain waits for the next. */
bool donation_is_cycle(const struct thread *caller,
                       const struct endpoint *endpoint);
