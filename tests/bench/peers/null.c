/* SPDX-License-Identifier: MIT */
/* The smallest program Linux can run: it ends. No C library, so that exec maps
 * two pages and nothing more. */
void _start(void);

void
_start(void)
{
    __asm__ volatile("syscall" ::"a"(60), "D"(0));
    __builtin_unreachable();
}
