/* SPDX-License-Identifier: MIT */
/*
 * A good program to spoil, and what must hold for the plan of any program.
 *
 *      offset 0      elf64_ehdr, then SAMPLE_PHDRS x elf64_phdr
 *             0x200  the manifest's note
 *             0x1000 code, 0x800 bytes
 *             0x2000 data, 0x100 bytes, 0x3000 in memory
 *             0x2080 in it, the dynamic section of sample_movable
 *             0x2100 the end: no byte can be cut off
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <secos/bootinfo.h>
#include <secos/manifest.h>
#include <secos/types.h>

#include <base/elf64.h>

#include <task/elf.h>
#include <task/elf_image.h>

enum sample_phdr {
    SAMPLE_HEADERS, /* R: file header, program headers, note */
    SAMPLE_TEXT,
    SAMPLE_DATA,
    SAMPLE_NOTE,
    SAMPLE_STACK,
    SAMPLE_TLS,
    SAMPLE_SPARE, /* PT_NULL */
    SAMPLE_PHDRS,
};

#define SAMPLE_NOTE_AT    0x200u
#define SAMPLE_TEXT_AT    0x1000u
#define SAMPLE_DATA_AT    0x2000u
#define SAMPLE_DYNAMIC_AT 0x2080u
#define SAMPLE_BYTES      0x2100u
#define SAMPLE_BASE       USER_IMAGE_BASE
#define SAMPLE_TEXT_BASE  (SAMPLE_BASE + SAMPLE_TEXT_AT)
#define SAMPLE_DATA_BASE  (SAMPLE_BASE + SAMPLE_DATA_AT)
#define SAMPLE_ENTRY      (SAMPLE_TEXT_BASE + 0x10)
#define SAMPLE_PAGES      5u /* one, one, three */

struct sample {
    uint64_t bytes; /* how many of them are the file */
    union {
        uint8_t raw[0x4000];
        struct {
            struct elf64_ehdr ehdr;
            struct elf64_phdr phdr[SAMPLE_PHDRS];
        };
        struct {
            uint8_t before_note[SAMPLE_NOTE_AT];
            struct manifest_note note;
        };
    };
};

static inline struct elf64_phdr
sample_load(uint32_t flags, uint64_t offset, uint64_t file_bytes,
            uint64_t mem_bytes)
{
    return (struct elf64_phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_offset = offset,
        .p_vaddr = SAMPLE_BASE + offset,
        .p_paddr = SAMPLE_BASE + offset,
        .p_filesz = file_bytes,
        .p_memsz = mem_bytes,
        .p_align = PAGE_BYTES,
    };
}

static inline struct sample
sample_good(void)
{
    struct sample s = { .bytes = SAMPLE_BYTES };
    const uint64_t headers = SAMPLE_NOTE_AT + sizeof s.note;

    memset(s.raw + SAMPLE_TEXT_AT, 0xC3, 0x800);
    memset(s.raw + SAMPLE_DATA_AT, 0xDA, 0x100);
    memcpy(s.ehdr.e_ident, ELF64_MAGIC, ELF64_MAGIC_BYTES);
    s.ehdr.e_ident[EI_CLASS] = ELFCLASS64;
    s.ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
    s.ehdr.e_ident[EI_VERSION] = EV_CURRENT;
    s.ehdr.e_type = ET_EXEC;
    s.ehdr.e_machine = EM_X86_64;
    s.ehdr.e_version = EV_CURRENT;
    s.ehdr.e_entry = SAMPLE_ENTRY;
    s.ehdr.e_phoff = sizeof s.ehdr;
    s.ehdr.e_ehsize = sizeof s.ehdr;
    s.ehdr.e_phentsize = sizeof s.phdr[0];
    s.ehdr.e_phnum = SAMPLE_PHDRS;

    s.phdr[SAMPLE_HEADERS] = sample_load(PF_R, 0, headers, headers);
    s.phdr[SAMPLE_TEXT] =
        sample_load(PF_R | PF_X, SAMPLE_TEXT_AT, 0x800, 0x800);
    s.phdr[SAMPLE_DATA] =
        sample_load(PF_R | PF_W, SAMPLE_DATA_AT, 0x100, 0x3000);
    s.phdr[SAMPLE_NOTE] =
        sample_load(PF_R, SAMPLE_NOTE_AT, sizeof s.note, sizeof s.note);
    s.phdr[SAMPLE_NOTE].p_type = PT_NOTE;
    s.phdr[SAMPLE_NOTE].p_align = 4;
    s.phdr[SAMPLE_STACK].p_type = PT_GNU_STACK;
    s.phdr[SAMPLE_STACK].p_flags = PF_R | PF_W;
    s.phdr[SAMPLE_TLS] = sample_load(PF_R, SAMPLE_DATA_AT + 0x40, 0x20, 0x60);
    s.phdr[SAMPLE_TLS].p_type = PT_TLS;
    s.phdr[SAMPLE_TLS].p_align = 16;

    s.note = (struct manifest_note){
        .name_bytes = sizeof MANIFEST_NOTE_NAME,
        .desc_bytes = MANIFEST_V2_BYTES,
        .type = MANIFEST_NOTE_TYPE,
        .name = MANIFEST_NOTE_NAME,
        .desc = { .version = 2,
                  .flags = MANIFEST_FLAGS_KNOWN,
                  .max_mem = 1 << 20,
                  .entry_hint = SAMPLE_ENTRY,
                  .permissions = MANIFEST_GROUPS_ALL,
                  .priority_ceiling = 7,
                  .stack_bytes = 0x8000 },
    };
    return s;
}

