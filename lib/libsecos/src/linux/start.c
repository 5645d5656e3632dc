/* SPDX-License-Identifier: MIT */
/*
 * From the kernel's registers to the foreign C library's main.
 *
 * The kernel says what a new process must know in struct process_start; a Linux
 * program looks for it on its stack. This file writes the one as the other:
 *
 *      argc | argv[] NULL | environment[] NULL | {type, value}[] {AT_NULL, 0}
 *
 * and leaves for the C library, which sets up thread-local storage and calls
 * main. Arguments of the form env:NAME=VALUE that come before all others are the
 * environment.
 */
#include <stddef.h>

#include <base/elf64.h>
#include <base/string.h>

#include <libsecos/image.h>
#include <libsecos/process.h>

#include "linux.h"

/* The kernel's loader takes no more arguments; each may be in the environment. */
#define START_ARGUMENTS_MOST 64

#define START_PREFIX       "env:"
#define START_PREFIX_BYTES (sizeof(START_PREFIX) - 1)

/* Entries of the auxiliary vector that the C library reads. */
enum start_auxiliary {
    AT_NULL = 0,
    AT_PHDR = 3,
    AT_PHENT = 4,
    AT_PHNUM = 5,
    AT_PAGESZ = 6,
    AT_ENTRY = 9,
    AT_UID = 11,
    AT_EUID = 12,
    AT_GID = 13,
    AT_EGID = 14,
    AT_SECURE = 23,
    AT_RANDOM = 25,
    AT_EXECFN = 31,
};

/* The C library's, and the program's. */
NORETURN int __libc_start_main(int (*main)(int, char **, char **), int argc,
                               char **argv);
int main(int argc, char **argv, char **environment);
NORETURN void linux_start_c(const struct process_start *start);

const struct process_start *process_started = NULL;

static char **start_environment;

static bool
start_is_environment(const char *word)
{
    return strncmp(word, START_PREFIX, START_PREFIX_BYTES) == 0
           && strchr(word, '=') != NULL;
}

const char *
linux_environment(const char *name)
{
    size_t bytes = strlen(name);

    for (char **entry = start_environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, bytes) == 0 && (*entry)[bytes] == '=') {
            return *entry + bytes + 1;
        }
    }
    return NULL;
}

/* The one program header that the C library needs and that no segment of ours
 * carries: the template of thread-local variables. */
static struct elf64_phdr start_template;

static void
start_describe_template(void)
{
    start_template = (struct elf64_phdr){
        .p_type = PT_TLS,
        .p_flags = PF_R,
        .p_vaddr = image_bias() + image_layout.tls,
        .p_filesz = image_layout.tls_file_bytes,
        .p_memsz = image_layout.tls_bytes,
        .p_align = image_layout.tls_align,
    };
}

static uint64_t *
start_put(uint64_t *at, enum start_auxiliary type, uint64_t value)
{
    at[0] = (uint64_t)type;
    at[1] = value;
    return at + 2;
}

static uint64_t
start_address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* Write what a Linux program finds above its stack pointer to @at, but for argc;
 * returns argc. */
static int
start_build(const struct process_start *start, uint64_t *at)
{
    char **words = (char **)(uintptr_t)start->argv;
    uint64_t first = 1;
    int argc = 0;

    while (first < start->argc && start_is_environment(words[first])) {
        first++;
    }
    for (uint64_t i = 0; i < start->argc; i++) {
        if (i == 0 || i >= first) {
            *at++ = start_address(words[i]);
            argc++;
        }
    }
    *at++ = 0;
    start_environment = (char **)at;
    for (uint64_t i = 1; i < first; i++) {
        *at++ = start_address(words[i] + START_PREFIX_BYTES);
    }
    *at++ = 0;
    at = start_put(at, AT_PAGESZ, 4096);
    at = start_put(at, AT_RANDOM, start_address(start->random));
    at = start_put(at, AT_PHDR, start_address(&start_template));
    at = start_put(at, AT_PHENT, sizeof(start_template));
    at = start_put(at, AT_PHNUM, start_template.p_memsz != 0 ? 1 : 0);
    at = start_put(at, AT_UID, 0);
    at = start_put(at, AT_EUID, 0);
    at = start_put(at, AT_GID, 0);
    at = start_put(at, AT_EGID, 0);
    at = start_put(at, AT_SECURE, 0);
    at =
        start_put(at, AT_EXECFN, start->argc > 0 ? start_address(words[0]) : 0);
    (void)start_put(at, AT_NULL, 0);
    return argc;
}

/* Not protected against a smashed stack: the guard gets its value behind it. */
__attribute__((no_stack_protector)) void
linux_start_c(const struct process_start *start)
{
    /* Two terminators, and the auxiliary vector's twelve pairs. */
    uint64_t vector[START_ARGUMENTS_MOST + 2 + 24];
    int argc;

    image_relocate();
    process_started = start;
    start_describe_template();
    argc = start_build(start, vector);
    linux_console_init();
    linux_time_init();
    (void)syscall1(SYS_reflect_set, linux_trace_entry());
    (void)__libc_start_main(main, argc, (char **)vector);
    __builtin_unreachable();
}
