/* SPDX-License-Identifier: MIT */
/*
 * The boot pager: every page of heap, stack and bss that a program has, this
 * process has decided about.
 *
 *      client            kernel                          pager
 *      touches a page ->  no frame there
 *                         call on the client's behalf -> FAULT page access run
 *                                                        policy_decide
 *                         allocate, zero, map         <- ZERO run
 *      goes on        <-                                 (waits in the same call)
 *
 * and where the page is there, but shown read-only because others see it too
 * (a copy-on-write view), the answer to a write is COPY.
 *
 * Two kernel entries serve a fault: the client's trap, and ipc_reply_receive,
 * which answers this fault and waits for the next. The message never leaves the
 * registers it travels in, and the only memory the loop touches is the policy,
 * on a stack page that the kernel mapped before the first instruction: a pager
 * must never fault, for nobody would answer.
 *
 * What it is not trusted with: it sees page numbers, not addresses, owns no
 * frame, and cannot reach its clients. If it dies, the kernel starts it again
 * and repeats the faults it had not answered; there is no state to lose.
 */
#include <stdint.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>

#include "policy.h"

/* It receives and replies; it never spawns, looks around or prints. */
SECOS_MANIFEST(1u << SYS_GROUP_IPC, 0, 0);

#define PAGER_NO_VERDICT 99u
#define PAGER_INSISTS    8

/* Behaviours that the tests ask for. */
static COLD NORETURN void
pager_misbehave(enum policy_action action, uint64_t reply_id)
{
    if (action == POLICY_DIE) {
        __builtin_trap();
    }
    if (action == POLICY_HANG) {
        for (;;) {
            __asm__ volatile("pause");
        }
    }
    /* Wrong again and again: the kernel ends it at the third time. */
    for (int i = 0; i < PAGER_INSISTS; i++) {
        struct ipc_message m = { .reply_id = reply_id,
                                 .label = PAGER_NO_VERDICT };

        (void)ipc_reply(&m);
    }
    process_exit(1);
}

/* Turn the fault in *@m into its answer. */
static ALWAYS_INLINE void
pager_answer(struct policy *policy, struct ipc_message *m)
{
    struct pager_fault fault = pager_fault_of(m);
    struct policy_decision decision =
        policy_decide(policy, fault.access, fault.run);

    if (LIKELY(decision.action == POLICY_ZERO)) {
        pager_answer_zero(m, decision.run);
    } else if (decision.action == POLICY_COPY) {
        pager_answer_copy(m);
    } else if (decision.action == POLICY_FAIL) {
        pager_answer_fail(m, decision.error);
    } else {
        pager_misbehave(decision.action, m->reply_id);
    }
}

/* What is no fault: somebody's call is refused; of a DETACH there is nothing to
 * forget, and it wants no answer. */
static COLD void
pager_refuse(uint64_t reply_id)
{
    struct ipc_message m = {
        .reply_id = reply_id,
        .label = (uint64_t)ST_ENOSYS,
    };

    if (reply_id != 0) {
        (void)ipc_reply(&m);
    }
}

int
main(int argc, char **argv)
{
    struct policy policy;
    struct ipc_message m = { .slot = 0 };
    int64_t status;

    policy_init(&policy, argc, argv);
    /* Only inlined functions may see &m: it is to stay in registers. */
    status = ipc_receive_inline(HANDLE_SLOT_ENDPOINT, &m, 0);
    for (;;) {
        if (LIKELY(status == ST_OK && pager_is_fault(&m))) {
            pager_answer(&policy, &m);
            status = ipc_reply_receive_inline(HANDLE_SLOT_ENDPOINT, &m, 0);
            continue;
        }
        if (status == ST_OK) {
            pager_refuse(m.reply_id);
        } else if (status != ST_EGONE) {
            /* Not a late answer: the endpoint is gone, or the answer was wrong,
             * and so is this pager. A fresh one starts with nothing unsaid. */
            return 1;
        }
        m = (struct ipc_message){ .slot = 0 };
        status = ipc_receive_inline(HANDLE_SLOT_ENDPOINT, &m, 0);
    }
}
