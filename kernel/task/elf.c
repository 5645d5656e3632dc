/* SPDX-License-Identifier: MIT */
/*
 * Decides whether a file is a program that SecOS can run, and what to load.
 *
 * One pass: the file header, then the program headers in the order of the file,
 * each read once, by copy; what it adds goes into a plan on the stack. Then the
 * checks that need all of it. The caller's plan is written at the very end.
 */
#include "elf.h"

#include <stdbool.h>

#include <secos/bootinfo.h>
#include <secos/types.h>

#include <base/checked.h>
#include <base/elf64.h>
#include <base/string.h>

#include "elf_dynamic.h"
#include "elf_image.h"

/* An image being checked. */
struct elf_check {
    const struct elf_image *image;
    struct elf_segment tls; /* mem_bytes = 0: none so far */
    struct elf_segment dynamic;
    bool has_dynamic;
    struct elf_plan plan;
};

/* The lowest address that a stack, with its guard, can reach. */
#define ELF_STACK_AREA    (USER_STACK_TOP - MANIFEST_STACK_MAX - PAGE_BYTES)
#define ELF_CANONICAL_END 0x0000800000000000ull
#define ELF_KERNEL_HALF   0xFFFF800000000000ull

_Static_assert(USER_BASE < USER_MAP_BASE && USER_MAP_BASE < ELF_STACK_AREA
                   && USER_END < ELF_CANONICAL_END,
               "the user half is in this order");

static enum elf_status
elf_check_ident(const uint8_t ident[EI_NIDENT])
{
    if (memcmp(ident, ELF64_MAGIC, ELF64_MAGIC_BYTES) != 0) {
        return ELF_MAGIC;
    }
    if (ident[EI_CLASS] != ELFCLASS64) {
        return ELF_CLASS;
    }
    if (ident[EI_DATA] != ELFDATA2LSB) {
        return ELF_DATA;
    }
    if (ident[EI_VERSION] != EV_CURRENT) {
        return ELF_VERSION;
    }
    /* GNU is what linkers write for a static program that uses extensions of
     * the symbol table; it says nothing about system calls. */
    if (ident[EI_OSABI] != ELFOSABI_SYSV && ident[EI_OSABI] != ELFOSABI_GNU) {
        return ELF_OSABI;
    }
    return ELF_OK;
}

static enum elf_status
elf_check_header(const struct elf64_ehdr *header)
{
    enum elf_status status = elf_check_ident(header->e_ident);

    if (status != ELF_OK) {
        return status;
    }
    if (header->e_machine != EM_X86_64) {
        return ELF_MACHINE;
    }
    if (header->e_version != EV_CURRENT) {
        return ELF_VERSION;
    }
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
        return ELF_TYPE;
    }
    if (header->e_flags != 0) {
        return ELF_FLAGS;
    }
    if (header->e_ehsize != sizeof *header) {
        return ELF_EHSIZE;
    }
    return ELF_OK;
}

static enum elf_status
elf_check_table(const struct elf64_ehdr *header, uint64_t bytes)
{
    if (header->e_phentsize != sizeof(struct elf64_phdr)) {
        return ELF_PHENTSIZE;
    }
    if (header->e_phnum == 0) {
        return ELF_PHNUM_ZERO;
    }
    if (header->e_phnum > ELF_MAX_PHDRS) {
        return ELF_PHNUM_MANY;
    }
    if (!is_aligned(header->e_phoff, _Alignof(struct elf64_phdr))) {
        return ELF_PHOFF_UNALIGNED;
    }
    if (header->e_phoff < sizeof *header) {
        return ELF_PHOFF_IN_HEADER;
    }
    if (!checked_range_inside(header->e_phoff,
                              header->e_phnum * sizeof(struct elf64_phdr), 0,
                              bytes)) {
        return ELF_PHOFF_END;
    }
    return ELF_OK;
}

/* Whether the image has the bytes that a segment wants from it. A segment of
 * zeros only wants none, and its offset then means nothing. */
static enum elf_status
elf_check_file_range(const struct elf64_phdr *phdr, uint64_t bytes)
{
    uint64_t end;

    if (phdr->p_filesz == 0) {
        return ELF_OK;
    }
    if (!checked_add(phdr->p_offset, phdr->p_filesz, &end)) {
        return ELF_SEGMENT_FILE_WRAPS;
    }
    return end <= bytes ? ELF_OK : ELF_SEGMENT_FILE_END;
}

/* Whether a segment lies where images may, and if not, where instead. Its first
 * byte decides about the low border, its last about every other. The kernel sees
 * to the low border of an image that it places itself. */
