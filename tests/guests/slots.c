/* SPDX-License-Identifier: MIT */
/*
 * Claim: when all numbers of a kind are taken, who asks for one more is told so, at
 * once; and when they are free again, they are taken again.
 *
 *      slots            takes most of them
 *        `-- rest KIND  takes the others, and one that there is not
 *      slots hold       takes all of both kinds, in three processes
 */
#include <stdint.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/memory.h>
#include <libsecos/process.h>
#include <libsecos/system.h>

#include "claim.h"

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_MEMORY | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define MOST     2500u /* of the numbers, here */
#define NUMBERS  4096u /* of a kind, used or not */
#define HAS_REST 77

static handle_t taken[NUMBERS];

static int64_t
make_object(void)
{
    return memory_create(1);
}

/* Its number is taken as long as there is a handle of it. */
static int64_t
make_ended_process(void)
{
    struct spawn_request request = { .name = "null" };
    int64_t process = process_spawn(&request);

    if (process > 0) {
        (void)process_wait((handle_t)process, 0);
    }
    return process;
}

/* Take up to @most numbers into taken. Returns how many there were; *@why is what
 * came instead of the next one. */
static uint64_t
take(int64_t (*make)(void), uint64_t most, int64_t *why)
{
    uint64_t count = 0;

    while (count < most && (*why = make()) > 0) {
        taken[count++] = (handle_t)*why;
    }
    return count;
}

static void
give_back(uint64_t count)
{
    while (count-- > 0) {
        (void)handle_close(taken[count]);
    }
}

static int
take_the_rest(int64_t (*make)(void))
{
    static struct process_info rows[16];
    int64_t why = 0;
    uint64_t count = take(make, NUMBERS, &why);

    if (why != ST_EAGAIN || count + MOST >= NUMBERS) {
        return 1;
    }
    if (sys_processes(0, rows, sizeof(rows)) < 3) {
        return 2;
    }
    give_back(1);
    return make() > 0 && make() == ST_EAGAIN ? HAS_REST : 3;
}

/* Three generations, since a process has 4,096 handles; the last takes what is
 * left. */
static int
hold(unsigned generation)
{
    static const uint64_t most[3][2] = { { MOST, 1000 },
                                         { 0, 3000 },
                                         { NUMBERS, NUMBERS } };
    static char args[] = "slots\0hold\0?";
    struct spawn_request request = {
        .name = "slots",
        .args = syscall_address(args),
        .args_bytes = sizeof(args),
    };
    int64_t process = ST_OK;
    int64_t object = ST_OK;

    (void)take(make_ended_process, most[generation][0], &process);
    (void)take(make_object, most[generation][1], &object);
    if (generation < 2) {
        args[sizeof(args) - 2] = (char)('1' + generation);
        (void)process_spawn(&request);
    } else {
        printf("no more: %s, %s\n", syscall_status_name(process),
               syscall_status_name(object));
    }
    (void)process_sleep_until(INT64_MAX);
    return 1;
}

static void
group(const char *name, const char *args, uint32_t bytes, int64_t (*make)(void))
{
    struct spawn_request request = {
        .name = "slots",
        .args = syscall_address(args),
        .args_bytes = bytes,
    };
    int64_t why = 0;
    int64_t child;

    printf("%s\n", name);
    claim_equal("most of the numbers", (int64_t)take(make, MOST, &why), MOST);
    child = process_spawn(&request);
    claim_equal("and the rest", process_wait((handle_t)child, 0), HAS_REST);
    (void)handle_close((handle_t)child);
    give_back(MOST);
    claim_equal("most of them again", (int64_t)take(make, MOST, &why), MOST);
    give_back(MOST);
}

int
main(int argc, char **argv)
{
    static const char objects[] = "slots\0objects";
    static const char processes[] = "slots\0processes";

    if (argc > 1 && strcmp(argv[1], "hold") == 0) {
        return hold(argc > 2 ? (unsigned)(argv[2][0] - '0') : 0);
    }
    if (argc > 1) {
        return take_the_rest(
            strcmp(argv[1], "objects") == 0 ? make_object : make_ended_process);
    }
    group("memory objects", objects, sizeof(objects), make_object);
    group("processes", processes, sizeof(processes), make_ended_process);
    return claim_end();
}
