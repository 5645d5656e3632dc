/* SPDX-License-Identifier: MIT */
/* pager=self: how a thread begins to answer the faults of its own process. How it
 * answers is sys_fault_return, in ipc/self_pager.c. */
#include <secos/bootinfo.h>
#include <secos/fault.h>
#include <secos/status.h>

#include <base/align.h>

#include <arch/mmu.h>
#include <ipc/fault.h>
#include <ipc/page_fault.h>
#include <task/permission.h>
#include <task/process.h>
#include <task/thread.h>

#include "handlers.h"

/* Have the page at @address present with what @access needs: it is pinned, for
 * pages leave a process only by its own doing. */
static enum status
sys_make_present(struct thread *thread, uint64_t address, uint32_t access)
{
    struct space *space = &thread->process->space;
    struct mmu_cursor at;

    if (vmm_find(space, vaddr(align_down(address, PAGE_BYTES)), &at)
        && mmu_leaf_allows(*at.leaf, access)) {
        return ST_OK;
    }
    return page_fault_for_call(address >> PAGE_SHIFT, access);
}

/* fault_handler(handler, stack top): where the calling thread goes on when it
 * touches a missing page; 0 = its pager is asked, as for any other. */
int64_t
sys_fault_handler(SYS_ARGS)
{
    struct thread *thread = thread_current();
    enum status status = permission_check(SYS_GROUP_MEMORY, "fault_handler");

    if (status == ST_OK && fault_placement != FAULT_BY_SELF) {
        status = ST_ENOSYS;
    }
    if (status != ST_OK) {
        return status;
    }
    if (a == 0) {
        thread->upcall.handler = 0;
        return ST_OK;
    }
    /* sysret to any other address would fault in ring 0. */
    if (a < USER_BASE || a >= USER_END || !is_aligned(b, 16) || b <= USER_BASE
        || b > USER_END) {
        return ST_EINVAL;
    }
    status = sys_make_present(thread, a, FAULT_EXEC);
    if (status == ST_OK) {
        status = sys_make_present(thread, b - sizeof(uint64_t), FAULT_WRITE);
    }
    if (status == ST_OK) {
        thread->upcall.handler = a;
        thread->upcall.stack = b - sizeof(uint64_t); /* as after a call */
        thread->process->pages_itself = true;
    }
    return status;
}
