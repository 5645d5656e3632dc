/* SPDX-License-Identifier: MIT */
/* The fault journal, told. */
#include <secos/journal.h>
#include <secos/status.h>

#include <ipc/journal.h>
#include <task/permission.h>
#include <task/usercopy.h>

#include "handlers.h"

/* Rows of one call: interrupts are off meanwhile. */
#define SYS_FAULTS_MOST 32u

/* The first fault to tell of: number @from, or for a negative one so many before
 * the newest; never one that is not kept any more. */
static uint64_t
sys_faults_first(uint64_t from)
{
    uint64_t count = journal_count();
    uint64_t oldest = count < JOURNAL_ENTRIES ? 0 : count - JOURNAL_ENTRIES;

    if ((int64_t)from < 0) {
        from = count < 0 - from ? 0 : count + from;
    }
    return from < oldest ? oldest : from;
}

/* sys_faults(from, rows, bytes): rows written, at most SYS_FAULTS_MOST. To go on,
 * begin behind the last row's number. */
int64_t
sys_sys_faults(SYS_ARGS)
{
    uint64_t most = c / sizeof(struct fault_record);
    uint64_t rows = 0;
    uint64_t sequence = sys_faults_first(a);
    struct fault_record record;
    enum status status = permission_check(SYS_GROUP_INSPECT, "sys_faults");

    if (most > SYS_FAULTS_MOST) {
        most = SYS_FAULTS_MOST;
    }
    while (status == ST_OK && rows < most
           && journal_read(sequence + rows, &record)) {
        status =
            usercopy_out(b + rows * sizeof(record), &record, sizeof(record));
        rows++;
    }
    return status == ST_OK ? (int64_t)rows : status;
}
