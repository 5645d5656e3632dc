/* SPDX-License-Identifier: MIT */
/*
 * Copy-on-write views: a child sees pages of its parent, and who writes first gets
 * a copy.
 *
 *      before      parent --rw--> frame             USER, charged to the parent
 *
 *      the view    parent --r---> frame <---r-- child
 *                                 SHARED, count 2, charged to the object of the
 *                                 parent's views, whose quota is the parent's
 *
 *      a write     protection fault -> pager of the region -> COPY:
 *        count 2     a copy, charged to the writer; the count goes down
 *        count 1     the frame leaves the object, with its charge, for the writer
 *
 * Pages that are not there are not looked at: each side asks the pager for them.
 * A view is made in steps; between two of them the parent's other threads may
 * write, so each page is as it was at one moment, and not all at the same.
 *
 * I1  A page is copied at most once less than there are sides that write to it:
 *     the last one writes in place.
 * I2  A frame of an object of views has no writable leaf, and is freed with its
 *     last leaf, whichever side that is.
 * I3  Making a view moves charges and draws none but for the object's record.
 */
#pragma once

#include <secos/status.h>

#include <base/compiler.h>

#include <arch/addr.h>

#define MEMORY_VIEW_STEP 16u

struct memory_object;
struct process;
struct region;

/* A step: show in @child, which runs nothing yet, what @region of @parent has from
 * @start on, but not beyond *@end, and at most MEMORY_VIEW_STEP pages, of one table;
 * *@end is then where the next step begins. The region comes first, then each page, read-only
 * on both sides. @views is the object of @parent's views.
 * Returns ST_EINVAL (nobody could answer COPY there), ST_EEXIST, ST_ENOMEM,
 * ST_EAGAIN; then memory_view_undo takes back what was done. */
MUST_CHECK enum status memory_view_show(struct memory_object *views,
                                        struct process *parent,
                                        struct process *child,
                                        const struct region *region,
                                        vaddr_t start, vaddr_t *end);

/* Take [@start, @end) away from @child, and give @parent back, private and with
 * the right to write, what nobody else sees. The caller bounds the pages. */
void memory_view_undo(struct process *parent, struct process *child,
                      vaddr_t start, vaddr_t end);
