/* SPDX-License-Identifier: MIT */
/*
 * What the explorer compares states by: a description without addresses, of who
 * waits for what, in which order, what is mapped, who owes whom. Two states that
 * differ only in names - which client is first, which slot a call has, how often
 * it was used, which frame a page is in - have the same description.
 *
 * Whatever the kernel's next step depends on must be in it. The explorer looks
 * whether that is so: of states with the same description it takes pairs and
 * compares what every step makes of them (walk.c, "twins").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keys.h"

/* The key of the present state's description. Returns false if the state cannot
 * even be read. */
bool describe_state(struct key *out);
