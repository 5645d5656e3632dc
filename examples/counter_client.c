/* SPDX-License-Identifier: MIT */
/*
 * A client of counter_server.c, which starts it. Its handle to the server lies
 * where a parent's gift always lies.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>

#include "counter.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC, 0, 0);

int
main(int argc, char **argv)
{
    unsigned number = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    struct ipc_message m = { .label = 0 };

    for (unsigned i = 1; i <= 10 * (number + 1); i++) {
        int64_t status;

        m = (struct ipc_message){ .label = COUNTER_ADD, .words = { i } };
        status = ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0);
        if (status != ST_OK) {
            fprintf(stderr, "client %u: %s\n", number,
                    syscall_status_text(status));
            return 100;
        }
    }
    printf("client %u was told a sum of %lu\n", number, m.words[0]);
    fflush(stdout);
    m = (struct ipc_message){ .label = COUNTER_LEAVE };
    (void)ipc_call(HANDLE_SLOT_GIVEN, HANDLE_NONE, &m, 0);
    return (int)number + 1;
}
