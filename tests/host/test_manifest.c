/* SPDX-License-Identifier: MIT */
/*
 * manifest_read: H106 of the table of hostile tests, on note bytes alone. Notes
 * stand in heap blocks of exactly their size, so that ASan sees a read beyond.
 */
#include <string.h>

#include <secos/bootinfo.h>

#include <base/align.h>

#include <task/manifest.h>

#include "check.h"

static const struct manifest_note good = {
    .name_bytes = sizeof MANIFEST_NOTE_NAME,
    .desc_bytes = MANIFEST_V2_BYTES,
    .type = MANIFEST_NOTE_TYPE,
    .name = MANIFEST_NOTE_NAME,
    .desc = { .version = 2,
              .flags = REQUIRE_WX_BLOCK | REQUIRE_RX_CODE,
              .max_mem = 0x123456789A,
              .entry_hint = 0x401000,
              .permissions = 1 << SYS_GROUP_IPC,
              .priority_ceiling = 5,
              .stack_bytes = 0x3000 },
};

static enum elf_status
read_aligned(const void *notes, uint64_t bytes, uint64_t align,
             struct manifest *out)
{
    uint8_t *block = malloc(bytes + 1);
    struct manifest before = *out;

    /* One byte off: nothing may rely on alignment in memory. */
    memcpy(block + 1, notes, bytes);

    enum elf_status status = manifest_read(block + 1, bytes, align, out);

    free(block);
    if (status != ELF_OK) {
        CHECK(memcmp(out, &before, sizeof before) == 0);
    }
    return status;
}

static enum elf_status
read_notes(const void *notes, uint64_t bytes, struct manifest *out)
{
    *out = manifest_absent();
    return read_aligned(notes, bytes, 4, out);
}

/* Change a good note by one statement on `n` and read its first n_bytes. */
#define READS(code, statement)                       \
    do {                                             \
        struct manifest_note n = good;               \
        struct manifest m;                           \
        uint64_t n_bytes = sizeof n;                 \
        statement;                                   \
        CHECK_EQ(read_notes(&n, n_bytes, &m), code); \
    } while (0)

TEST(version_2_is_read_whole)
{
    struct manifest m;

    CHECK_EQ(read_notes(&good, sizeof good, &m), ELF_OK);
    CHECK(m.present);
    CHECK_EQ(m.version, 2);
    CHECK_EQ(m.flags, REQUIRE_WX_BLOCK | REQUIRE_RX_CODE);
    CHECK_EQ(m.max_mem, 0x123456789A);
    CHECK_EQ(m.entry_hint, 0x401000);
    CHECK_EQ(m.permissions, 1 << SYS_GROUP_IPC);
    CHECK_EQ(m.priority_ceiling, 5);
    CHECK_EQ(m.stack_bytes, 0x3000);
}

TEST(version_1_and_zeros_mean_defaults)
{
    struct manifest_note n = good;
    struct manifest m;

    n.desc.version = 1;
    n.desc_bytes = MANIFEST_V1_BYTES;
    CHECK_EQ(read_notes(&n, sizeof n - 16, &m), ELF_OK);
    CHECK(m.present);
    CHECK_EQ(m.version, 1);
    CHECK_EQ(m.max_mem, 0x123456789A);
    CHECK_EQ(m.permissions, MANIFEST_GROUPS_LEAST);
    CHECK_EQ(m.priority_ceiling, 0);
    CHECK_EQ(m.stack_bytes, USER_STACK_PAGES * PAGE_BYTES);

    n = good;
    n.desc.stack_bytes = 0;
    n.desc.permissions = 0;
    CHECK_EQ(read_notes(&n, sizeof n, &m), ELF_OK);
    CHECK_EQ(m.stack_bytes, USER_STACK_PAGES * PAGE_BYTES);
    CHECK_EQ(m.permissions, 0);
}

TEST(h106_absent_means_least_privilege)
{
    struct manifest m;

    CHECK_EQ(read_notes("", 0, &m), ELF_OK);
    CHECK(!m.present);
    CHECK_EQ(m.version, 0);
    CHECK_EQ(m.permissions, MANIFEST_GROUPS_LEAST);
    CHECK_EQ(m.max_mem, 0);
    CHECK_EQ(m.permissions
                 & (1 << SYS_GROUP_POWER | 1 << SYS_GROUP_SERVE
                    | 1 << SYS_GROUP_PROCESS | 1 << SYS_GROUP_INSPECT),
             0);
}

