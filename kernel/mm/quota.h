/* SPDX-License-Identifier: MIT */
/*
 * Who pays for frames. Pure: numbers only, no frame is touched here.
 *
 * Every frame that exists for the sake of a process is charged to its quota. A
 * quota draws what it hands out from its parent's, in units of QUOTA_UNIT
 * frames so that most charges touch one structure, and returns it when
 * destroyed.
 *
 *      root    limit = held = all RAM less the kernel's reserve
 *        |     used  = its own frames + what its children hold
 *      child   held  = drawn from the parent, used <= held <= limit
 *
 * Invariants
 *  I1  used <= held <= limit.
 *  I2  Σ held of the children <= used of the parent. With I1 at the root: all
 *      quotas together never promise more than there is.
 *  I3  After a child's draw, held - used >= reserve.
 *
 * Cost: a charge within what is held is three instructions; else it walks up
 * until an ancestor can give, at most to the root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

#define QUOTA_UNIT 64u

struct quota {
    struct quota *parent; /* NULL: the root                    */
    uint64_t limit;       /* never hold more, in frames        */
    uint64_t held;        /* drawn from the parent             */
    uint64_t used;        /* charged, children's held included */
    uint64_t reserve;     /* of what is left, children draw none */
};

/* Prepare a quota. The root (@parent NULL) holds its limit from the start;
 * others hold nothing yet. @parent must outlive it. */
void quota_init(struct quota *quota, struct quota *parent,
                uint64_t limit_frames);

/* Draw now, so that @frames more can be charged to @quota itself later, whatever
 * its children and others do: a child's draw leaves so much.
 * Returns ST_ENOMEM, nothing changed, if limit or ancestors forbid it. */
MUST_CHECK enum status quota_reserve(struct quota *quota, uint64_t frames);

/* Return everything to the parent. used must be 0: own frames uncharged,
 * children destroyed or moved up. */
void quota_destroy(struct quota *quota);

/* Move @quota from its parent to its grandparent, which must exist, with all it
 * holds: before the parent is destroyed. Cannot fail: I2 holds throughout. */
void quota_move_up(struct quota *quota);

/* The slow half of quota_charge. */
MUST_CHECK enum status quota_draw_and_charge(struct quota *quota,
                                             uint64_t frames);

/* Whether @frames can be charged from what is held. */
static inline bool
quota_has(const struct quota *quota, uint64_t frames)
{
    return frames <= quota->held - quota->used;
}

/* Charge @frames. Returns ST_ENOMEM, nothing changed, if over the limit or if
 * no ancestor has as much to give. */
static inline MUST_CHECK enum status
quota_charge(struct quota *quota, uint64_t frames)
{
    if (UNLIKELY(!quota_has(quota, frames))) {
        return quota_draw_and_charge(quota, frames);
    }
    quota->used += frames;
    return ST_OK;
}

/* Charge what can be of @most frames. Returns how many that is.
 * Cost: a refusal for each unit that is missing. */
uint64_t quota_charge_some(struct quota *quota, uint64_t most);

/* Take back a charge of @frames; it must have been made. */
void quota_uncharge(struct quota *quota, uint64_t frames);

/* What @quota's parent was charged itself, @frames of it, is from now on a charge
 * of @quota, which holds so much more. Cannot fail: nothing is drawn. Returned by
 * quota_return. */
void quota_pass_down(struct quota *quota, uint64_t frames);

/* Take back a charge of @frames and give what was held for it to the parent. */
void quota_return(struct quota *quota, uint64_t frames);