static enum elf_status
elf_check_address_range(const struct elf64_phdr *phdr, bool movable)
{
    static const struct {
        uint64_t end;
        enum elf_status status;
    } areas[] = {
        { USER_MAP_BASE, ELF_OK },
        { ELF_STACK_AREA, ELF_SEGMENT_MAP_AREA },
        { ELF_CANONICAL_END, ELF_SEGMENT_STACK },
        { ELF_KERNEL_HALF, ELF_SEGMENT_NON_CANONICAL },
    };
    uint64_t end;

    if (!checked_add(phdr->p_vaddr, phdr->p_memsz, &end)) {
        return ELF_SEGMENT_WRAPS;
    }
    if (phdr->p_vaddr < USER_BASE && !movable) {
        return ELF_SEGMENT_LOW;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(areas); i++) {
        if (end <= areas[i].end) {
            return areas[i].status;
        }
    }
    return ELF_SEGMENT_KERNEL;
}

static enum elf_status
elf_check_rights(uint32_t flags)
{
    /* x86-64 cannot map a page that may be written or run but not read. */
    if ((flags & PF_R) == 0 || (flags & ~(PF_R | PF_W | PF_X)) != 0) {
        return ELF_SEGMENT_FLAGS;
    }
    if ((flags & PF_W) != 0 && (flags & PF_X) != 0) {
        return ELF_SEGMENT_WX;
    }
    return ELF_OK;
}

static enum elf_status
elf_check_alignment(const struct elf64_phdr *phdr)
{
    if (!is_power_of_two(phdr->p_align) || phdr->p_align < PAGE_BYTES
        || phdr->p_align > HUGE_PAGE_BYTES) {
        return ELF_SEGMENT_ALIGN;
    }
    /* The difference of the two may wrap: powers of two divide 2^64. */
    if (!is_aligned(phdr->p_vaddr - phdr->p_offset, phdr->p_align)) {
        return ELF_SEGMENT_SKEW;
    }
    return ELF_OK;
}

/* Everything that one segment can get wrong by itself. */
static enum elf_status
elf_check_segment(const struct elf_check *check, const struct elf64_phdr *phdr)
{
    enum elf_status status;

    if (phdr->p_filesz > phdr->p_memsz) {
        return ELF_SEGMENT_SIZES;
    }
    status = elf_check_rights(phdr->p_flags);
    if (status != ELF_OK) {
        return status;
    }
    status = elf_check_alignment(phdr);
    if (status != ELF_OK) {
        return status;
    }
    status = elf_check_file_range(phdr, check->image->bytes);
    if (status != ELF_OK) {
        return status;
    }
    return elf_check_address_range(phdr, check->plan.movable);
}

static uint32_t
elf_prot(uint32_t flags)
{
    uint32_t prot = PROT_READ;

    if ((flags & PF_W) != 0) {
        prot |= PROT_WRITE;
    }
    if ((flags & PF_X) != 0) {
        prot |= PROT_EXEC;
    }
    return prot;
}

/* Whether @next may follow @last, which is the highest segment so far. */
static enum elf_status
elf_check_order(const struct elf_segment *last, const struct elf_segment *next)
{
    if (next->vaddr < last->vaddr) {
        return ELF_SEGMENTS_UNSORTED;
    }
    if (next->vaddr < last->vaddr + last->mem_bytes) {
        return ELF_SEGMENTS_OVERLAP;
    }
    /* Even with equal rights: a page comes from one place of the file. */
    if (elf_segment_first_page(next) < elf_segment_end_page(last)) {
        return ELF_SEGMENTS_SHARE_PAGE;
    }
    return ELF_OK;
}

static struct elf_segment
elf_segment_of(const struct elf64_phdr *phdr)
{
    return (struct elf_segment){
        .vaddr = phdr->p_vaddr,
        .mem_bytes = phdr->p_memsz,
        .offset = phdr->p_offset,
        .file_bytes = phdr->p_filesz,
        .prot = elf_prot(phdr->p_flags),
    };
}

