/* SPDX-License-Identifier: MIT */
/*
 * The life of a page fault between the trap and the resumed instruction.
 *
 *   thread traps                             the pager
 *      |                                        |
 *   fault_begin: no region, no right,        waits in ipc_reply_receive
 *      | a guard ------------> REFUSED: the process ends with a report
 *      | page allowed by now > RESUME
 *      | asked for already --> joins the waiters of that call
 *      | else: the leaf goes in transit, the thread's call is made a fault
 *      v                                        |
 *   QUEUED or DELIVERED ----- message --------> |
 *      |                                     decides
 *   fault_reply <------------ verdict --------- |
 *      | looks the region up again; ZERO: frame, charge, map
 *      v
 *   all waiters run the access again
 *
 * While a fault is open its leaf holds the call's slot, so a second thread that
 * needs the page finds the call in no time and the reply needs no second walk.
 *
 * I1  A leaf in transit names a call that is QUEUED or DELIVERED, a fault, for
 *     exactly that page.
 * I2  Such a call has at least one waiter, and its owner is one of them.
 * I3  Every outcome but a failure only makes the access run again: the page, not
 *     the reply, decides what it sees.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

#include <arch/trap.h>
#include <task/call.h>
#include <task/thread.h>

struct process;
struct region;
struct space;

/* Where a fault's answer comes from (boot option pager=...). */
enum fault_placement {
    FAULT_BY_SERVER = 0,
    FAULT_BY_KERNEL = 1,
    FAULT_BY_SELF = 2, /* threads that named a handler; else as SERVER */
};

extern enum fault_placement fault_placement;

/* What fault_begin found. */
struct fault_outcome {
    enum {
        FAULT_RESUME,  /* run the access again                      */
        FAULT_REFUSED, /* reason says why                           */
        FAULT_JOINED,  /* call was open already: wait for it        */
        FAULT_OPENED,  /* call is new: deliver or queue it, wait    */
        FAULT_UPCALL,  /* the thread's own handler is asked         */
    } action;
    uint32_t reason; /* enum fault_reason */
    struct region *region;
    struct call *call;
};

/* Decide what the missing access of @thread to @page of its space means.
 * @access  exactly one of FAULT_READ, FAULT_WRITE, FAULT_EXEC
 * Cost: about 100 instructions when it opens a call. */
void fault_begin(struct thread *thread, uint64_t page, uint32_t access,
                 struct fault_outcome *out);

/* @receiver, which may take faults, gets @call: it is delivered, and its event is
 * in the receiver's registers. */
void fault_deliver(struct thread *receiver, struct call *call);

/* What answering a call came to. Two words, so that it travels in registers. */
struct reply_result {
    struct thread *woken; /* may go on, in no queue and not READY; or NULL */
    enum status status;
};

/* The pager that @frame belongs to answers @call. The first waiter is handed to
 * the caller as `woken`; the others become ready.
 * Status: ST_EINVAL for an answer that could never be right (a strike), else
 * ST_OK, or ST_ENOENT, ST_EPERM, ST_EAGAIN for an object's page that cannot be
 * shown now: then the answer is still owed. */
struct reply_result fault_reply(struct call *call,
                                const struct trap_frame *frame);

/* Add @thread, which is about to wait, to the waiters of @call. */
static inline void
fault_add_waiter(struct call *call, struct thread *thread)
{
    list_add_tail(&call->waiters, &thread->wait_link);
}

/* @thread, a waiter of a fault, waits no more (it was killed). The last one
 * closes the fault. */
void fault_remove_waiter(struct call *call, struct thread *thread);

/* A run that began before @page goes on to @end, as far as it can. */
void fault_around(struct space *space, uint64_t page, uint64_t end);

/* No pager came back for the queued fault @call: its waiters fail, each with
 * REASON_PAGER_GONE. */
void fault_give_up(struct call *call);

/* The pager that was asked died: ask the next one, under a new reply id. */
void fault_requeue(struct call *call);

/* Regions were taken away or rebound: close the fault of @leaf and let its
 * waiters run the access again. */
void fault_cancel(struct call *call);
