/* SPDX-License-Identifier: MIT */
/* Memory objects: pages that several processes can show in their regions. A region
 * is made with the object's handle as its binding (libsecos/region.h). */
#pragma once

#include <stdint.h>

#include <secos/types.h>

#include <libsecos/syscall.h>

/* Create an object of @pages pages, none of which is there yet. Returns a handle
 * with every right, or ST_EINVAL, ST_ENOMEM, ST_EAGAIN, ST_EMFILE. */
static inline int64_t
memory_create(uint64_t pages)
{
    return syscall1(SYS_memory_create, pages);
}

/* Make it @pages pages: what is above is taken from everybody who sees it. It can
 * grow again up to its first size. Returns ST_OK, ST_EPERM without RIGHT_MANAGE,
 * or ST_EINVAL. */
static inline int64_t
memory_resize(handle_t object, uint64_t pages)
{
    return syscall2(SYS_memory_resize, object, pages);
}
