/* SPDX-License-Identifier: MIT */
/*
 * Claim: a thousand threads that sleep until the same moment all wake, none early
 * and none much later, and so do those of one turn of the scheduler's wheel later,
 * which hang in the same list.
 *
 *      sleepers                  ten processes
 *        `-- sleepers until NS   100 threads; odd ones sleep a turn longer
 *
 * A process ends with the number of its threads that woke at the wrong time.
 * tests/qemu/test_irq_off.py counts meanwhile how long interrupts are off.
 */
#include <stdlib.h>
#include <string.h>

#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_PROCESS | 1u << SYS_GROUP_INSPECT, 0, 0);

#define PROCESSES   10u
#define THREADS     100u
#define WHEEL_TICKS 256u
#define MS          1000000ull
/* The moment: when all of them surely sleep. */
#define FROM_NOW (400 * MS)
/* A tick wakes 128 at least, so a thousand need eight ticks, and then they run. */
#define LATE_MOST (200 * MS)

static uint64_t sleepers_until;
static uint64_t sleepers_turn;
static unsigned sleepers_wrong;

static void
sleepers_sleep(void *number)
{
    uint64_t moment =
        sleepers_until + ((uintptr_t)number % 2 != 0 ? sleepers_turn : 0);
    uint64_t now;

    (void)process_sleep_until(moment);
    now = process_clock();
    if (now < moment || now > moment + LATE_MOST) {
        __atomic_fetch_add(&sleepers_wrong, 1, __ATOMIC_RELAXED);
    }
}

static void
sleepers_thread(void *number)
{
    sleepers_sleep(number);
    thread_exit(0);
}

static int
sleepers_be_crowd(void)
{
    static char stacks[THREADS][1024] __attribute__((aligned(16)));
    handle_t threads[THREADS];

    memset(stacks, 0, sizeof(stacks));
    for (uintptr_t i = 1; i < THREADS; i++) {
        int64_t thread = thread_create(sleepers_thread, (void *)i,
                                       stacks[i] + sizeof(stacks[i]) - 8, 0);

        if (thread < 0) {
            return 255;
        }
        threads[i] = (handle_t)thread;
    }
    sleepers_sleep((void *)0);
    for (uintptr_t i = 1; i < THREADS; i++) {
        (void)thread_join(threads[i], 0);
    }
    return (int)sleepers_wrong;
}

static handle_t
sleepers_spawn(const char *name, uint64_t until)
{
    static char args[64];
    struct spawn_request request = { .args = syscall_address(args) };
    int64_t child;

    strlcpy(request.name, name, sizeof(request.name));
    request.args_bytes = (uint32_t)snprintf(args, sizeof(args),
                                            "%s%cuntil%c%lu", name, 0, 0, until)
                         + 1;
    child = process_spawn(&request);
    if (child < 0) {
        printf("sleepers: spawn: %s\n", syscall_status_text(child));
        exit(1);
    }
    return (handle_t)child;
}

int
main(int argc, char **argv)
{
    struct machine_info info = { .tick_ns = 0 };
    handle_t children[PROCESSES];

    (void)sys_machine(&info);
    sleepers_turn = WHEEL_TICKS * info.tick_ns;
    if (argc > 2) {
        sleepers_until = strtoull(argv[2], NULL, 10);
        return sleepers_be_crowd();
    }
    sleepers_until = process_clock() + FROM_NOW;
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = sleepers_spawn(argv[0], sleepers_until);
    }
    claim_true("all were asleep in time", process_clock() < sleepers_until);
    for (unsigned i = 0; i < PROCESSES; i++) {
        claim_equal("its hundred threads woke in time",
                    process_wait(children[i], 0), 0);
    }
    return claim_end();
}
