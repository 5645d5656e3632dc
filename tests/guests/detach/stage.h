/* SPDX-License-Identifier: MIT */
/* The supervisor's part of the guest `detach` that makes no claims: children, and
 * orders to them. */
#pragma once

#include <stdint.h>

#include <libsecos/ipc.h>

#include "client.h"

#define STAGE_BINDING 100u /* pages that a binding allows        */
#define STAGE_SLOT    9u   /* where a handle that is given comes */

/* Where children call us. */
extern handle_t stage_control;

/* Make the two endpoints, for control and for the pager. */
void stage_open(void);

/* Mint a binding to the pager. @tells  BINDING_TELLS or 0 */
handle_t stage_bind(uint64_t badge, uint32_t tells);

/* Start a child that calls us at once; *reply_id is of that call.
 * @max_mem  bytes, 0 = as we have */
handle_t stage_start(const char *role, uint64_t max_mem, uint64_t *reply_id);
handle_t stage_client(uint64_t max_mem, uint64_t *reply_id);

/* Give an order; `order` waits for the result and returns it. */
void stage_send(uint64_t reply_id, enum order order, uint64_t a, uint64_t b,
                handle_t give);
int64_t stage_order(uint64_t *reply_id, enum order what, uint64_t a,
                    uint64_t b);
int64_t stage_order_giving(uint64_t *reply_id, enum order order, uint64_t a,
                           uint64_t b, handle_t give);

/* What children do: attach and take nothing; hand out a binding and end. */
int stage_absent(void);
int stage_mint(void);
