/* SPDX-License-Identifier: MIT */
/* Drawing budgets from ancestors and giving them back. */
#include "quota.h"

#include <stddef.h>

#include <base/align.h>

#include <klib/kassert.h>

/* More frames than any machine has; sums of two stay far from 2^64. */
#define QUOTA_LIMIT_MAX (1ull << 52)

#define QUOTA_NEVER UINT64_MAX

void
quota_init(struct quota *quota, struct quota *parent, uint64_t limit_frames)
{
    quota->parent = parent;
    quota->limit = limit_frames < QUOTA_LIMIT_MAX ? limit_frames
                                                  : QUOTA_LIMIT_MAX;
    quota->held = parent == NULL ? quota->limit : 0;
    quota->used = 0;
    quota->reserve = 0;
}

/* What @quota must draw so that @frames more fit, @keep left over: whole units,
 * cut at its limit; 0 if they fit already, QUOTA_NEVER if they exceed what it may
 * hold. */
static uint64_t
quota_missing(const struct quota *quota, uint64_t frames, uint64_t keep)
{
    uint64_t room = quota->held - quota->used;
    uint64_t left = quota->limit - quota->held;
    uint64_t units;

    frames += keep;
    if (frames <= room) {
        return 0;
    }
    if (quota->parent == NULL || frames - room > left) {
        return QUOTA_NEVER;
    }
    units = align_up(frames - room, QUOTA_UNIT);
    return units < left ? units : left;
}

/* Whether @quota and its ancestors can pay for @frames. */
static bool
quota_can_charge(const struct quota *quota, uint64_t frames)
{
    uint64_t keep = 0;

    while (frames != 0) {
        frames = quota_missing(quota, frames, keep);
        if (frames == QUOTA_NEVER) {
            return false;
        }
        quota = quota->parent;
        keep = quota == NULL ? 0 : quota->reserve;
    }
    return true;
}

/* What @quota draws is a charge to its parent, and so on up: first ask the
 * whole chain, so that a refusal changes nothing, then take. */
enum status
quota_draw_and_charge(struct quota *quota, uint64_t frames)
{
    uint64_t keep = 0;

    if (!quota_can_charge(quota, frames)) {
        return ST_ENOMEM;
    }
    while (frames != 0) {
        uint64_t drawn = quota_missing(quota, frames, keep);

        quota->held += drawn;
        quota->used += frames;
        KASSERT(quota->used <= quota->held && quota->held <= quota->limit);
        frames = drawn;
        quota = quota->parent;
        keep = quota == NULL ? 0 : quota->reserve;
    }
    return ST_OK;
}

/* A draw is of whole units, or of all up to the limit: what takes as many units is
 * refused as well. */
uint64_t
quota_charge_some(struct quota *quota, uint64_t most)
{
    uint64_t room = quota->held - quota->used;
    uint64_t left = quota->limit - quota->held;

    if (most > room && most - room > left) {
        most = room + left;
    }
    while (most > room && quota_draw_and_charge(quota, most) != ST_OK) {
        most = room + align_down(most - room - 1, QUOTA_UNIT);
    }
    if (most <= room) {
        quota->used += most;
    }
    return most;
}

void
quota_uncharge(struct quota *quota, uint64_t frames)
{
    KASSERT(frames <= quota->used);
    quota->used -= frames;
}

void
quota_pass_down(struct quota *quota, uint64_t frames)
{
    KASSERT(quota->parent != NULL && frames <= quota->parent->used);
    KASSERT(frames <= quota->limit - quota->held);
    quota->held += frames;
    quota->used += frames;
}

void
quota_return(struct quota *quota, uint64_t frames)
{
    KASSERT(quota->parent != NULL);
    quota_uncharge(quota, frames);
    quota->held -= frames;
    quota_uncharge(quota->parent, frames);
}

enum status
quota_reserve(struct quota *quota, uint64_t frames)
{
    enum status status = quota_charge(quota, frames);

    if (status == ST_OK) {
        quota->used -= frames;
        quota->reserve = frames;
    }
    return status;
}

void
quota_destroy(struct quota *quota)
{
    KASSERT(quota->used == 0);
    if (quota->parent != NULL) {
        quota_uncharge(quota->parent, quota->held);
    }
    quota->parent = NULL;
    quota->held = 0;
    quota->limit = 0;
}

void
quota_move_up(struct quota *quota)
{
    struct quota *parent = quota->parent;

    KASSERT(parent != NULL);
    KASSERT(parent->parent != NULL);
    /* The grandparent has paid for these frames as part of what the parent
     * holds; it goes on paying, for the child directly. */
    KASSERT(quota->held <= parent->used);
    parent->used -= quota->held;
    parent->held -= quota->held;
    quota->parent = parent->parent;
}
