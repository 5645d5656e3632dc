/* SPDX-License-Identifier: MIT */
/* The commands: a table, and what a command is given. Adding one is a function
 * in a commands_*.c file, its prototype here and a row in commands.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Statuses of commands that do not bring their own. */
#define COMMAND_OK      0
#define COMMAND_FAILED  1
#define COMMAND_USAGE   2   /* called wrongly     */
#define COMMAND_UNKNOWN 127 /* there is no such   */
#define COMMAND_BROKEN  130 /* ended by ^C        */

/* What was typed. words[0] is the command, words[count] is NULL. */
struct invocation {
    int count;
    char **words;
    bool background;
};

struct command {
    const char *name;
    const char *usage; /* the words behind the name */
    const char *help;  /* one line                  */
    int (*run)(const struct invocation *invocation);
    bool takes_background;
};

/* The command called @name, or NULL. */
const struct command *command_lookup(const char *name);

/* Run what was typed; says what is wrong if it cannot. Returns the status. */
int command_run(const struct invocation *invocation);

/* Say how @invocation's command is called; returns COMMAND_USAGE. */
int command_usage(const struct invocation *invocation);

/* Say that @what failed with @status; returns COMMAND_FAILED. */
int command_failed(const char *what, int64_t status);

/* Read a number (0x... or decimal) that fills the whole of @text. */
bool command_number(const char *text, uint64_t *out);

/* commands.c */
int command_help(const struct invocation *invocation);
int command_clear(const struct invocation *invocation);
int command_echo(const struct invocation *invocation);

/* commands_machine.c */
int command_info(const struct invocation *invocation);
int command_uptime(const struct invocation *invocation);
int command_sleep(const struct invocation *invocation);
int command_syscalls(const struct invocation *invocation);
int command_pager(const struct invocation *invocation);
int command_reboot(const struct invocation *invocation);
int command_poweroff(const struct invocation *invocation);

/* commands_memory.c */
int command_mem(const struct invocation *invocation);
int command_heap(const struct invocation *invocation);
int command_vmcheck(const struct invocation *invocation);

/* commands_frames.c */
int command_frames(const struct invocation *invocation);

/* commands_space.c */
int command_regions(const struct invocation *invocation);
int command_translate(const struct invocation *invocation);

/* commands_faults.c */
int command_faults(const struct invocation *invocation);

/* commands_memtest.c */
int command_memtest(const struct invocation *invocation);

/* commands_memstress.c */
int command_memstress(const struct invocation *invocation);

/* commands_process.c */
int command_ps(const struct invocation *invocation);
int command_run_program(const struct invocation *invocation);
int command_elfload(const struct invocation *invocation);
int command_kill(const struct invocation *invocation);
