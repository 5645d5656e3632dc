/* SPDX-License-Identifier: MIT */
/*
 * Claim: the journal tells of the newest JOURNAL_ENTRIES faults, and of no other,
 * also while a trap has begun that may yet become one of them.
 * Method: kernel/ipc/journal.c on the host, with more faults than it keeps.
 */
#include <string.h>

#include <secos/fault.h>

#include <ipc/journal.h>

#include "check.h"
#include "tests/explore/machine.h"

#define FAULTS (JOURNAL_ENTRIES + 700ull)

static struct cpu this_cpu;
static struct region region;
static struct call call;

/* Number n is for page n; every third one goes by way of a call. */
static void
record(uint64_t n)
{
    if (n % 3 == 0) {
        journal_trap(&call);
        journal_own(&call, n, FAULT_READ, &region, FAULT_ENDED_OBJECT);
    } else {
        journal_trap_here(n, FAULT_WRITE);
        journal_answered_here(&call, &region);
    }
}

static void
check_all(uint64_t count)
{
    uint64_t first = count < JOURNAL_ENTRIES ? 0 : count - JOURNAL_ENTRIES;
    struct fault_record row;
    uint64_t before = 0;

    CHECK_EQ(journal_count(), count);
    CHECK(!journal_read(count, &row));
    CHECK(first == 0 || !journal_read(first - 1, &row));
    for (uint64_t n = first; n < count; n++) {
        CHECK(journal_read(n, &row));
        CHECK_EQ(row.sequence, n);
        CHECK_EQ(row.page, n);
        CHECK_EQ(row.access, n % 3 == 0 ? FAULT_READ : FAULT_WRITE);
        CHECK_EQ(row.verdict, n % 3 == 0 ? FAULT_ENDED_OBJECT : VERDICT_ZERO);
        CHECK(row.trap_tsc >= before);
        before = row.trap_tsc;
    }
}

TEST(the_newest_are_told_and_a_trap_that_has_begun_is_not)
{
    host_gs_set_base(&this_cpu);
    journal_init(true);
    check_all(0);
    for (uint64_t n = 0; n < FAULTS; n++) {
        record(n);
        if (n % 100 == 0 || n % JOURNAL_ENTRIES < 2 || n + 1 == FAULTS) {
            journal_trap_here(UINT64_MAX, FAULT_EXEC);
            check_all(n + 1);
        }
    }
}

TEST(a_journal_that_is_off_has_none)
{
    struct fault_record row;

    host_gs_set_base(&this_cpu);
    journal_init(false);
    record(1);
    record(3);
    CHECK_EQ(journal_count(), 0);
    CHECK(!journal_read(0, &row));
}

int
main(void)
{
    RUN(the_newest_are_told_and_a_trap_that_has_begun_is_not);
    RUN(a_journal_that_is_off_has_none);
    return CHECK_REPORT();
}
