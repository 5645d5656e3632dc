/* SPDX-License-Identifier: MIT */
/* Ends of processes, told. */
#include "report.h"

#include <base/compiler.h>
#include <base/fmt.h>

#define VECTOR_PAGE_FAULT 14

/* Bits of a page fault's error code.
 * Source: Intel SDM vol. 3A, "Page-Fault Exceptions" (§4.7). */
#define ERROR_WRITE 2u
#define ERROR_EXEC  16u

/* Intel SDM vol. 3A, "Exceptions and Interrupts Vectors" (§6.3). */
static const char *const report_vectors[] = {
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "?",   "#TS",
    "#NP", "#SS", "#GP", "#PF", "?",   "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
};

static const char *
report_vector_name(uint32_t vector)
{
    return vector < ARRAY_COUNT(report_vectors) ? report_vectors[vector] : "?";
}

/* What was tried with a page that does not allow it. */
static const char *
report_protection_text(uint64_t error)
{
    if ((error & ERROR_EXEC) != 0) {
        return "execution of a page that is not code";
    }
    return (error & ERROR_WRITE) != 0 ? "write to a read-only page"
                                      : "access to a page without any";
}

static const char *
report_reason_text(const struct exit_report *report)
{
    switch ((enum fault_reason)report->reason) {
    case REASON_NONE:
        return "no reason given";
    case REASON_EXCEPTION:
        return "an instruction that the processor refused";
    case REASON_NO_REGION:
        return (report->error_code & ERROR_EXEC) != 0
                   ? "execution where nothing is mapped"
               : (report->error_code & ERROR_WRITE) != 0
                   ? "write where nothing is mapped"
                   : "read where nothing is mapped";
    case REASON_PROTECTION:
        return report_protection_text(report->error_code);
    case REASON_GUARD:
        return "the guard page below the stack: stack overflow";
    case REASON_PAGER_FAIL:
        return "the pager refused the page";
    case REASON_PAGER_GONE:
        return "the pager did not come back in time";
    case REASON_NO_MEMORY:
        return "no memory for the page";
    case REASON_KILLED:
        return "killed";
    case REASON_DEPENDS:
        return "a pager's own fault";
    case REASON_HANDLER:
        return "a missing page in its own fault handler";
    }
    return "unknown reason";
}

void
report_format(const struct exit_report *report, char *buffer, size_t bytes)
{
    if ((report->wait & EXIT_BY_KILL) != 0) {
        fmt_snprintf(buffer, bytes, "killed");
        return;
    }
    if ((report->wait & EXIT_BY_FAULT) == 0) {
        fmt_snprintf(buffer, bytes, "exit %u", EXIT_CODE(report->wait));
        return;
    }
    if (report->vector != VECTOR_PAGE_FAULT) {
        fmt_snprintf(buffer, bytes,
                     "killed by %s (vector %u, error 0x%lx) at rip 0x%lx: %s "
                     "(image at 0x%lx)",
                     report_vector_name(report->vector), report->vector,
                     report->error_code, report->rip,
                     report_reason_text(report), report->image_base);
        return;
    }
    fmt_snprintf(buffer, bytes,
                 "killed by #PF (vector 14, error 0x%lx) at rip 0x%lx, "
                 "address 0x%lx: %s (image at 0x%lx)",
                 report->error_code, report->rip, report->address,
                 report_reason_text(report), report->image_base);
}

int
report_status(const struct exit_report *report)
{
    if ((report->wait & EXIT_BY_KILL) != 0) {
        return 128 + 9;
    }
    if ((report->wait & EXIT_BY_FAULT) != 0) {
        return 128 + (int)report->vector;
    }
    return EXIT_CODE(report->wait);
}
