/* SPDX-License-Identifier: MIT */
/* The stack protector's canary (gcc and clang: -fstack-protector-strong
 * -mstack-protector-guard=global). */
#pragma once

/*
 * Give this boot its own canary.
 * Context: boot, once, after cpu_init; only from a function that never returns,
 * since a frame entered under the old canary would fail its check.
 */
void stack_guard_init(void);