TEST(h106_sizes_of_name_and_description)
{
    READS(ELF_MANIFEST_NAME, n.name_bytes = 0);
    READS(ELF_NOTE_CUT, n.name_bytes = 0xFFFFFFFF);
    READS(ELF_NOTE_CUT, n.name_bytes = 0x80000000);
    READS(ELF_MANIFEST_SIZE, n.desc_bytes = 0; n_bytes = 20);
    READS(ELF_NOTE_CUT, n.desc_bytes = 0xFFFFFFFF);
    READS(ELF_NOTE_CUT, n.desc_bytes = MANIFEST_V2_BYTES + 1);
    READS(ELF_MANIFEST_SIZE, n.desc_bytes = MANIFEST_V1_BYTES; n_bytes = 44);
    READS(ELF_MANIFEST_SIZE, n.desc.version = 1);
    READS(ELF_MANIFEST_SIZE, n.desc_bytes = 3; n_bytes = 24);
    READS(ELF_MANIFEST_SIZE, n.desc_bytes = 4; n_bytes = 24);
    READS(ELF_MANIFEST_SIZE, n.desc_bytes = 39; n_bytes = 59);
    for (uint32_t size = 0; size < MANIFEST_V2_BYTES; size++) {
        READS(ELF_MANIFEST_SIZE, n.desc_bytes = size; n_bytes = 20 + size);
    }
}

TEST(h106_cut_at_every_byte)
{
    for (uint64_t bytes = 1; bytes < sizeof good; bytes++) {
        READS(ELF_NOTE_CUT, n_bytes = bytes);
    }
}

TEST(h106_names_and_types)
{
    READS(ELF_MANIFEST_NAME, n.name_bytes = 5); /* no NUL */
    READS(ELF_MANIFEST_NAME, n.name[5] = '!');
    READS(ELF_MANIFEST_NAME, n.name[0] = 's');
    READS(ELF_MANIFEST_NAME, n.name_bytes = 7);
    READS(ELF_MANIFEST_TYPE, n.type = 0);
    READS(ELF_MANIFEST_TYPE, n.type = MANIFEST_NOTE_TYPE + 1);
    READS(ELF_OK, n.name[0] = 'X'; n.type = 1); /* somebody else's */
}

TEST(h106_versions)
{
    READS(ELF_MANIFEST_VERSION, n.desc.version = 0);
    READS(ELF_MANIFEST_VERSION, n.desc.version = 3);
    READS(ELF_MANIFEST_VERSION, n.desc.version = 3; n.desc_bytes = 4;
          n_bytes = 24);
    READS(ELF_MANIFEST_VERSION, n.desc.version = 0xFFFFFFFF);
}

TEST(h106_fields)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        READS(bit < 4 ? ELF_OK : ELF_MANIFEST_FLAGS, n.desc.flags = 1u << bit);
        READS(bit < SYS_GROUPS ? ELF_OK : ELF_MANIFEST_PERMISSIONS,
              n.desc.permissions = 1u << bit);
    }
    READS(ELF_MANIFEST_MAX_MEM_ZERO, n.desc.max_mem = 0);
    READS(ELF_OK, n.desc.max_mem = 1); /* against the image: test_elf.c */
    READS(ELF_MANIFEST_STACK, n.desc.stack_bytes = 1);
    READS(ELF_MANIFEST_STACK, n.desc.stack_bytes = 0xFFF);
    READS(ELF_MANIFEST_STACK, n.desc.stack_bytes = MANIFEST_STACK_MAX + 0x1000);
    READS(ELF_MANIFEST_STACK, n.desc.stack_bytes = -(uint64_t)0x1000);
    READS(ELF_OK, n.desc.stack_bytes = MANIFEST_STACK_MAX);
    READS(ELF_OK, n.desc.stack_bytes = 0x1000);
}

TEST(h106_two_manifests)
{
    const struct manifest_note two[2] = { good, good };
    struct manifest m;

    CHECK_EQ(read_notes(two, sizeof two, &m), ELF_MANIFEST_TWICE);
    CHECK_EQ(read_notes(&good, sizeof good, &m), ELF_OK);
    CHECK_EQ(read_aligned(&good, sizeof good, 4, &m), ELF_MANIFEST_TWICE);
}

