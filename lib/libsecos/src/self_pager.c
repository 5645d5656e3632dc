/* SPDX-License-Identifier: MIT */
/* The policy of the boot pager, in the process that has the faults. */
#include <libsecos/self_pager.h>

/* Room for what the handler below pushes. */
#define SELF_PAGER_STACK 256

static uint8_t self_pager_stack[SELF_PAGER_STACK] __attribute__((aligned(16)));

void
self_pager_handle(UNUSED uint64_t page, UNUSED uint64_t access,
                  UNUSED uint64_t run)
{
    (void)fault_return(VERDICT_ZERO, 1);
    __builtin_trap();
}

int64_t
self_pager_attach(void *stack, uint64_t bytes)
{
    return fault_handler(self_pager_handle, (uint8_t *)stack + bytes);
}

void
self_pager_start(void)
{
    (void)self_pager_attach(self_pager_stack, sizeof(self_pager_stack));
}
