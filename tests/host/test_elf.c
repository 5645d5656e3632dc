/* SPDX-License-Identifier: MIT */
/*
 * elf_validate: a good program is accepted with the right plan, and each way to
 * be wrong is refused with its own code. The names carry the row of the table
 * of hostile tests (H95 to H106; the notes' own rows are in test_manifest.c).
 *
 * Every call goes through sample_validate: exact-size heap block, ASan, and the
 * promises of elf.h checked on the plan. Random parts take a seed as the first
 * argument and print the one they use.
 */
#include <time.h>

#include <base/compiler.h>

#include "check.h"
#include "elf_sample.h"

static uint64_t seed;
static bool seen[256]; /* codes that some test expected and got */

static uint64_t
next_random(void)
{
    /* xorshift64*: any seed but 0 */
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * 0x2545F4914F6CDD1Dull;
}

static enum elf_status
verdict(const struct sample *s)
{
    struct elf_plan plan;

    return sample_validate(s->raw, s->bytes, 0, &plan);
}

static void
expect(const struct sample *s, enum elf_status expected, const char *what)
{
    enum elf_status got = verdict(s);

    if (got != expected) {
        printf("%s: expected %d (%s), got %d (%s)\n", what, (int)expected,
               elf_status_text(expected), (int)got, elf_status_text(got));
    }
    CHECK(got == expected);
    seen[expected] = true;
}

