/* SPDX-License-Identifier: MIT */
/*
 * Claim (H65): whichever allocation of the kernel fails on behalf of a program,
 * the program gets an error it can live with, or ends; the machine goes on.
 * Makes every kind of object that takes memory, and bears with being refused.
 * Exits with 0; with 1 when a call failed for another reason than want of memory.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <secos/region.h>

#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/pager_protocol.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/syscall.h>

SECOS_MANIFEST(1u << SYS_GROUP_IPC | 1u << SYS_GROUP_PROCESS
                   | 1u << SYS_GROUP_SERVE,
               0, 0);

#define PAGE   4096ull
#define COPIES 40

static bool all_is_well = true;

/* Whether a call went through; @what is named if it failed strangely. */
static bool
done(const char *what, int64_t result)
{
    if (result >= 0) {
        return true;
    }
    if (result != ST_ENOMEM && result != ST_EAGAIN && result != ST_EMFILE
        && result != ST_EPAGER) {
        printf("allocs: %s: %s\n", what, syscall_status_name(result));
        all_is_well = false;
    }
    return false;
}

static void
use_regions(void)
{
    struct region_request request = {
        .pages = 64,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t base = region_create(&request);

    if (!done("region_create", base)) {
        return;
    }
    *(volatile char *)base = 1;
    *(volatile char *)(base + 63 * (int64_t)PAGE) = 1;
    done("region_protect",
         region_protect((uint64_t)base + 8 * PAGE, 8, PROT_READ));
    done("region_destroy", region_destroy((uint64_t)base + 32 * PAGE, 8));
    done("region_populate", region_populate((uint64_t)base + 40 * PAGE, 8,
                                            PROT_READ | PROT_WRITE));
}

/* A region whose pager is told when it goes; nobody takes that. */
static void
use_bond(handle_t endpoint)
{
    int64_t binding = binding_create(
        endpoint, 9, PROT_READ | PROT_WRITE | BINDING_TELLS, 100);
    struct region_request request = {
        .binding = (handle_t)binding,
        .pages = 4,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_FILE,
    };

    if (done("binding_create", binding)) {
        int64_t base = region_create(&request);

        if (done("region_create, telling", base)) {
            done("region_destroy, telling",
                 region_destroy((uint64_t)base + PAGE, 2));
        }
    }
}

static void
use_objects(void)
{
    int64_t memory = syscall1(SYS_memory_create, 16);
    int64_t endpoint = endpoint_create(RANK_SERVER);
    int64_t notification = notify_create();

    if (done("memory_create", memory)) {
        done("memory_resize", syscall2(SYS_memory_resize, (uint64_t)memory, 8));
        done("memory_resize",
             syscall2(SYS_memory_resize, (uint64_t)memory, 16));
    }
    if (done("endpoint_create", endpoint)) {
        use_bond((handle_t)endpoint);
        done("endpoint_mint", endpoint_mint((handle_t)endpoint, 7, RIGHT_CALL));
        done("binding_create", binding_create((handle_t)endpoint, 8,
                                              PROT_READ | PROT_WRITE, 100));
    }
    if (done("notify_create", notification)) {
        for (int i = 0; i < COPIES; i++) {
            done("handle_copy",
                 handle_copy((handle_t)notification, RIGHT_CALL));
        }
    }
}

static void
thread_main(void *argument)
{
    *(volatile int *)argument = 1;
    thread_exit(0);
}

static void
use_thread(void)
{
    static _Alignas(16) char stack[8192];
    static volatile int ran;
    int64_t thread = thread_create(thread_main, (void *)(uintptr_t)&ran,
                                   stack + sizeof(stack), 0);

    if (done("thread_create", thread)) {
        done("thread_join", thread_join((handle_t)thread, 0));
    }
}

static void
use_child(void)
{
    static const char name[] = "null";
    struct spawn_request request = {
        .name = "null",
        .args = syscall_address(name),
        .args_bytes = sizeof(name),
    };
    int64_t child = process_spawn(&request);

    if (done("process_spawn", child)) {
        done("process_wait", process_wait((handle_t)child, 0));
    }
}

int
main(void)
{
    char *block = malloc(100000);

    if (block != NULL) {
        memset(block, 1, 100000);
    }
    use_regions();
    use_objects();
    use_thread();
    use_child();
    printf("allocs: %s\n", all_is_well ? "done" : "failed");
    return all_is_well ? 0 : 1;
}
