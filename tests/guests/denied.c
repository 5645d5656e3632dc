/* SPDX-License-Identifier: MIT */
/*
 * A program without a manifest of its own has least privilege: every call of a
 * group that it was not given is refused, by both doors, whatever the arguments.
 * And what it was given works. Row H109.
 *
 *      denied flood     100,000 refused calls, which must not flood the log
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <secos/manifest.h>

#include <libsecos/ipc.h>
#include <libsecos/process.h>
#include <libsecos/region.h>

#include "claim.h"

struct row {
    const char *name;
    uint64_t number;
    unsigned group;
};

static const struct row rows[] = {
#define ROW(name, offset, arguments, class, group) \
    { #name, SYS_FIRST + (offset), SYS_GROUP_##group },
    SYSCALL_LIST(ROW)
#undef ROW
};

static int
flood(void)
{
    int64_t refused = 0;

    for (unsigned i = 0; i < 100000; i++) {
        refused += notify_create() == ST_EPERM;
    }
    claim_equal("all are refused", refused, 100000);
    (void)process_sleep_until(process_clock() + 1200000000u);
    claim_status("so is the next", notify_create(), ST_EPERM);
    return claim_end();
}

int
main(int argc, char **argv)
{
    static const uint64_t args[6] = { HANDLE_SLOT_SELF, 0x400000, 1, 1, 1, 1 };
    struct region_info info;

    if (argc > 1 && strcmp(argv[1], "flood") == 0) {
        return flood();
    }
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* Message calls are refused for want of a handle, not of a group. */
        if ((MANIFEST_GROUPS_LEAST >> rows[i].group & 1) != 0
            || rows[i].group == SYS_GROUP_IPC) {
            continue;
        }
        claim_status(rows[i].name, syscall_fast(rows[i].number, args),
                     ST_EPERM);
        claim_status(rows[i].name, syscall_int80(rows[i].number, args),
                     ST_EPERM);
    }
    claim_status("what it may do works", region_query(0, &info), ST_OK);
    claim_true("its number", process_self() > 0);
    return claim_end();
}