/* Spoil a good sample by one statement on `s` and see it refused for @code. */
#define SPOILT(sound, code, statement) \
    do {                               \
        struct sample s = sound();     \
        statement;                     \
        expect(&s, code, #statement);  \
    } while (0)

#define REFUSED(code, statement)         SPOILT(sample_good, code, statement)
#define REFUSED_MOVABLE(code, statement) SPOILT(sample_movable, code, statement)

#define ACCEPTED(statement) REFUSED(ELF_OK, statement)

#define HEADERS (s.phdr[SAMPLE_HEADERS])
#define TEXT    (s.phdr[SAMPLE_TEXT])
#define DATA    (s.phdr[SAMPLE_DATA])
#define NOTE    (s.phdr[SAMPLE_NOTE])
#define TLS     (s.phdr[SAMPLE_TLS])
#define SPARE   (s.phdr[SAMPLE_SPARE])

/* Move a segment in memory without making its offset disagree. */
static void
move_to(struct elf64_phdr *phdr, uint64_t vaddr)
{
    phdr->p_vaddr = vaddr + phdr->p_offset % PAGE_BYTES;
}

TEST(good_program_gives_its_plan)
{
    for (unsigned skew = 0; skew < 16; skew++) {
        struct sample s = sample_good();
        struct elf_plan plan;

        CHECK_EQ(sample_validate(s.raw, s.bytes, skew, &plan), ELF_OK);
        CHECK_EQ(plan.entry, SAMPLE_ENTRY);
        CHECK_EQ(plan.segment_count, 3);
        CHECK_EQ(plan.first_page, SAMPLE_BASE);
        CHECK_EQ(plan.end_page, SAMPLE_BASE + 0x5000);
        CHECK_EQ(plan.page_count, SAMPLE_PAGES);
        CHECK_EQ(plan.segments[1].vaddr, SAMPLE_TEXT_BASE);
        CHECK_EQ(plan.segments[1].offset, SAMPLE_TEXT_AT);
        CHECK_EQ(plan.segments[1].mem_bytes, 0x800);
        CHECK_EQ(plan.segments[1].file_bytes, 0x800);
        CHECK_EQ(plan.segments[0].prot, PROT_READ);
        CHECK_EQ(plan.segments[1].prot, PROT_READ | PROT_EXEC);
        CHECK_EQ(plan.segments[2].prot, PROT_READ | PROT_WRITE);
        CHECK_EQ(plan.segments[2].mem_bytes, 0x3000);
        CHECK_EQ(plan.segments[2].file_bytes, 0x100);
        CHECK(plan.manifest.present);
        CHECK_EQ(plan.manifest.version, 2);
        CHECK_EQ(plan.manifest.entry_hint, SAMPLE_ENTRY);
        CHECK_EQ(plan.manifest.stack_bytes, 0x8000);
    }
}

TEST(page_helpers_of_a_segment)
{
    const struct elf_segment s = { .vaddr = 0x401FF0,
                                   .mem_bytes = 0x2011,
                                   .file_bytes = 0x10 };
    const struct elf_segment zeros = { .vaddr = 0x401FF0, .mem_bytes = 0x11 };

    CHECK_EQ(elf_segment_first_page(&s), 0x401000);
    CHECK_EQ(elf_segment_end_page(&s), 0x405000);
    CHECK_EQ(elf_segment_file_end_page(&s), 0x402000);
    CHECK_EQ(elf_segment_file_end_page(&zeros), 0x401000);
}

TEST(h95_truncated_at_every_byte)
{
    struct sample s = sample_good();
    struct elf_plan plan;

    CHECK_EQ(elf_validate(NULL, 0, &plan), ELF_TRUNCATED);
    for (uint64_t n = 0; n < SAMPLE_BYTES; n++) {
        enum elf_status expected = n < sizeof s.ehdr ? ELF_TRUNCATED
                                   : n < sizeof s.ehdr + sizeof s.phdr
                                       ? ELF_PHOFF_END
                                       : ELF_SEGMENT_FILE_END;

        s.bytes = n;
        expect(&s, expected, "prefix");
    }
    /* The note as the last thing in the file. */
    s = sample_good();
    NOTE.p_offset = SAMPLE_BYTES;
    memcpy(s.raw + SAMPLE_BYTES, &s.note, sizeof s.note);
    for (uint64_t n = SAMPLE_BYTES; n < SAMPLE_BYTES + sizeof s.note; n++) {
        s.bytes = n;
        expect(&s, ELF_NOTE_FILE_END, "prefix");
    }
    s.bytes = SAMPLE_BYTES + sizeof s.note;
    expect(&s, ELF_OK, "whole");
    s.bytes += 100;
    expect(&s, ELF_OK, "with section headers behind");
}

TEST(h96_program_header_table)
{
    REFUSED(ELF_PHOFF_END, s.ehdr.e_phoff = -(uint64_t)56);
    REFUSED(ELF_PHOFF_END, s.ehdr.e_phoff = s.bytes);
    REFUSED(ELF_PHOFF_END, s.ehdr.e_phoff = s.bytes - 8);
    REFUSED(ELF_PHOFF_END, s.ehdr.e_phoff = 1ull << 63);
    REFUSED(ELF_PHOFF_UNALIGNED, s.ehdr.e_phoff++);
    REFUSED(ELF_PHOFF_UNALIGNED, s.ehdr.e_phoff += 4);
    REFUSED(ELF_PHOFF_UNALIGNED, s.ehdr.e_phoff = UINT64_MAX);
    REFUSED(ELF_PHOFF_IN_HEADER, s.ehdr.e_phoff = 0);
    REFUSED(ELF_PHOFF_IN_HEADER, s.ehdr.e_phoff = 56);
    REFUSED(ELF_PHNUM_ZERO, s.ehdr.e_phnum = 0);
    REFUSED(ELF_PHNUM_MANY, s.ehdr.e_phnum = 65535);
    REFUSED(ELF_PHNUM_MANY, s.ehdr.e_phnum = ELF_MAX_PHDRS + 1);
    for (unsigned n = 0; n < 65536; n++) {
        if (n != 56) {
            REFUSED(ELF_PHENTSIZE, s.ehdr.e_phentsize = (uint16_t)n);
        }
    }
    /* As many as allowed: the rest of them are zero, PT_NULL. */
    ACCEPTED(s.ehdr.e_phnum = ELF_MAX_PHDRS;
             s.ehdr.e_phoff = SAMPLE_BYTES + 0x100;
             memcpy(s.raw + s.ehdr.e_phoff, s.phdr, sizeof s.phdr);
             s.bytes = s.ehdr.e_phoff + ELF_MAX_PHDRS * sizeof s.phdr[0]);
}

TEST(h97_ranges_that_wrap)
{
    REFUSED(ELF_SEGMENT_FILE_WRAPS, TEXT.p_offset = -(uint64_t)0x1000;
            TEXT.p_memsz = TEXT.p_filesz = 0x1000);
    REFUSED(ELF_SEGMENT_FILE_WRAPS, TEXT.p_offset = -(uint64_t)0x1000;
            TEXT.p_memsz = TEXT.p_filesz = 0x1001);
    REFUSED(ELF_SEGMENT_FILE_WRAPS, TEXT.p_memsz = TEXT.p_filesz = UINT64_MAX);
    REFUSED(ELF_SEGMENT_FILE_END, TEXT.p_offset = -(uint64_t)0x1000);
    REFUSED(ELF_SEGMENT_FILE_END, TEXT.p_memsz = TEXT.p_filesz = 1ull << 63);
    REFUSED(ELF_SEGMENT_WRAPS, DATA.p_vaddr = -(uint64_t)0x3000);
    REFUSED(ELF_SEGMENT_WRAPS, DATA.p_vaddr = -(uint64_t)0x1000);
    REFUSED(ELF_SEGMENT_WRAPS, DATA.p_memsz = -DATA.p_vaddr);
    REFUSED(ELF_SEGMENT_WRAPS, DATA.p_memsz = UINT64_MAX);
    REFUSED(ELF_NOTE_FILE_END, NOTE.p_offset = -(uint64_t)NOTE.p_filesz + 4);
    REFUSED(ELF_NOTE_FILE_END, NOTE.p_offset = UINT64_MAX - 3);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_vaddr = -(uint64_t)0x10);
}

