/* SPDX-License-Identifier: MIT */
/* The manifest that `secos-cc -pthread` gives: what threads need besides. */
#include <libsecos/manifest.h>

#include "linux.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS, 0,
               LINUX_STACK_BYTES);
