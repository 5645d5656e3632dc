/* SPDX-License-Identifier: MIT */
/* The fault state machine: how a fault begins, waits and is given up. Trapping and
 * killing are in page_fault.c, the answers in fault_reply.c. */
#include "fault.h"

#include <secos/fault.h>
#include <secos/ipc.h>
#include <secos/process.h>
#include <secos/region.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <klib/kassert.h>
#include <mm/region.h>
#include <mm/vmm.h>
#include <task/process.h>
#include <task/sched.h>
#include <task/thread.h>

#include "binding.h"
#include "donation.h"
#include "endpoint.h"
#include "fault_inline.h"
#include "journal.h"
#include "memory_object.h"
#include "page_fault.h"
#include "pager_watch.h"
#include "self_pager.h"

/* Access bits and protection bits are the same numbers, so a fault is allowed
 * where its access is within the protection. */
_Static_assert((int)FAULT_READ == (int)PROT_READ, "read");
_Static_assert((int)FAULT_WRITE == (int)PROT_WRITE, "write");
_Static_assert((int)FAULT_EXEC == (int)PROT_EXEC, "execute");

enum fault_placement fault_placement = FAULT_BY_SERVER;

/* A missing page that the kernel itself answers for. */
struct fault_here {
    uint64_t page;
    uint32_t access;
    struct mmu_cursor at;
};

static void
fault_refuse(struct fault_outcome *out, enum fault_reason reason)
{
    out->action = FAULT_REFUSED;
    out->reason = reason;
}

/* A page that the kernel can give without asking: @installed says whether the
 * leaf in transit has become a mapping. */
static void
fault_finish_here(struct thread *thread, const struct fault_here *fault,
                  enum status installed, uint32_t verdict,
                  struct fault_outcome *out)
{
    if (installed != ST_OK) {
        vmm_cancel_transit(&thread->process->space,
                           vaddr(fault->page << PAGE_SHIFT));
        fault_refuse(out, installed == ST_ENOENT ? REASON_NO_REGION
                                                 : REASON_NO_MEMORY);
        return;
    }
    thread->process->faults++;
    journal_own(thread->call, fault->page, fault->access, out->region, verdict);
    out->action = FAULT_RESUME;
}

/* The region shows a memory object: its page, made now if it is missing. */
static void
fault_show_object(struct thread *thread, const struct fault_here *fault,
                  struct fault_outcome *out)
{
    struct memory_object *memory =
        CONTAINER_OF((struct object *)out->region->spec.binding,
                     struct memory_object, object);
    uint64_t page = fault->page;

    mmu_set_transit(fault->at, FAULT_NO_SLOT);
    fault_finish_here(
        thread, fault,
        memory_object_map(memory, region_pager_page(out->region, page),
                          &thread->process->space, vaddr(page << PAGE_SHIFT),
                          fault->at.leaf, out->region->spec.prot, true),
        FAULT_ENDED_OBJECT, out);
}

/* pager=kernel: the answer is always ZERO and there is nobody to ask. */
static void
fault_answer_here(struct thread *thread, const struct fault_here *fault,
                  struct fault_outcome *out)
{
    mmu_set_transit(fault->at, FAULT_NO_SLOT);
    fault_finish_here(thread, fault,
                      vmm_install_zero(&thread->process->space,
                                       vaddr(fault->page << PAGE_SHIFT),
                                       fault->at.leaf, out->region->spec.prot),
                      VERDICT_ZERO, out);
}

/* The open fault for the right that @page of @process lacks, or NULL. */
static struct call *
fault_find_protection(struct process *process, uint64_t page)
{
    list_for_each(node, &process->protection_faults) {
        struct call *call = LIST_ENTRY(node, struct call, protection_link);

        if (call->page == page) {
            return call;
        }
    }
    return NULL;
}

/* The leaf is not empty: somebody asks for it already, the access is fine by
 * now, or the page is there and the pager may say COPY. */
static NOINLINE void
fault_begin_filled(struct thread *thread, const struct fault_here *fault,
                   struct fault_outcome *out)
{
    struct process *process = thread->process;
    mmu_leaf_t leaf = *fault->at.leaf;
    uint64_t page = fault->page;

    if (mmu_leaf_is_transit(leaf)) {
        out->action = FAULT_JOINED;
        out->call = call_at(mmu_leaf_slot(leaf));
        return;
    }
    if (mmu_leaf_allows(leaf, fault->access)) {
        mmu_flush_page(vaddr(page << PAGE_SHIFT));
        out->action = FAULT_RESUME;
        return;
    }
    if (binding_of_region(out->region) == NULL) {
        fault_refuse(out, REASON_PROTECTION);
        return;
    }
    if (fault_placement == FAULT_BY_KERNEL) {
        fault_finish_here(
            thread, fault,
            vmm_install_copy(&process->space, vaddr(page << PAGE_SHIFT),
                             fault->at.leaf, out->region->spec.prot),
            VERDICT_COPY, out);
        return;
    }
    out->call = fault_find_protection(process, page);
    if (out->call != NULL) {
        out->action = FAULT_JOINED;
        return;
    }
    out->action = FAULT_OPENED;
    out->call =
        fault_open(thread, out->region, page, fault->access | FAULT_PROTECTION);
    out->call->leaf = NULL;
    list_add_tail(&process->protection_faults, &out->call->protection_link);
}