TEST(h98_sizes)
{
    REFUSED(ELF_SEGMENT_SIZES, DATA.p_memsz = DATA.p_filesz - 1);
    REFUSED(ELF_SEGMENT_SIZES, DATA.p_memsz = 0);
    REFUSED(ELF_SEGMENT_NON_CANONICAL, DATA.p_memsz = 1ull << 63);
    REFUSED(ELF_TLS_SIZES, TLS.p_memsz = TLS.p_filesz - 1);
    /* An empty segment loads nothing, so nothing else of it matters. */
    ACCEPTED(HEADERS.p_filesz = HEADERS.p_memsz = 0);
    ACCEPTED(SPARE.p_type = PT_LOAD);
    ACCEPTED(SPARE.p_type = PT_LOAD; SPARE.p_vaddr = UINT64_MAX);
    ACCEPTED(DATA.p_memsz = DATA.p_filesz);
    ACCEPTED(TLS.p_type = 0; DATA.p_filesz = 0; s.bytes = SAMPLE_DATA_AT);
    /* Zeros only: the offset is not a place in the file. */
    ACCEPTED(TLS.p_type = 0; DATA.p_filesz = 0; DATA.p_offset = 1ull << 40);
}

TEST(h99_writable_and_executable)
{
    REFUSED(ELF_SEGMENT_WX, TEXT.p_flags |= PF_W);
    REFUSED(ELF_SEGMENT_WX, DATA.p_flags |= PF_X);
    REFUSED(ELF_STACK_EXEC, s.phdr[SAMPLE_STACK].p_flags |= PF_X);
    REFUSED(ELF_STACK_EXEC, s.phdr[SAMPLE_STACK].p_flags = PF_X);
    REFUSED(ELF_SEGMENT_FLAGS, TEXT.p_flags = PF_X);
    REFUSED(ELF_SEGMENT_FLAGS, DATA.p_flags = PF_W);
    REFUSED(ELF_SEGMENT_FLAGS, DATA.p_flags = 0);
    REFUSED(ELF_SEGMENT_FLAGS, DATA.p_flags |= 0x100000);
    ACCEPTED(s.phdr[SAMPLE_STACK].p_type = 0);
}

TEST(h100_segments_among_each_other)
{
    REFUSED(ELF_SEGMENTS_OVERLAP, TEXT.p_memsz = 0x1001);
    REFUSED(ELF_SEGMENTS_OVERLAP, move_to(&DATA, SAMPLE_TEXT_BASE));
    REFUSED(ELF_SEGMENTS_UNSORTED, move_to(&DATA, SAMPLE_BASE - 0x5000));
    REFUSED(ELF_SEGMENTS_UNSORTED, struct elf64_phdr t = TEXT; TEXT = DATA;
            DATA = t);
    REFUSED(ELF_SEGMENTS_OVERLAP, SPARE = DATA);
    REFUSED(ELF_SEGMENTS_UNSORTED, SPARE = TEXT);
    /* Data of other rights, then of the same, on the last page of text. */
    REFUSED(ELF_SEGMENTS_SHARE_PAGE, SPARE = DATA; DATA.p_type = 0;
            SPARE.p_offset = SAMPLE_TEXT_AT + 0x900;
            SPARE.p_vaddr = SAMPLE_TEXT_BASE + 0x900);
    REFUSED(ELF_SEGMENTS_SHARE_PAGE, SPARE = TEXT; DATA.p_type = 0;
            SPARE.p_offset += 0x800; SPARE.p_vaddr += 0x800);
    ACCEPTED(TEXT.p_memsz = 0x1000);
}

TEST(h100_too_many_segments)
{
    for (unsigned n = ELF_MAX_SEGMENTS; n <= ELF_MAX_SEGMENTS + 1; n++) {
        struct sample s = sample_good();
        struct elf64_phdr *table = (void *)(s.raw + SAMPLE_BYTES);

        for (unsigned i = 0; i < n; i++) {
            table[i] = sample_load(PF_R | PF_X, 0, 0x100, 0x100);
            table[i].p_vaddr += i * PAGE_BYTES;
        }
        s.ehdr.e_phoff = SAMPLE_BYTES;
        s.ehdr.e_phnum = (uint16_t)n;
        s.ehdr.e_entry = SAMPLE_BASE;
        s.bytes = sizeof s.raw;
        expect(&s, n > ELF_MAX_SEGMENTS ? ELF_SEGMENTS_MANY : ELF_OK, "many");
        if (n == ELF_MAX_SEGMENTS) { /* a search through a full table */
            s.ehdr.e_entry = SAMPLE_BASE + n * PAGE_BYTES;
            expect(&s, ELF_ENTRY_OUTSIDE, "entry behind all of them");
        }
    }
}

