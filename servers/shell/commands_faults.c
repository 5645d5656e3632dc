/* SPDX-License-Identifier: MIT */
/* The fault journal: faults, as a table and as lines for a tool. */
#include <secos/fault.h>

#include <base/align.h>
#include <base/compiler.h>

#include <libsecos/process.h>
#include <libsecos/stdio.h>
#include <libsecos/string.h>
#include <libsecos/system.h>

#include "commands.h"
#include "format.h"
#include "names.h"
#include "process_list.h"

#define FAULTS_ROWS    16
#define FAULTS_DEFAULT 16
#define FAULTS_MOST    1000000000u

/* What was typed. */
struct faults_wish {
    uint64_t count;  /* of the newest                  */
    uint32_t client; /* only this process; 0 = all     */
    bool exported;
};

/* Sees one fault. */
typedef void (*faults_fn)(const struct fault_record *row);

/* Show @see the faults from number @from on. Returns the last status. */
static int64_t
faults_each(int64_t from, uint32_t client, faults_fn see, uint64_t *seen)
{
    static struct fault_record rows[FAULTS_ROWS];
    int64_t count;

    *seen = 0;
    while ((count = sys_faults(from, rows, sizeof(rows))) > 0) {
        for (int64_t i = 0; i < count; i++) {
            if (client == 0 || rows[i].client == client) {
                see(&rows[i]);
                ++*seen;
            }
        }
        from = (int64_t)rows[count - 1].sequence + 1;
    }
    return count;
}

/* Where the last @count faults of @client begin. */
static int64_t
faults_find_start(uint32_t client, uint64_t count)
{
    static struct fault_record rows[FAULTS_ROWS];
    int64_t from = -(int64_t)count;
    int64_t got = sys_faults(-1, rows, sizeof(rows));
    uint64_t found = 0;

    if (client == 0 || got <= 0) {
        return from;
    }
    from = (int64_t)rows[got - 1].sequence + 1;
    while (from > 0 && found < count) {
        int64_t start = from < FAULTS_ROWS ? 0 : from - FAULTS_ROWS;

        got = sys_faults(start, rows, sizeof(rows));
        if (got <= 0 || (int64_t)rows[0].sequence >= from) {
            break; /* older ones are not kept */
        }
        for (int64_t i = got; i-- > 0 && found < count;) {
            if ((int64_t)rows[i].sequence < from && rows[i].client == client) {
                found++;
                start = (int64_t)rows[i].sequence;
            }
        }
        from = start;
    }
    return from;
}

/* ---- the table ------------------------------------------------------------ */

static const char *
faults_access(uint32_t access)
{
    return (access & FAULT_WRITE) != 0  ? "write"
           : (access & FAULT_EXEC) != 0 ? "run"
                                        : "read";
}

/* "12 shell" */
static void
faults_process(uint32_t id, char *text, size_t bytes)
{
    char name[NAME_BYTES + 1];

    if (id == 0) {
        strlcpy(text, "kernel", bytes);
    } else {
        snprintf(text, bytes, "%u %s", id, names_of(id, name));
    }
}

/* Ticks of one phase, or a dash where there was none. */
static void
faults_phase(uint64_t begin, uint64_t end)
{
    if (begin > end || end == 0) {
        printf(" %9s", "-");
    } else {
        printf(" %9lu", end - begin);
    }
}

static void
faults_row(const struct fault_record *row)
{
    char client[NAME_BYTES + 12];
    char pager[NAME_BYTES + 12];

    faults_process(row->client, client, sizeof(client));
    faults_process(row->pager, pager, sizeof(pager));
    printf("%7lu  %-16s %-9s %10lx %-5s %-9s %2u %-11s", row->sequence, client,
           format_region_kind(row->kind), row->page, faults_access(row->access),
           format_verdict(row->verdict), row->run, pager);
    faults_phase(0, row->delivered);
    faults_phase(row->delivered, row->delivered == 0 ? 0 : row->replied);
    faults_phase(row->replied, row->resumed);
    printf(" %9lu %4u %3u %3u\n", row->resumed, row->kernel_entries,
           row->cr3_loads, row->tlb_flushes);
}