/* Nobody asks a server for this page: the kernel has it, or there is none. */
static NOINLINE void
fault_begin_here(struct thread *thread, const struct fault_here *fault,
                 struct fault_outcome *out)
{
    const struct object *source = out->region->spec.binding;

    if (source == NULL) {
        mmu_prune(&thread->process->space.tables,
                  vaddr(fault->page << PAGE_SHIFT));
        fault_refuse(out, REASON_DEPENDS);
    } else if (source->kind == OBJECT_MEMORY) {
        fault_show_object(thread, fault, out);
    } else {
        fault_answer_here(thread, fault, out);
    }
}

/* pager=self: a missing page that the thread itself answers for, or that nobody
 * may miss. */
static bool
fault_begin_upcall(struct thread *thread, uint64_t page,
                   struct fault_outcome *out)
{
    struct mmu_cursor at;

    if (vmm_find(&thread->process->space, vaddr(page << PAGE_SHIFT), &at)
        && !mmu_leaf_is_empty(*at.leaf)) {
        return false;
    }
    if (thread->upcall.active) {
        fault_refuse(out, REASON_HANDLER);
        return true;
    }
    out->action = FAULT_UPCALL;
    return self_pager_serves(thread, out->region);
}

void
fault_begin(struct thread *thread, uint64_t page, uint32_t access,
            struct fault_outcome *out)
{
    struct space *space = &thread->process->space;
    struct region *region = region_lookup(&space->regions, page);
    struct mmu_cursor at;
    enum status status;

    out->region = region;
    if (UNLIKELY(region == NULL)) {
        fault_refuse(out, REASON_NO_REGION);
        return;
    }
    if (UNLIKELY((access & ~region->spec.prot) != 0)) {
        fault_refuse(out, region->spec.kind == REGION_GUARD
                              ? REASON_GUARD
                              : REASON_PROTECTION);
        return;
    }
    if (UNLIKELY(fault_placement == FAULT_BY_SELF)
        && fault_begin_upcall(thread, page, out)) {
        return;
    }
    status = mmu_ensure(&space->tables, vaddr(page << PAGE_SHIFT), &at);
    if (UNLIKELY(status == ST_EEXIST)
        && vmm_find(space, vaddr(page << PAGE_SHIFT), &at)) {
        status = ST_OK; /* a 2 MiB page, and now one of 512 */
    }
    if (UNLIKELY(status != ST_OK)) {
        fault_refuse(out, REASON_NO_MEMORY);
        return;
    }
    if (UNLIKELY(!mmu_leaf_is_empty(*at.leaf))) {
        fault_begin_filled(thread, &(struct fault_here){ page, access, at },
                           out);
        return;
    }
    if (UNLIKELY(binding_of_region(region) == NULL
                 || fault_placement == FAULT_BY_KERNEL)) {
        struct fault_here fault = { page, access, at };

        fault_begin_here(thread, &fault, out);
        return;
    }
    out->action = FAULT_OPENED;
    out->call = fault_open(thread, region, page, access);
    mmu_set_transit(at, out->call->slot);
    out->call->leaf = at.leaf;
}

void
fault_deliver(struct thread *receiver, struct call *call)
{
    pager_watch_expect(call->endpoint);
    fault_deliver_inline(receiver, call);
}

void
fault_cancel(struct call *call)
{
    journal_end(call, FAULT_ENDED_CANCELLED);
    fault_abandon(call);
    thread_wake(fault_release_waiters(call));
}

void
fault_remove_waiter(struct call *call, struct thread *thread)
{
    list_remove(&thread->wait_link);
    if (call->state == CALL_IDLE) {
        return; /* it is failing: fault_fail takes the others one by one */
    }
    if (list_is_empty(&call->waiters)) {
        journal_end(call, FAULT_ENDED_CANCELLED);
        fault_abandon(call);
        return;
    }
    if (call->owner == thread) {
        call_hand_over(thread, LIST_ENTRY(list_first(&call->waiters),
                                          struct thread, wait_link));
    }
}

void
fault_requeue(struct call *call)
{
    struct thread *pager = endpoint_server(call->endpoint);

    list_remove(&call->delivered_link);
    call_renew(call);
    call->endpoint->faults_redelivered++;
    if (pager == NULL) {
        endpoint_requeue_call(call->endpoint, call, call->owner->priority);
        return;
    }
    /* The next one waits already: nothing may be queued behind its back. */
    thread_clear_deadline(pager);
    list_remove(&pager->wait_link);
    call->endpoint->taken++;
    fault_deliver(pager, call);
    donation_give(pager, call->owner->priority);
    thread_wake(pager);
}