TEST(h101_outside_the_image_area)
{
    REFUSED(ELF_SEGMENT_LOW, move_to(&HEADERS, 0));
    REFUSED(ELF_SEGMENT_LOW, move_to(&HEADERS, USER_BASE - PAGE_BYTES));
    REFUSED(ELF_SEGMENT_LOW, move_to(&HEADERS, USER_BASE - PAGE_BYTES);
            HEADERS.p_memsz = 0x10000);
    ACCEPTED(move_to(&HEADERS, USER_BASE));
    REFUSED(ELF_SEGMENT_MAP_AREA, move_to(&DATA, USER_MAP_BASE));
    REFUSED(ELF_SEGMENT_MAP_AREA, move_to(&DATA, USER_MAP_BASE - 0x2000));
    REFUSED(ELF_SEGMENT_MAP_AREA,
            DATA.p_memsz = USER_MAP_BASE - DATA.p_vaddr + 1);
    REFUSED(ELF_SEGMENT_STACK, move_to(&DATA, USER_STACK_TOP - 0x3000));
    REFUSED(ELF_SEGMENT_STACK, move_to(&DATA, USER_STACK_TOP));
    REFUSED(ELF_SEGMENT_STACK, move_to(&DATA, USER_END - 0x3000));
    REFUSED(ELF_SEGMENT_STACK,
            move_to(&DATA,
                    USER_STACK_TOP - (USER_STACK_PAGES + 1) * PAGE_BYTES));
    REFUSED(ELF_SEGMENT_STACK, DATA.p_memsz = USER_STACK_TOP - DATA.p_vaddr);
    /* The lowest address of a stack: the largest stack and its guard. */
    REFUSED(ELF_SEGMENT_MAP_AREA, DATA.p_memsz = USER_STACK_TOP
                                                 - MANIFEST_STACK_MAX
                                                 - PAGE_BYTES - DATA.p_vaddr);
    REFUSED(ELF_SEGMENT_STACK, DATA.p_memsz = USER_STACK_TOP
                                              - MANIFEST_STACK_MAX - PAGE_BYTES
                                              + 1 - DATA.p_vaddr);
    REFUSED(ELF_SEGMENT_NON_CANONICAL, move_to(&DATA, 1ull << 47));
    REFUSED(ELF_SEGMENT_NON_CANONICAL, move_to(&DATA, 1ull << 62));
    REFUSED(ELF_SEGMENT_NON_CANONICAL, move_to(&DATA, (1ull << 47) - 0x1000));
    REFUSED(ELF_SEGMENT_KERNEL, move_to(&DATA, 0xFFFF800000000000));
    REFUSED(ELF_SEGMENT_KERNEL, move_to(&DATA, 0xFFFFFFFF80000000));
    REFUSED(ELF_SEGMENT_KERNEL,
            DATA.p_memsz = 0xFFFF800000000001 - DATA.p_vaddr);
    /* Up to the last byte of the area, where it is bss. The manifest has to go:
     * nobody may hold so much memory. */
    ACCEPTED(NOTE.p_type = 0; DATA.p_memsz = USER_MAP_BASE - DATA.p_vaddr);
}

TEST(h102_alignment)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t align = 1ull << bit;

        if (bit < 12 || bit > 30) {
            REFUSED(ELF_SEGMENT_ALIGN, HEADERS.p_align = align);
        } else if (bit > 22) { /* SAMPLE_BASE is aligned to 2^22 */
            REFUSED(ELF_SEGMENT_SKEW, HEADERS.p_align = align);
        } else {
            ACCEPTED(HEADERS.p_align = align);
        }
        REFUSED(ELF_SEGMENT_ALIGN, TEXT.p_align = align | align >> 1 | 1;
                TEXT.p_align += align < 2);
    }
    REFUSED(ELF_SEGMENT_ALIGN, TEXT.p_align = 0);
    REFUSED(ELF_SEGMENT_ALIGN, TEXT.p_align = 3);
    REFUSED(ELF_SEGMENT_ALIGN, TEXT.p_align = 0x1800);
    REFUSED(ELF_SEGMENT_SKEW, TEXT.p_vaddr++);
    REFUSED(ELF_SEGMENT_SKEW, TEXT.p_offset++);
    REFUSED(ELF_SEGMENT_SKEW, TEXT.p_vaddr += 0x800);
    ACCEPTED(TEXT.p_vaddr += 0x10; TEXT.p_offset += 0x10;
             TEXT.p_memsz = TEXT.p_filesz = 0x20);
}

