/* SPDX-License-Identifier: MIT */
/*
 * DETACH: what a pager is told of pages that went away.
 *
 * A binding minted with BINDING_TELLS is copied for each space that uses it. The
 * copy, the *bond* of that space and that binding, is made and charged to the
 * space when it binds its first region, and lives as long as a region of it:
 *
 *      minted, badge 7 <--- bond of space A <--- regions in A's tree
 *        ended: 2              gone: -> region -> region
 *             \                 |
 *              endpoint->telling   (round robin)
 *
 *  - A region, or a piece of one, that is destroyed leaves the tree; its record
 *    is the event and waits in `gone`, charged to its space until it is taken.
 *  - The end of a space gives up its records and counts once in `ended` of each
 *    binding it had a bond with. That count, paid by who minted the binding and
 *    given up with him, is all that is left of the space.
 *
 * So nothing is allocated when an event is sent, whoever made what went pays, and
 * a pager that takes none costs nobody else. Plain bindings have no part in this.
 *
 * An event is told before any fault of the same bond, and between two calls that
 * wait at most one is told, so that neither stops the other.
 *
 * I1  A binding is in endpoint->telling if and only if it has records in `gone`
 *     or, minted, `ended` is not 0; and ENDPOINT_TELLS if that list is not empty.
 * I2  No server waits at an endpoint that has something to tell.
 */
#pragma once

#include <stdbool.h>

#include <secos/status.h>

#include <base/compiler.h>

#include "binding.h"

struct endpoint;
struct process;
struct region;
struct thread;

/* What regions of @process that are made with @binding refer to: itself, or the
 * bond. *out gets a reference. Returns ST_ENOMEM.
 * Cost: constant; for a bond, the number of spaces that use the binding. */
MUST_CHECK enum status detach_bind(struct process *process,
                                   struct binding *binding,
                                   struct binding **out);

/* @region, with a binding that tells, has left its tree: tell its pager, who gets
 * the record's contents; the record is freed when that is done. */
void detach_region(struct region *region);

/* @process, whose pages are gone, ends: up to @most records and bonds; true when
 * every one is done with. */
bool detach_end_step(struct process *process, unsigned most);

/* Let @server, which receives faults of @endpoint, have what is to be told now.
 * Returns false if a queued call comes first. */
MUST_CHECK bool detach_take(struct endpoint *endpoint, struct thread *server);

/* Give up the first event that @endpoint, where nobody receives any more, has to
 * tell. Returns false if there is none. The caller holds a reference. */
MUST_CHECK bool detach_drop_one(struct endpoint *endpoint);

/* Who minted the binding of @charge ended: nobody pays for `ended` any more. */
void detach_orphan(struct charge *charge);