static int64_t
faults_table(const struct faults_wish *wish)
{
    uint64_t seen;
    int64_t status;

    printf(
        "%7s  %-16s %-9s %10s %-5s %-9s %2s %-11s %9s %9s %9s %9s %4s %3s %3s\n",
        "number", "client", "region", "page", "why", "answer", "n", "by", "ask",
        "decide", "map", "ticks", "in", "cr3", "tlb");
    status = faults_each(faults_find_start(wish->client, wish->count),
                         wish->client, faults_row, &seen);
    if (status == ST_OK && seen == 0) {
        printf("        none\n");
    }
    return status;
}

/* ---- for a tool: tools/secos-faults reads these lines ---------------------- */

static void
export_fault(const struct fault_record *row)
{
    printf("@fault %lu %u %lx %u %u %u %u %u %u %lx %lu %lu %lu %lu %u %u %u\n",
           row->sequence, row->client, row->page, row->access, row->verdict,
           row->run, row->kind, row->region, row->pager, row->id, row->trap_tsc,
           row->delivered, row->replied, row->resumed, row->kernel_entries,
           row->cr3_loads, row->tlb_flushes);
}

static bool
export_process(const struct process_info *process, void *context)
{
    struct region_info row = { .id = 0 };
    uint64_t start = 0;

    (void)context;
    printf("@process %u %u %.16s\n", process->id, process->parent,
           process->name);
    while (sys_regions(process->id, &row, sizeof(row), start) == 1) {
        printf("@region %u %lu %lx %lu %u %u %u %u\n", process->id, row.id,
               (uint64_t)(row.base / PAGE_BYTES), row.pages, row.kind, row.prot,
               row.source, row.pager);
        start = row.base + row.pages * PAGE_BYTES;
    }
    return false;
}

static void
export_ended(uint32_t id, const char *name)
{
    printf("@process %u 0 %s\n", id, name);
}

static int64_t
faults_export(const struct faults_wish *wish)
{
    struct machine_info machine = { .pager_placement = 0 };
    uint64_t seen;
    int64_t status = sys_machine(&machine);

    if (status < 0) {
        return status;
    }
    printf("@journal 1 %u %.32s\n", machine.pager_placement, machine.version);
    names_each(export_ended);
    status = process_list_each(export_process, NULL);
    if (status < 0) {
        return status;
    }
    status = faults_each(faults_find_start(wish->client, wish->count),
                         wish->client, export_fault, &seen);
    printf("@end %lu\n", seen);
    return status;
}

/* ---- the command ---------------------------------------------------------- */

/* faults [N] [of PID] [export] */
static bool
faults_parse(const struct invocation *invocation, struct faults_wish *wish)
{
    bool counted = false;

    *wish = (struct faults_wish){ .count = FAULTS_DEFAULT };
    for (int i = 1; i < invocation->count; i++) {
        const char *word = invocation->words[i];
        uint64_t number;

        if (strcmp(word, "export") == 0) {
            wish->exported = true;
        } else if (strcmp(word, "of") == 0) {
            if (++i == invocation->count
                || !command_number(invocation->words[i], &number) || number == 0
                || number > UINT32_MAX) {
                return false;
            }
            wish->client = (uint32_t)number;
        } else if (command_number(word, &number) && number > 0
                   && number <= FAULTS_MOST && !counted) {
            wish->count = number;
            counted = true;
        } else {
            return false;
        }
    }
    if (wish->exported && !counted) {
        wish->count = FAULTS_MOST;
    }
    return true;
}

int
command_faults(const struct invocation *invocation)
{
    struct faults_wish wish;
    int64_t status;

    if (!faults_parse(invocation, &wish)) {
        return command_usage(invocation);
    }
    status = wish.exported ? faults_export(&wish) : faults_table(&wish);
    return status < 0 ? command_failed("faults", status) : COMMAND_OK;
}