TEST(h103_entry)
{
    /* Without the hint, which would be wrong first in none of these. */
#define ENTRY(code, where) REFUSED(code, s.ehdr.e_entry = (where))
    ENTRY(ELF_ENTRY_OUTSIDE, 0);
    ENTRY(ELF_ENTRY_OUTSIDE, SAMPLE_BASE - 1);
    ENTRY(ELF_ENTRY_OUTSIDE, SAMPLE_BASE + 0x5000);
    ENTRY(ELF_ENTRY_OUTSIDE, USER_END - 1);
    ENTRY(ELF_ENTRY_NOT_CODE, SAMPLE_DATA_BASE);
    ENTRY(ELF_ENTRY_NOT_CODE, SAMPLE_BASE);
    ENTRY(ELF_ENTRY_NOT_CODE, SAMPLE_BASE + 0x4FFF);
    ENTRY(ELF_ENTRY_PADDING, SAMPLE_TEXT_BASE + 0x800);
    ENTRY(ELF_ENTRY_PADDING, SAMPLE_TEXT_BASE + 0xFFF);
    ENTRY(ELF_ENTRY_KERNEL, USER_END);
    ENTRY(ELF_ENTRY_KERNEL, 1ull << 47);
    ENTRY(ELF_ENTRY_KERNEL, 0xFFFFFFFF80000000);
    ENTRY(ELF_ENTRY_KERNEL, UINT64_MAX);
    ENTRY(ELF_ENTRY_HINT, SAMPLE_ENTRY + 1);
    ENTRY(ELF_ENTRY_HINT, SAMPLE_TEXT_BASE);
    ENTRY(ELF_ENTRY_HINT, SAMPLE_TEXT_BASE + 0x7FF);
#undef ENTRY
    REFUSED(ELF_ENTRY_HINT, s.note.desc.entry_hint = UINT64_MAX);
    ACCEPTED(s.note.desc.entry_hint = 0);
    /* Zeros that may be executed are no place to start. */
    REFUSED(ELF_ENTRY_PADDING, TEXT.p_filesz = 0x10);
    /* In front of a segment that starts inside its first page. */
    REFUSED(ELF_ENTRY_PADDING, TEXT.p_offset += 0x20; TEXT.p_vaddr += 0x20;
            TEXT.p_filesz -= 0x20; TEXT.p_memsz -= 0x20);
}

TEST(h104_not_a_static_program_for_us)
{
    for (unsigned type = 0; type < 65536; type++) {
        if (type != ET_EXEC) {
            REFUSED(type == ET_DYN ? ELF_DYNAMIC_MISSING : ELF_TYPE,
                    s.ehdr.e_type = (uint16_t)type);
        }
    }
    REFUSED(ELF_INTERP, SPARE.p_type = PT_INTERP);
    REFUSED(ELF_DYNAMIC, SPARE.p_type = PT_DYNAMIC);
    REFUSED(ELF_MACHINE, s.ehdr.e_machine = 3);
    REFUSED(ELF_MACHINE, s.ehdr.e_machine = 183);
    REFUSED(ELF_VERSION, s.ehdr.e_version = 0);
    REFUSED(ELF_VERSION, s.ehdr.e_version = 2);
    REFUSED(ELF_VERSION, s.ehdr.e_ident[EI_VERSION] = 0);
    REFUSED(ELF_CLASS, s.ehdr.e_ident[EI_CLASS] = 1);
    REFUSED(ELF_CLASS, s.ehdr.e_ident[EI_CLASS] = 0);
    REFUSED(ELF_DATA, s.ehdr.e_ident[EI_DATA] = 2);
    REFUSED(ELF_OSABI, s.ehdr.e_ident[EI_OSABI] = 9);
    REFUSED(ELF_OSABI, s.ehdr.e_ident[EI_OSABI] = 255);
    ACCEPTED(s.ehdr.e_ident[EI_OSABI] = ELFOSABI_GNU);
    REFUSED(ELF_FLAGS, s.ehdr.e_flags = 1);
    REFUSED(ELF_EHSIZE, s.ehdr.e_ehsize = 0);
    REFUSED(ELF_EHSIZE, s.ehdr.e_ehsize = 52);
    for (unsigned i = 0; i < ELF64_MAGIC_BYTES; i++) {
        REFUSED(ELF_MAGIC, s.raw[i] ^= 0x20);
    }
}

/* The sample's dynamic section, and the header that names it. */
#define DYNAMIC (s.phdr[SAMPLE_SPARE])

static struct elf64_dyn *
entries(struct sample *s)
{
    return (void *)(s->raw + SAMPLE_DYNAMIC_AT);
}

TEST(h104_movable_program_gives_its_plan)
{
    struct sample s = sample_movable();
    struct elf_plan plan;

    CHECK_EQ(sample_validate(s.raw, s.bytes, 3, &plan), ELF_OK);
    CHECK(plan.movable);
    CHECK_EQ(plan.align, PAGE_BYTES);
    CHECK_EQ(plan.first_page, 0);
    CHECK_EQ(plan.entry, SAMPLE_ENTRY - SAMPLE_BASE);
    elf_move(&plan, SAMPLE_BASE);
    CHECK_EQ(plan.first_page, SAMPLE_BASE);
    CHECK_EQ(plan.end_page, SAMPLE_BASE + 0x5000);
    CHECK_EQ(plan.entry, SAMPLE_ENTRY);
    CHECK_EQ(plan.segments[2].vaddr, SAMPLE_DATA_BASE);
    elf_move(&plan, -SAMPLE_BASE);
    CHECK_EQ(plan.segments[1].vaddr, SAMPLE_TEXT_AT);
    s = sample_movable();
    TEXT.p_align = 0x200000;
    CHECK_EQ(sample_validate(s.raw, s.bytes, 0, &plan), ELF_OK);
    CHECK_EQ(plan.align, 0x200000);
}

