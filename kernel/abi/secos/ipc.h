/* SPDX-License-Identifier: MIT */
/*
 * The message registers of ipc_call, ipc_receive, ipc_reply_receive, ipc_reply.
 *
 *            in                                   out
 *   rax      number                               status
 *   rdi      endpoint | handle to give << 32      reply id
 *   rsi      label                                label
 *   rdx r10 r8 r9 rbx   words 0-4                 words 0-4
 *   r12      reply id (reply calls)               badge
 *   r13      slot that may receive a handle       slot filled
 *   r14      absolute deadline in ns, 0 = none    unchanged
 *
 * On failure every output but rax is zero.
 */
#pragma once

#include <stdint.h>

#define IPC_WORDS 5

/* Set in the badge of every message the kernel itself sends; no minted badge
 * can have it. */
#define BADGE_KERNEL (1ull << 63)

/* Set in r13 to say "this slot may be filled"; without it no handle is taken. */
#define IPC_SLOT_OPEN (1ull << 32)

/* A message as libsecos hands it around. */
struct ipc_message {
    uint64_t reply_id;
    uint64_t label;
    uint64_t words[IPC_WORDS];
    uint64_t badge;
    uint64_t slot;
};

_Static_assert(sizeof(struct ipc_message) == 72, "nine registers");

/* A message whose r13 came back with IPC_SLOT_OPEN brought a handle there. */

/* Endpoint ranks (design: a server calls only downwards). */
#define RANK_PAGER  10u   /* the boot pager                               */
#define RANK_SERVER 100u  /* what a program's own server gets by default  */
#define RANK_CLIENT 1000u /* above every endpoint: serves nobody          */
