/* SPDX-License-Identifier: MIT */
/* On its own because the host's system call numbers have the names of ours. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <asm/prctl.h>
#include <sys/syscall.h>

#include "machine.h"

void
host_gs_set_base(void *base)
{
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, base) != 0) {
        perror("arch_prctl");
        abort();
    }
}