/* Of an image in pages, these lie in two. */
TEST(notes_across_pages)
{
    struct sample s = sample_good();
    uint64_t offset = 0x2000 - 16;
    struct elf_plan plan;

    memcpy(s.raw + offset, &s.note, sizeof s.note);
    memset(&s.note, 0, sizeof s.note);
    NOTE.p_offset = offset;
    CHECK_EQ(sample_validate(s.raw, s.bytes, 1, &plan), ELF_OK);
    CHECK(plan.manifest.present);
    CHECK_EQ(plan.manifest.stack_bytes, 0x8000);
}

TEST(h104_dynamic_section)
{
    REFUSED_MOVABLE(ELF_DYNAMIC_MISSING, DYNAMIC.p_type = 0);
    REFUSED_MOVABLE(ELF_DYNAMIC_TWICE, TLS = DYNAMIC);
    REFUSED_MOVABLE(ELF_DYNAMIC_LARGE, DYNAMIC.p_filesz = 1025);
    REFUSED_MOVABLE(ELF_DYNAMIC_LARGE, DYNAMIC.p_filesz = UINT64_MAX);
    REFUSED_MOVABLE(ELF_DYNAMIC_OUTSIDE, DYNAMIC.p_filesz = 1024);
    REFUSED_MOVABLE(ELF_DYNAMIC_OUTSIDE, DYNAMIC.p_vaddr += 0x100000);
    REFUSED_MOVABLE(ELF_DYNAMIC_OUTSIDE, DYNAMIC.p_vaddr += 8);
    REFUSED_MOVABLE(ELF_DYNAMIC_OUTSIDE, DYNAMIC.p_offset -= 8);
    REFUSED_MOVABLE(ELF_DYNAMIC_OUTSIDE,
                    DYNAMIC.p_vaddr = DYNAMIC.p_offset = -(uint64_t)16);
    REFUSED_MOVABLE(ELF_DYNAMIC_OUTSIDE, DYNAMIC.p_filesz = 0x81);
    REFUSED_MOVABLE(ELF_DYNAMIC_ENDLESS, DYNAMIC.p_filesz = 0);
    REFUSED_MOVABLE(ELF_DYNAMIC_ENDLESS, DYNAMIC.p_filesz = 31);
    REFUSED_MOVABLE(ELF_DYNAMIC_ENDLESS, entries(&s)[1].d_tag = 5;
                    DYNAMIC.p_filesz = 0x80);
    REFUSED_MOVABLE(ELF_DYNAMIC_NEEDED, entries(&s)[0].d_tag = DT_NEEDED);
    REFUSED_MOVABLE(ELF_DYNAMIC_TEXTREL, entries(&s)[0].d_tag = DT_TEXTREL);
    REFUSED_MOVABLE(ELF_DYNAMIC_TEXTREL, entries(&s)[0].d_val = DF_TEXTREL);
    REFUSED_MOVABLE(ELF_DYNAMIC_TEXTREL, entries(&s)[0].d_val = UINT64_MAX);
    /* Behind the end nobody looks; a flag of another entry is no flag. */
    SPOILT(sample_movable, ELF_OK, entries(&s)[2].d_tag = DT_NEEDED;
           DYNAMIC.p_filesz = 0x80);
    SPOILT(sample_movable, ELF_OK, entries(&s)[0].d_tag = 31;
           entries(&s)[0].d_val = DF_TEXTREL);
    SPOILT(sample_movable, ELF_OK, entries(&s)[0].d_val = 0x3B);
}

TEST(h104_movable_programs_have_room)
{
    const uint64_t most = ELF_MOVABLE_SPAN_MAX;

    SPOILT(sample_movable, ELF_OK, NOTE.p_type = 0;
           DATA.p_memsz = most - DATA.p_vaddr);
    REFUSED_MOVABLE(ELF_SPAN, NOTE.p_type = 0;
                    DATA.p_memsz = most - DATA.p_vaddr + 1);
    REFUSED_MOVABLE(ELF_SEGMENT_MAP_AREA,
                    DATA.p_memsz = USER_MAP_BASE - DATA.p_vaddr + 1);
    REFUSED_MOVABLE(ELF_SEGMENT_WRAPS, DATA.p_memsz = -DATA.p_vaddr);
    REFUSED_MOVABLE(ELF_SEGMENT_KERNEL, move_to(&DATA, 0xFFFFFFFF80000000));
    REFUSED_MOVABLE(ELF_TLS_OUTSIDE, TLS.p_vaddr += 0x10000);
    REFUSED_MOVABLE(ELF_INTERP, TLS.p_type = PT_INTERP);
    REFUSED_MOVABLE(ELF_SEGMENT_WX, TEXT.p_flags |= PF_W);
    REFUSED_MOVABLE(ELF_ENTRY_OUTSIDE, s.ehdr.e_entry = SAMPLE_ENTRY);
}

