/* SPDX-License-Identifier: MIT */
/* Words for the enums of the ABI, as tables show them. Pure. */
#pragma once

#include <stdint.h>

/* Frames in KB. */
static inline uint64_t
format_kb(uint64_t frames)
{
    return frames * 4;
}

/* "rwx", with a dash for each that is missing, into @text. Returns @text. */
const char *format_prot(uint32_t prot, char text[4]);

/* Names of enum region_kind, frame_kind, process_state, sys_group; "?" for what
 * is none of them. */
const char *format_region_kind(uint32_t kind);
const char *format_frame_kind(uint32_t kind);
const char *format_process_state(uint32_t state);
const char *format_sys_group(uint32_t group);

/* How a fault ended: enum verdict or enum fault_ending. */
const char *format_verdict(uint32_t verdict);