TEST(notes_of_others_are_stepped_over)
{
    static const uint8_t gnu[] = {
        4, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, /* name */
        1, 2, 3, 4, 5, 0, 0, 0,             /* five bytes and their padding */
        0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, /* neither name nor description */
    };
    uint8_t notes[sizeof gnu + sizeof good + sizeof gnu];
    struct manifest m;

    memcpy(notes, gnu, sizeof gnu);
    memcpy(notes + sizeof gnu, &good, sizeof good);
    memcpy(notes + sizeof gnu + sizeof good, gnu, sizeof gnu);
    CHECK_EQ(read_notes(gnu, sizeof gnu, &m), ELF_OK);
    CHECK(!m.present);
    CHECK_EQ(read_notes(notes, sizeof notes, &m), ELF_OK);
    CHECK(m.present);
    CHECK_EQ(m.stack_bytes, 0x3000);
    /* A bad note behind a good manifest: refused, and nothing given out. */
    CHECK_EQ(read_notes(notes, sizeof notes - 1, &m), ELF_NOTE_CUT);
    CHECK(!m.present);
}

TEST(last_note_may_lack_its_padding)
{
    static const uint8_t odd[] = { 4, 0, 0, 0,   1,   0,   0, 0, 3,
                                   0, 0, 0, 'G', 'N', 'U', 0, 7 };
    struct manifest m;

    CHECK_EQ(read_notes(odd, sizeof odd, &m), ELF_OK);
}

TEST(alignment_of_8_pads_to_8)
{
    uint8_t notes[64] = { 0 };
    struct manifest m = manifest_absent();

    memcpy(notes, &good, 20);
    memcpy(notes + 24, &good.desc, sizeof good.desc);
    CHECK_EQ(read_aligned(notes, sizeof notes, 8, &m), ELF_OK);
    CHECK_EQ(m.stack_bytes, 0x3000);
    CHECK_EQ(m.max_mem, 0x123456789A);
    m = manifest_absent();
    CHECK(read_aligned(notes, sizeof notes, 4, &m) != ELF_OK);
}

TEST(every_byte_in_every_value)
{
    for (unsigned at = 0; at < sizeof good; at++) {
        for (unsigned value = 0; value < 256; value++) {
            struct manifest_note n = good;
            struct manifest m;

            ((uint8_t *)&n)[at] = (uint8_t)value;
            if (read_notes(&n, sizeof n, &m) == ELF_OK && m.present) {
                CHECK(m.max_mem != 0);
                CHECK(m.stack_bytes >= PAGE_BYTES);
                CHECK((m.permissions & ~MANIFEST_GROUPS_ALL) == 0);
                CHECK((m.flags & ~MANIFEST_FLAGS_KNOWN) == 0);
            }
        }
    }
}

/* What a program gets from SECOS_MANIFEST is what manifest_read wants. */
SECOS_MANIFEST(1u << SYS_GROUP_IPC, 0, 0x2000);

TEST(macro_makes_a_good_note)
{
    struct manifest m;

    CHECK_EQ(sizeof secos_manifest, 60);
    CHECK_EQ(read_notes(&secos_manifest, sizeof secos_manifest, &m), ELF_OK);
    CHECK_EQ(m.permissions, MANIFEST_GROUPS_LEAST | 1 << SYS_GROUP_IPC);
    CHECK_EQ(m.stack_bytes, 0x2000);
    CHECK_EQ(m.max_mem, MANIFEST_MAX_MEM_ANY);
}

int
main(void)
{
    RUN(version_2_is_read_whole);
    RUN(version_1_and_zeros_mean_defaults);
    RUN(h106_absent_means_least_privilege);
    RUN(h106_sizes_of_name_and_description);
    RUN(h106_cut_at_every_byte);
    RUN(h106_names_and_types);
    RUN(h106_versions);
    RUN(h106_fields);
    RUN(h106_two_manifests);
    RUN(notes_of_others_are_stepped_over);
    RUN(last_note_may_lack_its_padding);
    RUN(alignment_of_8_pads_to_8);
    RUN(every_byte_in_every_value);
    RUN(macro_makes_a_good_note);
    return CHECK_REPORT();
}
