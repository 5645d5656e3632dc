/* SPDX-License-Identifier: MIT */
/* The table of commands, and those that need nothing of the machine. */
#include "commands.h"

#include <base/compiler.h>

#include <libsecos/errno.h>
#include <libsecos/stdio.h>
#include <libsecos/stdlib.h>
#include <libsecos/string.h>
#include <libsecos/syscall.h>

static const struct command commands[] = {
    { "help", "[COMMAND]", "list the commands, or explain one", command_help,
      false },
    { "clear", "", "clear the screen", command_clear, false },
    { "echo", "[WORD...]", "print the words; $? is the last status",
      command_echo, false },
    { "info", "", "what machine and kernel this is", command_info, false },
    { "uptime", "", "time since the start, and what was done in it",
      command_uptime, false },
    { "sleep", "SECONDS", "wait; ^C ends it", command_sleep, false },
    { "mem", "[-v]", "memory and kernel heap; -v: frames by owner kind",
      command_mem, false },
    { "memtest", "", "try the shell's own malloc, whose pages the pager gives",
      command_memtest, false },
    { "memstress", "[SEED]", "try it hard: random, aligned, all there is",
      command_memstress, false },
    { "heap", "", "figures of the kernel's heap and of the shell's",
      command_heap, false },
    { "frames", "[why ADDRESS]", "every frame by its owner; or whose one is",
      command_frames, false },
    { "vmcheck", "", "walk every page table and check W^X and ownership",
      command_vmcheck, false },
    { "ps", "[-q]", "the processes; -q: whose frames they pay for", command_ps,
      false },
    { "run", "NAME [ARG...] [&]", "run a boot module; & in the background",
      command_run_program, true },
    { "elfload", "[NAME]", "load a module, show it, unload it; or list modules",
      command_elfload, false },
    { "kill", "PID", "end a process", command_kill, false },
    { "regions", "[PID]", "the regions of a process, or of the shell",
      command_regions, false },
    { "faults", "[N] [of PID] [export]",
      "the last page faults: who asked, who answered, how long it took",
      command_faults, false },
    { "translate", "ADDRESS [PID]", "which frame an address is",
      command_translate, false },
    { "syscalls", "", "the table of system calls", command_syscalls, false },
    { "pager", "status|restart|kill", "look at the boot pager, or try it",
      command_pager, false },
    { "reboot", "", "start the machine again", command_reboot, false },
    { "poweroff", "[CODE]",
      "switch off; CODE ends QEMU (test machines only; 0 to 255)",
      command_poweroff, false },
};

const struct command *
command_lookup(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

int
command_run(const struct invocation *invocation)
{
    const struct command *command = command_lookup(invocation->words[0]);

    if (command == NULL) {
        printf("%s: no such command; `help` lists them\n",
               invocation->words[0]);
        return COMMAND_UNKNOWN;
    }
    if (invocation->background && !command->takes_background) {
        printf("%s: cannot run in the background\n", command->name);
        return COMMAND_USAGE;
    }
    return command->run(invocation);
}

/* "usage: echo [WORD...]" */
static void
command_print_form(const char *before, const struct command *command)
{
    printf("%s%s%s%s\n", before, command->name,
           command->usage[0] == '\0' ? "" : " ", command->usage);
}

int
command_usage(const struct invocation *invocation)
{
    const struct command *command = command_lookup(invocation->words[0]);

    if (command != NULL) {
        command_print_form("usage: ", command);
    }
    return COMMAND_USAGE;
}

int
command_failed(const char *what, int64_t status)
{
    printf("%s: %s (%s)\n", what, syscall_status_text(status),
           syscall_status_name(status));
    return COMMAND_FAILED;
}

bool
command_number(const char *text, uint64_t *out)
{
    char *end;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    uint64_t value;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    value = strtoul(text, &end, hex ? 16 : 10);
    if (*end != '\0' || errno != 0) {
        return false;
    }
    *out = value;
    return true;
}

int
command_help(const struct invocation *invocation)
{
    const struct command *command;

    if (invocation->count > 2) {
        return command_usage(invocation);
    }
    if (invocation->count == 2) {
        command = command_lookup(invocation->words[1]);
        if (command == NULL) {
            printf("help: no such command: %s\n", invocation->words[1]);
            return COMMAND_FAILED;
        }
        command_print_form("", command);
        printf("  %s\n", command->help);
        return COMMAND_OK;
    }
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        printf("  %-10s%s\n", commands[i].name, commands[i].help);
    }
    return COMMAND_OK;
}

int
command_clear(const struct invocation *invocation)
{
    if (invocation->count != 1) {
        return command_usage(invocation);
    }
    fputs("\033[2J\033[H", stdout);
    return COMMAND_OK;
}

int
command_echo(const struct invocation *invocation)
{
    for (int i = 1; i < invocation->count; i++) {
        printf("%s%s", i > 1 ? " " : "", invocation->words[i]);
    }
    putchar('\n');
    return COMMAND_OK;
}