TEST(h104_thread_local_template)
{
    REFUSED(ELF_TLS_TWICE, SPARE = TLS);
    REFUSED(ELF_TLS_ALIGN, TLS.p_align = 3);
    REFUSED(ELF_TLS_ALIGN, TLS.p_align = 0x2000);
    REFUSED(ELF_TLS_ALIGN, TLS.p_align = 1ull << 63);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_vaddr = 0);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_vaddr = USER_MAP_BASE);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_memsz = 1ull << 62);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_vaddr += 0x10000);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_offset += 8);
    REFUSED(ELF_TLS_OUTSIDE, TLS.p_filesz = TLS.p_memsz = 0xC1);
    ACCEPTED(TLS.p_filesz = TLS.p_memsz = 0xC0);
    ACCEPTED(SPARE = TLS; TLS.p_filesz = TLS.p_memsz = 0);
    ACCEPTED(TLS.p_filesz = 0; TLS.p_vaddr = SAMPLE_BASE + 0x100000);
    ACCEPTED(TLS.p_align = 0);
    ACCEPTED(TLS.p_align = PAGE_BYTES);
}

TEST(h105_nothing_to_run)
{
    REFUSED(ELF_NO_SEGMENT, HEADERS.p_type = TEXT.p_type = DATA.p_type = 0);
    REFUSED(ELF_NO_SEGMENT, memset(s.phdr, 0, sizeof s.phdr));
    REFUSED(ELF_NO_SEGMENT, struct elf64_phdr note = NOTE;
            memset(s.phdr, 0, sizeof s.phdr); s.phdr[0] = note);
    REFUSED(ELF_NO_SEGMENT, HEADERS.p_type = DATA.p_type = 0;
            TEXT.p_filesz = TEXT.p_memsz = 0);
    REFUSED(ELF_NO_CODE, TEXT.p_flags = PF_R);
    REFUSED(ELF_NO_CODE, TEXT.p_flags = PF_R | PF_W);
}

TEST(h106_manifest_and_its_place)
{
    REFUSED(ELF_NOTE_LARGE, NOTE.p_filesz = MANIFEST_NOTES_BYTES_MAX + 1);
    REFUSED(ELF_NOTE_LARGE, NOTE.p_filesz = UINT64_MAX);
    REFUSED(ELF_NOTE_CUT, NOTE.p_filesz = MANIFEST_NOTES_BYTES_MAX);
    REFUSED(ELF_NOTE_UNALIGNED, NOTE.p_offset++);
    REFUSED(ELF_NOTE_UNALIGNED, NOTE.p_offset += 2);
    REFUSED(ELF_NOTE_UNALIGNED, NOTE.p_align = 16);
    REFUSED(ELF_NOTE_UNALIGNED, NOTE.p_align = 2);
    REFUSED(ELF_NOTE_UNALIGNED, NOTE.p_align = 8; NOTE.p_offset += 4);
    REFUSED(ELF_MANIFEST_TWICE, SPARE = NOTE);
    REFUSED(ELF_MANIFEST_MAX_MEM_ZERO, s.note.desc.max_mem = 0);
    REFUSED(ELF_MANIFEST_MAX_MEM_SMALL,
            s.note.desc.max_mem = SAMPLE_PAGES * PAGE_BYTES - 1);
    REFUSED(ELF_MANIFEST_MAX_MEM_SMALL, s.note.desc.max_mem = 1);
    ACCEPTED(s.note.desc.max_mem = SAMPLE_PAGES * PAGE_BYTES);
    ACCEPTED(s.note.desc.max_mem = UINT64_MAX);
    ACCEPTED(NOTE.p_align = 0);
    ACCEPTED(NOTE.p_align = 1);
    for (uint64_t n = 1; n < sizeof(struct manifest_note); n++) {
        REFUSED(ELF_NOTE_CUT, NOTE.p_filesz = n);
    }
}

TEST(h106_no_manifest_is_least_privilege)
{
    struct sample s = sample_good();
    struct elf_plan plan;

    NOTE.p_type = 0;
    CHECK_EQ(sample_validate(s.raw, s.bytes, 0, &plan), ELF_OK);
    CHECK(!plan.manifest.present);
    CHECK_EQ(plan.manifest.permissions, MANIFEST_GROUPS_LEAST);
    CHECK_EQ(plan.manifest.max_mem, 0);
    NOTE.p_type = PT_NOTE;
    NOTE.p_filesz = 0;
    CHECK_EQ(sample_validate(s.raw, s.bytes, 0, &plan), ELF_OK);
    CHECK(!plan.manifest.present);
}

TEST(every_byte_of_the_headers_in_every_value)
{
    const uint64_t end = SAMPLE_NOTE_AT + sizeof(struct manifest_note);
    unsigned accepted = 0;

    for (uint64_t at = 0; at < 2 * end; at++) {
        struct sample s = at < end ? sample_good() : sample_movable();

        for (unsigned value = 0; value < 256; value++) {
            s.raw[at % end] = (uint8_t)value;
            accepted += verdict(&s) == ELF_OK;
        }
    }
    CHECK(accepted > 0);
}