/* The same, position independent and linked to begin at 0. */
static inline struct sample
sample_movable(void)
{
    struct sample s = sample_good();
    const struct elf64_dyn entries[] = { { DT_FLAGS, 8 }, { DT_NULL, 0 } };

    s.ehdr.e_type = ET_DYN;
    s.ehdr.e_entry -= SAMPLE_BASE;
    s.note.desc.entry_hint = s.ehdr.e_entry;
    for (unsigned i = 0; i < SAMPLE_SPARE; i++) {
        s.phdr[i].p_vaddr -= i == SAMPLE_STACK ? 0 : SAMPLE_BASE;
    }
    s.phdr[SAMPLE_SPARE] = sample_load(PF_R | PF_W, SAMPLE_DYNAMIC_AT,
                                       sizeof entries, sizeof entries);
    s.phdr[SAMPLE_SPARE].p_type = PT_DYNAMIC;
    s.phdr[SAMPLE_SPARE].p_vaddr = SAMPLE_DYNAMIC_AT;
    s.phdr[SAMPLE_SPARE].p_align = 8;
    memcpy(s.raw + SAMPLE_DYNAMIC_AT, entries, sizeof entries);
    return s;
}

/* Which of the promises in elf.h @plan breaks, or NULL. Written from the
 * promises, not from elf.c. */
