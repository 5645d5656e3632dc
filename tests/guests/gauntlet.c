/* SPDX-License-Identifier: MIT */
/*
 * Sends one attacker after the other and reports how each ended, and that
 * nothing else changed:
 *
 *      gauntlet PROGRAM SPEC...      a SPEC ending in :A-B stands for :A ... :B
 *
 *      int:13 wait=0x10d reason=1 vector=13 error=0x6a rip=0x401000
 *             address=0x0 region=0x0 leaked=0         (in one line)
 *      neighbour: unchanged                           (256 KB here, 256 KB there)
 *
 * Each attacker is a process of its own with its SPEC as only argument. `leaked`
 * is the number of frames that are missing, when it is gone, from those that
 * were free before the first. The neighbour is a process that holds a pattern
 * through all attacks and is asked at the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/system.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE | 1u << SYS_GROUP_INSPECT,
               0, 0);

#define PATTERN_WORDS (256 * 1024 / 8)
#define WITNESS       "--witness"

static uint64_t pattern[PATTERN_WORDS];

static uint64_t
pattern_at(uint64_t seed, uint64_t index)
{
    return (seed << 32 | index) * 0x9E3779B97F4A7C15u;
}

static void
pattern_fill(uint64_t seed)
{
    for (uint64_t i = 0; i < PATTERN_WORDS; i++) {
        pattern[i] = pattern_at(seed, i);
    }
}

static uint64_t
pattern_changed(uint64_t seed)
{
    uint64_t changed = 0;

    for (uint64_t i = 0; i < PATTERN_WORDS; i++) {
        changed += pattern[i] != pattern_at(seed, i);
    }
    return changed;
}

/* The neighbour: first says that it is ready, then answers how many words of
 * its pattern have changed. */
static int
witness(void)
{
    struct ipc_message m = { .slot = 0 };

    pattern_fill(2);
    if (ipc_receive(HANDLE_SLOT_GIVEN, &m, 0) != ST_OK) {
        return 1;
    }
    for (;;) {
        m.words[0] = pattern_changed(2);
        m.label = 0;
        if (ipc_reply_receive(HANDLE_SLOT_GIVEN, &m, 0) != ST_OK) {
            return 1;
        }
    }
}

static handle_t
gauntlet_spawn(const char *program, const char *spec, handle_t give)
{
    struct spawn_request request = { .give = give };
    char args[256];
    size_t name_bytes = strlen(program) + 1;
    size_t spec_bytes = strlen(spec) + 1;
    int64_t process;

    memcpy(args, program, name_bytes);
    memcpy(args + name_bytes, spec, spec_bytes);
    strncpy(request.name, program, NAME_BYTES - 1);
    request.args = syscall_address(args);
    request.args_bytes = (uint32_t)(name_bytes + spec_bytes);
    process = process_spawn(&request);
    if (process < 0) {
        printf("gauntlet: %s: %s\n", program, syscall_status_name(process));
        exit(2);
    }
    return (handle_t)process;
}

static uint64_t
gauntlet_free_frames(void)
{
    struct memory_info info;

    return sys_memory(&info) == ST_OK ? info.frames[FRAME_FREE] : 0;
}

static void
gauntlet_run(const char *program, const char *spec, uint64_t free_before)
{
    struct exit_report report = { .ended = 0 };
    handle_t process = gauntlet_spawn(program, spec, HANDLE_NONE);
    int64_t word = process_wait(process, 0);

    (void)process_report(process, &report);
    (void)handle_close(process);
    printf("%s wait=0x%lx reason=%u vector=%u error=0x%lx rip=0x%lx "
           "address=0x%lx region=0x%lx image=0x%lx leaked=%ld\n",
           spec, (uint64_t)word, report.reason, report.vector,
           report.error_code, report.rip, report.address, report.region_base,
           report.image_base, (int64_t)(free_before - gauntlet_free_frames()));
}

/* Run @spec, or each of the range it stands for. */
static void
gauntlet_expand(const char *program, const char *spec, uint64_t free_before)
{
    const char *colon = strrchr(spec, ':');
    const char *dash = colon == NULL ? NULL : strchr(colon, '-');
    unsigned long last;
    char one[128];

    if (dash == NULL) {
        gauntlet_run(program, spec, free_before);
        return;
    }
    last = strtoul(dash + 1, NULL, 0);
    for (unsigned long n = strtoul(colon + 1, NULL, 0); n <= last; n++) {
        snprintf(one, sizeof(one), "%.*s:%lu", (int)(colon - spec), spec, n);
        gauntlet_run(program, one, free_before);
    }
}

int
main(int argc, char **argv)
{
    struct ipc_message m = { .slot = 0 };
    handle_t endpoint;
    handle_t neighbour;
    uint64_t free_before;

    if (argc == 2 && strcmp(argv[1], WITNESS) == 0) {
        return witness();
    }
    endpoint = (handle_t)endpoint_create(0);
    neighbour = gauntlet_spawn(argv[0], WITNESS, endpoint);
    pattern_fill(1);
    (void)ipc_call(endpoint, HANDLE_NONE, &m, 0); /* it is ready */
    /* Once for nothing: what this program itself needs is there afterwards. */
    gauntlet_run(argv[1], "warm-up", 0);
    free_before = gauntlet_free_frames();
    for (int i = 2; i < argc; i++) {
        gauntlet_expand(argv[1], argv[i], free_before);
    }
    (void)ipc_call(endpoint, HANDLE_NONE, &m, 0);
    printf("neighbour: %s\n",
           m.words[0] + pattern_changed(1) == 0 ? "unchanged" : "CHANGED");
    (void)process_kill(neighbour);
    (void)process_wait(neighbour, 0);
    return 0;
}