/* Numbers that break arithmetic, and some that do not. */
static uint64_t
nasty_number(void)
{
    static const uint64_t borders[] = {
        0,
        1,
        3,
        4,
        8,
        56,
        64,
        0x800,
        0x1000,
        SAMPLE_BYTES,
        0x10000,
        0xFFFF,
        SAMPLE_BASE,
        SAMPLE_TEXT_BASE,
        SAMPLE_DATA_BASE,
        USER_BASE,
        USER_MAP_BASE,
        USER_STACK_TOP,
        USER_END,
        1ull << 31,
        1ull << 32,
        1ull << 47,
        1ull << 63,
        0xFFFF800000000000,
        0xFFFFFFFF80000000,
    };
    uint64_t border = borders[next_random() % ARRAY_COUNT(borders)];

    switch (next_random() % 4) {
    case 0:
        return border + next_random() % 5 - 2;
    case 1:
        return border * (next_random() % 8);
    case 2:
        return 0 - border;
    default:
        return next_random() >> next_random() % 64;
    }
}

/* Put a number of 1, 2, 4 or 8 bytes somewhere, mostly where it hurts. */
static void
mutate(struct sample *s)
{
    uint64_t size = 1ull << next_random() % 4;
    uint64_t limit = next_random() % 16 == 0 ? s->bytes : 0x240;
    uint64_t at = next_random() % (limit - 8) / size * size;
    uint64_t value = nasty_number();

    memcpy(s->raw + at, &value, size);
}

TEST(random_mutations_keep_the_contract)
{
    unsigned counts[256] = { 0 };
    unsigned kinds = 0;

    for (unsigned round = 0; round < 300000; round++) {
        struct sample s = round % 2 == 0 ? sample_good() : sample_movable();
        struct elf_plan plan;
        unsigned changes = 1 + (unsigned)(next_random() % 4);

        for (unsigned i = 0; i < changes; i++) {
            mutate(&s);
        }
        if (next_random() % 32 == 0) {
            s.bytes = next_random() % SAMPLE_BYTES;
        }
        counts[sample_validate(s.raw, s.bytes, round % 8, &plan)]++;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(counts); i++) {
        kinds += counts[i] > 0;
    }
    CHECK(counts[ELF_OK] > 0);
    CHECK(kinds > 30);
}

TEST(random_bytes_are_refused)
{
    for (unsigned round = 0; round < 20000; round++) {
        struct sample s;

        for (uint64_t at = 0; at < 1024; at += 8) {
            uint64_t value = next_random();

            memcpy(s.raw + at, &value, 8);
        }
        s.bytes = next_random() % 1024;
        CHECK(verdict(&s) != ELF_OK);
    }
}

/* Codes about what is inside a manifest are test_manifest.c's. */
TEST(every_code_was_provoked)
{
    static const struct {
        enum elf_status status;
        const char *name;
    } codes[] = {
#define CODE(name, value, text) { ELF_##name, #name },
        ELF_STATUS_LIST(CODE)
#undef CODE
    };

    for (unsigned i = 0; i < ARRAY_COUNT(codes); i++) {
        enum elf_status status = codes[i].status;

        if (status > ELF_MANIFEST_TWICE && status < ELF_DYNAMIC_TWICE
            && status != ELF_MANIFEST_MAX_MEM_ZERO
            && status != ELF_MANIFEST_MAX_MEM_SMALL) {
            continue;
        }
        if (!seen[status]) {
            printf("no test provokes ELF_%s\n", codes[i].name);
        }
        CHECK(seen[status]);
        for (unsigned j = 0; j < i; j++) {
            CHECK(codes[j].status != status);
            CHECK(strcmp(elf_status_text(codes[j].status),
                         elf_status_text(status))
                  != 0);
        }
    }
    CHECK(strcmp(elf_status_text((enum elf_status)200), "unknown") == 0);
}

int
main(int argc, char **argv)
{
    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
    seed |= 1;
    printf("test_elf: seed %llu\n", (unsigned long long)seed);

    RUN(good_program_gives_its_plan);
    RUN(page_helpers_of_a_segment);
    RUN(h95_truncated_at_every_byte);
    RUN(h96_program_header_table);
    RUN(h97_ranges_that_wrap);
    RUN(h98_sizes);
    RUN(h99_writable_and_executable);
    RUN(h100_segments_among_each_other);
    RUN(h100_too_many_segments);
    RUN(h101_outside_the_image_area);
    RUN(h102_alignment);
    RUN(h103_entry);
    RUN(h104_not_a_static_program_for_us);
    RUN(h104_movable_program_gives_its_plan);
    RUN(notes_across_pages);
    RUN(h104_dynamic_section);
    RUN(h104_movable_programs_have_room);
    RUN(h104_thread_local_template);
    RUN(h105_nothing_to_run);
    RUN(h106_manifest_and_its_place);
    RUN(h106_no_manifest_is_least_privilege);
    RUN(every_byte_of_the_headers_in_every_value);
    RUN(random_mutations_keep_the_contract);
    RUN(random_bytes_are_refused);
    RUN(every_code_was_provoked);
    return CHECK_REPORT();
}
