/* SPDX-License-Identifier: MIT */
/*
 * Every system call: that it works, each status it can answer, and what a hostile
 * caller gets. `syscalls GROUP` runs a group, each of which is in syscalls/;
 * docs/abi.md is the contract. What pointers may be is in pointers.c, messages
 * are in talk.c, calls without permission in denied.c.
 */
#include <libsecos/manifest.h>

#include "syscalls/group.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT
                   | 1u << SYS_GROUP_POWER,
               0, 0);

uint8_t page_buffer[2 * PAGE];

static const struct {
    const char *name;
    int (*run)(void);
} groups[] = {
    { "basic", group_basic },
    { "memory", group_memory },
    { "process", group_process },
    { "threads", group_threads },
    { "thread-addresses", group_thread_addresses },
    { "serve", group_serve },
    { "console", group_console },
    { "console-read", group_console_read },
    { "inspect", group_inspect },
    { "reports", group_reports },
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (argc > 1 && strcmp(argv[1], groups[i].name) == 0) {
            return groups[i].run();
        }
    }
    return 2;
}