static inline const char *
sample_broken_promise(const struct elf_plan *plan, uint64_t image_bytes)
{
    uint64_t pages = 0;
    uint64_t floor = plan->movable ? 0 : USER_BASE;
    bool entry_good = false;

    if (plan->segment_count < 1 || plan->segment_count > ELF_MAX_SEGMENTS) {
        return "segment_count";
    }
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *s = &plan->segments[i];
        /* 128 bits: nothing here can wrap and look right. */
        __extension__ typedef unsigned __int128 wide;
        wide end = (wide)s->vaddr + s->mem_bytes;

        if (s->mem_bytes == 0 || s->file_bytes > s->mem_bytes
            || (s->file_bytes != 0
                && (wide)s->offset + s->file_bytes > image_bytes)) {
            return "I3: sizes";
        }
        if (s->vaddr / PAGE_BYTES * PAGE_BYTES < floor) {
            return "I1: order, or I2: low";
        }
        if (end > USER_MAP_BASE) {
            return "I2: high";
        }
        if (s->vaddr % PAGE_BYTES != s->offset % PAGE_BYTES) {
            return "I4: offset";
        }
        if (s->prot != PROT_READ && s->prot != (PROT_READ | PROT_WRITE)
            && s->prot != (PROT_READ | PROT_EXEC)) {
            return "I5: rights";
        }
        entry_good |= s->prot == (PROT_READ | PROT_EXEC)
                      && plan->entry >= s->vaddr
                      && plan->entry < s->vaddr + s->file_bytes;
        floor = (uint64_t)((end + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
        pages += (floor - s->vaddr / PAGE_BYTES * PAGE_BYTES) / PAGE_BYTES;
    }
    if (plan->movable && floor - plan->first_page > ELF_MOVABLE_SPAN_MAX) {
        return "I2: span";
    }
    if (plan->first_page != plan->segments[0].vaddr / PAGE_BYTES * PAGE_BYTES
        || plan->end_page != floor || plan->page_count != pages) {
        return "first_page, end_page or page_count";
    }
    if (!entry_good) {
        return "I6: entry";
    }
    if (plan->manifest.present && plan->manifest.max_mem < pages * PAGE_BYTES) {
        return "I7: max_mem";
    }
    if (plan->manifest.stack_bytes == 0
        || plan->manifest.stack_bytes % PAGE_BYTES != 0
        || plan->manifest.stack_bytes > MANIFEST_STACK_MAX
        || (plan->manifest.permissions & ~MANIFEST_GROUPS_ALL) != 0
        || plan->manifest.present != (plan->manifest.version != 0)) {
        return "manifest";
    }
    return NULL;
}

static const uint8_t *
sample_page(const void *owner, uint64_t index)
{
    return ((uint8_t *const *)owner)[index];
}

/* Field by field: what is between them may differ. */
static inline bool
sample_is_same_plan(const struct elf_plan *a, const struct elf_plan *b)
{
    const struct manifest *m = &a->manifest;
    const struct manifest *n = &b->manifest;
    bool same =
        a->entry == b->entry && a->first_page == b->first_page
        && a->end_page == b->end_page && a->align == b->align
        && a->page_count == b->page_count && a->movable == b->movable
        && a->segment_count == b->segment_count && m->present == n->present
        && m->version == n->version && m->flags == n->flags
        && m->max_mem == n->max_mem && m->entry_hint == n->entry_hint
        && m->priority_ceiling == n->priority_ceiling
        && m->permissions == n->permissions && m->stack_bytes == n->stack_bytes;

    for (unsigned i = 0; same && i < a->segment_count; i++) {
        const struct elf_segment *s = &a->segments[i];
        const struct elf_segment *t = &b->segments[i];

        same = s->vaddr == t->vaddr && s->mem_bytes == t->mem_bytes
               && s->offset == t->offset && s->file_bytes == t->file_bytes
               && s->prot == t->prot;
    }
    return same;
}

/* Whether elf_validate_image says @status and @plan of a copy of @image in pages,
 * each in a block of its own, the last one filled up with what must not matter. */
static inline bool
sample_is_same_in_pages(const void *image, uint64_t bytes,
                        enum elf_status status, const struct elf_plan *plan)
{
    uint64_t count = align_up(bytes, PAGE_BYTES) / PAGE_BYTES;
    uint8_t **pages = calloc(count + 1, sizeof *pages);
    uint8_t *scratch = malloc(MANIFEST_NOTES_BYTES_MAX);
    const struct elf_image copy = {
        .page = sample_page,
        .owner = pages,
        .bytes = bytes,
        .scratch = scratch,
    };
    struct elf_plan again = *plan;
    bool same;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t left = bytes - i * PAGE_BYTES;

        pages[i] = malloc(PAGE_BYTES);
        memset(pages[i], 0x5A, PAGE_BYTES);
        memcpy(pages[i], (const uint8_t *)image + i * PAGE_BYTES,
               left < PAGE_BYTES ? left : PAGE_BYTES);
    }
    same = elf_validate_image(&copy, &again) == status
           && (status == ELF_OK ? sample_is_same_plan(&again, plan)
                                : memcmp(&again, plan, sizeof again) == 0);
    for (uint64_t i = 0; i < count; i++) {
        free(pages[i]);
    }
    free(pages);
    free(scratch);
    return same;
}

/* Validate @bytes of @image in a block of exactly that size, @skew bytes off
 * alignment, so that a read beyond either end is caught; hold the answer to
 * the contract, and to that for the same image in pages. Aborts where it is broken: every caller wants to stop there. */
static inline enum elf_status
sample_validate(const void *image, uint64_t bytes, unsigned skew,
                struct elf_plan *plan)
{
    uint8_t *block = malloc(bytes + skew);
    struct elf_plan before;

    if (bytes > 0) {
        memcpy(block + skew, image, bytes);
    }
    memset(plan, 0xA5, sizeof *plan);
    memset(&before, 0xA5, sizeof before);

    enum elf_status status = elf_validate(block + skew, bytes, plan);
    const char *broken = NULL;

    if (status == ELF_OK) {
        broken = sample_broken_promise(plan, bytes);
    } else if (memcmp(plan, &before, sizeof before) != 0) {
        broken = "out was touched on refusal";
    } else if (elf_status_text(status) == NULL) {
        broken = "no text";
    }
    if (!sample_is_same_in_pages(image, bytes, status, plan)) {
        broken = "in pages it is another";
    }
    if (bytes > 0 && memcmp(block + skew, image, bytes) != 0) {
        broken = "the image was changed";
    }
    if (broken != NULL) {
        printf("elf_validate: status %d breaks its contract: %s\n", (int)status,
               broken);
        abort();
    }
    free(block);
    return status;
}