static enum elf_status
elf_add_segment(struct elf_check *check, const struct elf64_phdr *phdr)
{
    struct elf_plan *plan = &check->plan;
    struct elf_segment segment = elf_segment_of(phdr);

    if (phdr->p_memsz == 0 && phdr->p_filesz == 0) {
        return ELF_OK; /* Linkers leave such headers; they load nothing. */
    }

    enum elf_status status = elf_check_segment(check, phdr);

    if (status != ELF_OK) {
        return status;
    }
    if (plan->segment_count == ELF_MAX_SEGMENTS) {
        return ELF_SEGMENTS_MANY;
    }
    if (plan->segment_count > 0) {
        status =
            elf_check_order(&plan->segments[plan->segment_count - 1], &segment);
        if (status != ELF_OK) {
            return status;
        }
    }
    plan->segments[plan->segment_count] = segment;
    plan->segment_count++;
    if (phdr->p_align > plan->align) {
        plan->align = phdr->p_align;
    }
    return ELF_OK;
}

static enum elf_status
elf_add_notes(struct elf_check *check, const struct elf64_phdr *phdr)
{
    uint64_t align = phdr->p_align == 8 ? 8 : 4;

    if (phdr->p_filesz == 0) {
        return ELF_OK;
    }
    if (phdr->p_filesz > MANIFEST_NOTES_BYTES_MAX) {
        return ELF_NOTE_LARGE;
    }
    /* 0 and 1 mean "not said"; notes then have the alignment of 4. */
    if ((phdr->p_align > 1 && phdr->p_align != align)
        || !is_aligned(phdr->p_offset, align)) {
        return ELF_NOTE_UNALIGNED;
    }
    if (!checked_range_inside(phdr->p_offset, phdr->p_filesz, 0,
                              check->image->bytes)) {
        return ELF_NOTE_FILE_END;
    }
    return manifest_read(elf_image_look(check->image, phdr->p_offset,
                                        phdr->p_filesz),
                         phdr->p_filesz, align, &check->plan.manifest);
}

/* The thread-local template is the C library's business, in ring 3; what can be
 * wrong with it by itself is refused here. */
static enum elf_status
elf_add_tls(struct elf_check *check, const struct elf64_phdr *phdr)
{
    if (phdr->p_filesz > phdr->p_memsz) {
        return ELF_TLS_SIZES;
    }
    if (phdr->p_memsz == 0) {
        return ELF_OK;
    }
    if (check->tls.mem_bytes != 0) {
        return ELF_TLS_TWICE;
    }
    if (phdr->p_align > PAGE_BYTES
        || (phdr->p_align != 0 && !is_power_of_two(phdr->p_align))) {
        return ELF_TLS_ALIGN;
    }
    check->tls = elf_segment_of(phdr);
    return ELF_OK;
}

static enum elf_status
elf_add_dynamic(struct elf_check *check, const struct elf64_phdr *phdr)
{
    if (!check->plan.movable) {
        return ELF_DYNAMIC; /* With ET_EXEC always somebody else's job. */
    }
    if (check->has_dynamic) {
        return ELF_DYNAMIC_TWICE;
    }
    check->has_dynamic = true;
    check->dynamic = elf_segment_of(phdr);
    return ELF_OK;
}

static enum elf_status
elf_add_phdr(struct elf_check *check, const struct elf64_phdr *phdr)
{
    switch (phdr->p_type) {
    case PT_LOAD:
        return elf_add_segment(check, phdr);
    case PT_NOTE:
        return elf_add_notes(check, phdr);
    case PT_TLS:
        return elf_add_tls(check, phdr);
    case PT_INTERP:
        return ELF_INTERP;
    case PT_DYNAMIC:
        return elf_add_dynamic(check, phdr);
    case PT_GNU_STACK:
        return (phdr->p_flags & PF_X) != 0 ? ELF_STACK_EXEC : ELF_OK;
    default:
        return ELF_OK;
    }
}

/* Not inlined: elf_validate has the plan on its stack already. */
static NOINLINE enum elf_status
elf_add_phdrs(struct elf_check *check, const struct elf64_ehdr *header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        struct elf64_phdr phdr;

        elf_image_read(check->image, header->e_phoff + i * sizeof phdr, &phdr,
                       sizeof phdr);

        enum elf_status status = elf_add_phdr(check, &phdr);

        if (status != ELF_OK) {
            return status;
        }
    }
    return ELF_OK;
}

/* Sum up the segments, which are complete now. */
static enum elf_status
elf_check_segments(struct elf_plan *plan)
{
    bool has_code = false;

    if (plan->segment_count == 0) {
        return ELF_NO_SEGMENT;
    }
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];
        uint64_t bytes =
            elf_segment_end_page(segment) - elf_segment_first_page(segment);

        plan->page_count += bytes >> PAGE_SHIFT;
        has_code = has_code || (segment->prot & PROT_EXEC) != 0;
    }
    plan->first_page = elf_segment_first_page(&plan->segments[0]);
    plan->end_page =
        elf_segment_end_page(&plan->segments[plan->segment_count - 1]);
    if (!has_code) {
        return ELF_NO_CODE;
    }
    return plan->movable
                   && plan->end_page - plan->first_page > ELF_MOVABLE_SPAN_MAX
               ? ELF_SPAN
               : ELF_OK;
}

