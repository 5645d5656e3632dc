/* SPDX-License-Identifier: MIT */
/*
 * The shell: reads a line, runs a command, and is itself an ordinary program.
 *
 *      console --> line.c --> parse.c --> commands*.c --> system calls
 *       bytes       a line     words       one function a command
 *
 * Whatever it prints, allocates or touches goes through the same pager as every
 * other program's. It makes one thing sure beforehand: its own pages (data and
 * the part of the stack it uses) are there before the first prompt, so that a
 * pager that fails later makes commands fail, not the shell.
 */
#include <stddef.h>
#include <stdint.h>

#include <base/align.h>
#include <base/fmt.h>

#include <libsecos/console.h>
#include <libsecos/ipc.h>
#include <libsecos/manifest.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/stdio.h>
#include <libsecos/stdlib.h>
#include <libsecos/string.h>

#include "commands.h"
#include "job.h"
#include "line.h"
#include "parse.h"
#include "shell.h"

SECOS_MANIFEST(MANIFEST_GROUPS_ALL, 0, 0);

#define SHELL_PROMPT      "secos$ "
#define SHELL_STACK_PAGES 8

/* The deepest the stack gets is what the commands' buffers need; the host tests
 * and -fstack-usage keep it below these pages. */
extern char _data_start[];
extern char _end[];

static handle_t shell_bell;
static int shell_status;
static struct line shell_line;

/* ---- waiting and ^C ------------------------------------------------------ */

handle_t
shell_notification(void)
{
    return shell_bell;
}

int64_t
shell_wait(uint64_t bits, uint64_t deadline_ns)
{
    return notify_wait(shell_bell, bits, deadline_ns);
}

void
shell_watch_begin(void)
{
    /* A ^C from before is not meant for what begins now. */
    (void)shell_wait(SHELL_BIT_INTERRUPT, 1);
    (void)console_watch(HANDLE_SLOT_CONSOLE, shell_bell, SHELL_BIT_INTERRUPT);
}

void
shell_watch_end(void)
{
    (void)console_watch(HANDLE_SLOT_CONSOLE, HANDLE_NONE, 0);
}

/* ---- a line --------------------------------------------------------------- */

static void
shell_put(void *context, char c)
{
    (void)context;
    /* The line editor says \r\n itself; stdio would make \r\r\n of it. */
    if (c != '\r') {
        putchar(c);
    }
}

/* Put the last status in the place of each word "$?". */
static void
shell_expand(struct parsed *parsed, char *status, size_t bytes)
{
    fmt_snprintf(status, bytes, "%d", shell_status);
    for (int i = 0; i < parsed->count; i++) {
        if (strcmp(parsed->words[i], "$?") == 0) {
            parsed->words[i] = status;
        }
    }
}

static void
shell_execute(char *text)
{
    struct parsed parsed;
    enum parse_error error;
    char status[12];

    line_add_history(&shell_line, text);
    error = parse_line(text, &parsed);
    if (error != PARSE_OK) {
        printf("shell: %s\n", parse_error_text(error));
        shell_status = COMMAND_USAGE;
        return;
    }
    if (parsed.count == 0) {
        return;
    }
    shell_expand(&parsed, status, sizeof(status));
    shell_status = command_run(&(struct invocation){
        .count = parsed.count,
        .words = parsed.words,
        .background = parsed.background,
    });
    /* What a command leaves behind must not look like a leak of the next. */
    (void)malloc_trim(0);
}

/* Read bytes until they make a line. One at a time: what is typed behind Enter
 * may be for the program that this line starts. */
static enum line_event
shell_read_line(void)
{
    enum line_event event = LINE_MORE;
    uint8_t byte = 0;

    line_start(&shell_line, SHELL_PROMPT);
    while (event == LINE_MORE) {
        fflush(stdout);
        if (console_read(HANDLE_SLOT_CONSOLE, &byte, 1, 0) != 1) {
            exit(COMMAND_FAILED);
        }
        event = line_key(&shell_line, byte);
    }
    fflush(stdout);
    return event;
}

/* ---- start ---------------------------------------------------------------- */

/* Have the pages in [@low, @high) filled; those that exist already do no harm,
 * and those that the pager refuses will be asked for again when touched. */
static void
shell_make_resident(uint64_t low, uint64_t high)
{
    for (uint64_t page = align_down(low, PAGE_BYTES); page < high;
         page += PAGE_BYTES) {
        (void)region_populate(page, 1, PROT_WRITE);
    }
}

int
main(void)
{
    int64_t notification;

    shell_make_resident((uintptr_t)_data_start, (uintptr_t)_end);
    shell_make_resident(process_stack_top() - SHELL_STACK_PAGES * PAGE_BYTES,
                        process_stack_top());
    notification = notify_create();
    if (notification < 0) {
        return command_failed("shell: notification", notification);
    }
    shell_bell = (handle_t)notification;
    line_init(&shell_line, shell_put, NULL);
    printf("Welcome to SecOS. `help` lists the commands.\n");
    for (;;) {
        job_report_ended();
        switch (shell_read_line()) {
        case LINE_DONE:
            shell_execute(shell_line.text);
            break;
        case LINE_INTERRUPT:
            shell_status = COMMAND_BROKEN;
            break;
        case LINE_END:
            printf("`poweroff` switches the machine off.\n");
            break;
        case LINE_MORE:
            break;
        }
    }
}
