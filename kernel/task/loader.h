/* SPDX-License-Identifier: MIT */
/*
 * The loader: a validated program becomes pages and regions of a space.
 *
 *      segment   | file bytes .... | zero ....            |
 *      pages     | p | p | p | p   | (p's tail is zero)   |
 *      regions   | IMAGE, no pager | ANONYMOUS, the pager |
 *
 * The pages that hold bytes of the file are mapped here. Text and constants of a
 * boot module are the module's own frames, shared by all its instances; data is
 * copied. What is only zero - bss
 * beyond them, the stack - comes from the program's pager on demand. A program
 * that must never fault (a pager) is loaded resident: every page is mapped.
 *
 * The work is done in steps of a few pages, so that nothing waits long for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/status.h>

#include <base/compiler.h>

#include <task/elf.h>

struct elf_image;
struct place;
struct process;

struct loader {
    struct process *process;
    const struct elf_image *image; /* kernel memory that nobody changes */
    const struct elf_plan *plan;   /* moved to its place */
    const struct place *place;
    void *pager; /* binding of what comes on demand */
    bool resident;
    uint32_t start_flags; /* enum start_flags */
    uint32_t in_place;    /* of loader_find_in_place; 0 = copy everything */
    uint32_t segment;     /* where the next step goes on */
    uint64_t address;
};

/* Which segments of the boot module @image, @bytes long, can be shown as they
 * stand in the module's own frames: those that nobody may write to, whose pages
 * in the file hold nothing else but zeroes. Returns a bit for each segment of
 * @plan. Cost: at most a page read at each end of a segment; the answer is the
 * same each time, so that callers keep it. */
uint32_t loader_find_in_place(const uint8_t *image, uint64_t bytes,
                              const struct elf_plan *plan);

/* Map up to @most pages; *done says whether the image is complete, regions
 * included. Returns ST_ENOMEM: what was mapped goes with the process. */
MUST_CHECK enum status loader_step(struct loader *loader, unsigned most,
                                   bool *done);

/* Make the stack: its region over a guard, its top page with @args, which are
 * @argc strings back to back in @args_bytes bytes. *stack_out is the initial
 * rsp and rdi: the address of struct process_start.
 * Returns ST_ENOMEM or ST_E2BIG. */
MUST_CHECK enum status loader_make_stack(struct loader *loader,
                                         const char *args, uint32_t args_bytes,
                                         uint64_t *stack_out);

/* Undo elf loading by hand: the published name of the original system. Ends a
 * process that was loaded and never started. */
void elf_unload_process(struct process *process);