static enum elf_status
elf_check_entry(const struct elf_plan *plan)
{
    uint64_t entry = plan->entry;

    if (entry >= USER_END) {
        return ELF_ENTRY_KERNEL;
    }
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];

        if (entry < elf_segment_first_page(segment)
            || entry >= elf_segment_end_page(segment)) {
            continue;
        }
        if ((segment->prot & PROT_EXEC) == 0) {
            return ELF_ENTRY_NOT_CODE;
        }
        if (entry < segment->vaddr
            || entry - segment->vaddr >= segment->file_bytes) {
            return ELF_ENTRY_PADDING;
        }
        return ELF_OK;
    }
    return ELF_ENTRY_OUTSIDE;
}

static enum elf_status
elf_check_tls(const struct elf_segment *tls, const struct elf_plan *plan)
{
    if (tls->mem_bytes == 0) {
        return ELF_OK;
    }
    if (!checked_range_inside(tls->vaddr, tls->mem_bytes,
                              plan->movable ? 0 : USER_BASE, USER_MAP_BASE)) {
        return ELF_TLS_OUTSIDE;
    }
    /* Zeros only: the linker gives it any address. */
    return tls->file_bytes == 0 || elf_dynamic_is_in_segment(tls, plan)
               ? ELF_OK
               : ELF_TLS_OUTSIDE;
}

/* Whether the manifest fits the image it came with. */
static enum elf_status
elf_check_manifest(const struct elf_plan *plan)
{
    const struct manifest *manifest = &plan->manifest;

    if (!manifest->present) {
        return ELF_OK;
    }
    if (manifest->entry_hint != 0 && manifest->entry_hint != plan->entry) {
        return ELF_ENTRY_HINT;
    }
    if (manifest->max_mem >> PAGE_SHIFT < plan->page_count) {
        return ELF_MANIFEST_MAX_MEM_SMALL;
    }
    return ELF_OK;
}

/* Everything that needs more than one header. */
static enum elf_status
elf_check_whole(struct elf_check *check)
{
    enum elf_status status = elf_check_segments(&check->plan);

    if (status != ELF_OK) {
        return status;
    }
    status = elf_check_entry(&check->plan);
    if (status != ELF_OK) {
        return status;
    }
    status = elf_check_tls(&check->tls, &check->plan);
    if (status != ELF_OK) {
        return status;
    }
    if (check->plan.movable) {
        status =
            check->has_dynamic
                ? elf_dynamic_check(check->image, &check->dynamic, &check->plan)
                : ELF_DYNAMIC_MISSING;
    }
    if (status != ELF_OK) {
        return status;
    }
    return elf_check_manifest(&check->plan);
}

enum elf_status
elf_validate_image(const struct elf_image *image, struct elf_plan *out)
{
    struct elf_check check = { .image = image };
    struct elf64_ehdr header;
    enum elf_status status;

    if (image->bytes < sizeof header) {
        return ELF_TRUNCATED;
    }
    elf_image_read(image, 0, &header, sizeof header);
    status = elf_check_header(&header);
    if (status != ELF_OK) {
        return status;
    }
    status = elf_check_table(&header, image->bytes);
    if (status != ELF_OK) {
        return status;
    }
    check.plan.entry = header.e_entry;
    check.plan.movable = header.e_type == ET_DYN;
    check.plan.manifest = manifest_absent();
    status = elf_add_phdrs(&check, &header);
    if (status != ELF_OK) {
        return status;
    }
    status = elf_check_whole(&check);
    if (status != ELF_OK) {
        return status;
    }
    *out = check.plan;
    return ELF_OK;
}

enum elf_status
elf_validate(const void *image, uint64_t bytes, struct elf_plan *out)
{
    const struct elf_image flat = { .flat = image, .bytes = bytes };

    return elf_validate_image(&flat, out);
}

const char *
elf_status_text(enum elf_status status)
{
    switch (status) {
#define ELF_STATUS_CASE(name, value, text) \
    case ELF_##name:                       \
        return text;
        ELF_STATUS_LIST(ELF_STATUS_CASE)
#undef ELF_STATUS_CASE
    }
    return "unknown";
}
