/* SPDX-License-Identifier: MIT */
/*
 * Claim: every way a process can end is told in one line that fits its buffer,
 * and has the status a shell would give it.
 */
#include <string.h>

#include <secos/region.h>
#include <secos/system.h>
#include <secos/types.h>

#include "check.h"
#include "servers/shell/format.h"
#include "servers/shell/report.h"

static const char *
told(struct exit_report report)
{
    static char text[REPORT_BYTES];

    report_format(&report, text, sizeof(text));
    return text;
}

TEST(an_exit_is_its_status)
{
    struct exit_report report = { .ended = 1, .wait = 7 };

    CHECK(strcmp(told(report), "exit 7") == 0);
    CHECK_EQ(report_status(&report), 7);
}

TEST(a_kill_is_137)
{
    struct exit_report report = { .ended = 1,
                                  .wait = EXIT_BY_KILL,
                                  .reason = REASON_KILLED };

    CHECK(strcmp(told(report), "killed") == 0);
    CHECK_EQ(report_status(&report), 137);
}

TEST(a_write_to_code_is_named)
{
    struct exit_report report = {
        .ended = 1,
        .wait = EXIT_BY_FAULT | 14,
        .reason = REASON_PROTECTION,
        .vector = 14,
        .error_code = 7,
        .rip = 0x400012,
        .address = 0x400000,
        .image_base = 0x3F0000,
    };

    CHECK(strcmp(told(report),
                 "killed by #PF (vector 14, error 0x7) at rip 0x400012, "
                 "address 0x400000: write to a read-only page "
                 "(image at 0x3f0000)")
          == 0);
    CHECK_EQ(report_status(&report), 142);
}

TEST(every_vector_and_reason_fits)
{
    for (uint32_t vector = 0; vector < 300; vector++) {
        for (uint32_t reason = 0; reason < 12; reason++) {
            struct exit_report report = {
                .ended = 1,
                .wait = EXIT_BY_FAULT,
                .reason = reason,
                .vector = vector,
                .error_code = UINT64_MAX,
                .rip = UINT64_MAX,
                .address = UINT64_MAX,
            };

            CHECK(strlen(told(report)) < REPORT_BYTES - 1);
            CHECK(strncmp(told(report), "killed by ", 10) == 0);
        }
    }
}

TEST(every_enum_has_words)
{
    char text[4];

    CHECK(strcmp(format_prot(PROT_READ | PROT_EXEC, text), "r-x") == 0);
    CHECK(strcmp(format_prot(0, text), "---") == 0);
    for (uint32_t kind = 0; kind < FRAME_KINDS; kind++) {
        CHECK(strcmp(format_frame_kind(kind), "?") != 0);
    }
    CHECK(strcmp(format_frame_kind(FRAME_KINDS), "?") == 0);
    for (uint32_t kind = REGION_IMAGE; kind <= REGION_DEVICE; kind++) {
        CHECK(strcmp(format_region_kind(kind), "?") != 0);
    }
    CHECK(strcmp(format_region_kind(0), "?") == 0);
    CHECK(strcmp(format_region_kind(99), "?") == 0);
    for (uint32_t state = 1; state <= PROCESS_SUSPENDED; state++) {
        CHECK(strcmp(format_process_state(state), "?") != 0);
    }
    for (uint32_t group = 0; group < 8; group++) {
        CHECK(strcmp(format_sys_group(group), "?") != 0);
    }
}

int
main(void)
{
    RUN(an_exit_is_its_status);
    RUN(a_kill_is_137);
    RUN(a_write_to_code_is_named);
    RUN(every_vector_and_reason_fits);
    RUN(every_enum_has_words);
    return CHECK_REPORT();
}
