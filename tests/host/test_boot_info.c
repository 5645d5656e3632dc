/* SPDX-License-Identifier: MIT */
/*
 * Claim: boot_info_parse tells what the loader said, whichever Multiboot it
 * speaks, and no loader structure, however wrong, makes it read outside the
 * memory it was given or break the invariants of boot_info.h.
 *
 * Method: loader structures are built in a heap block of exactly the right
 * size, so that ASan sees one byte too many; then every prefix and every
 * single-byte corruption of them is parsed too.
 */
#include <string.h>

#include <mm/boot_info.h>

#include "check.h"

#define RAM      1
#define FIRMWARE 2

/* A machine's memory while a test writes what a loader would. */
static struct {
    uint8_t bytes[8192];
    uint32_t used;
} image;

static struct boot_info info;

static void
image_start(uint32_t at)
{
    memset(&image, 0, sizeof(image));
    image.used = at;
}

static uint32_t
image_put(const void *what, uint32_t bytes)
{
    uint32_t at = image.used;

    memcpy(image.bytes + at, what, bytes);
    image.used += bytes;
    return at;
}

static uint32_t
image_put32(uint32_t value)
{
    return image_put(&value, 4);
}

static void
image_put64(uint64_t value)
{
    image_put(&value, 8);
}

static void
image_set32(uint32_t at, uint32_t value)
{
    memcpy(image.bytes + at, &value, 4);
}

static uint32_t
image_put_text(const char *text)
{
    return image_put(text, (uint32_t)strlen(text) + 1);
}

/* Parse the first @bytes of the image from a block of exactly that size. */
static enum boot_status
image_parse(uint32_t bytes, uint32_t magic, uint64_t at)
{
    uint8_t *block = malloc(bytes == 0 ? 1 : bytes);
    struct boot_memory memory = { block, bytes };
    enum boot_status status;

    memcpy(block, image.bytes, bytes);
    memset(&info, 0xA5, sizeof(info));
    status = boot_info_parse_memory(&memory, magic, at, &info);
    free(block);
    return status;
}

/* I2, I3 and the counts. */
static bool
info_is_sound(void)
{
    bool sound = info.range_count <= BOOT_INFO_RANGES
                 && info.module_count <= BOOT_INFO_MODULES
                 && info.options_bytes <= sizeof(info.options)
                 && memchr(info.command_line, 0, sizeof(info.command_line));

    for (uint32_t i = 0; sound && i < info.module_count; i++) {
        const struct boot_module *m = &info.modules[i];

        sound = m->start.raw <= m->end.raw
                && memchr(m->name, 0, sizeof(m->name))
                && memchr(m->args, 0, sizeof(m->args));
        for (const char *c = m->args; sound && *c != '\0'; c++) {
            sound = *c >= ' ' && *c < 0x7F;
        }
    }
    return sound;
}

/* ---- Multiboot 1 ---- */

#define MB1_AT 64

static void
mb1_put_entry(uint32_t size, uint64_t base, uint64_t length, uint32_t type)
{
    image_put32(size);
    image_put64(base);
    image_put64(length);
    image_put32(type);
    for (uint32_t i = 20; i < size; i++) {
        image_put("", 1);
    }
}

static void
mb1_build(const char *command_line)
{
    uint32_t map;
    uint32_t map_end;
    uint32_t modules;
    uint32_t text;

    image_start(MB1_AT + 52);
    map = image.used;
    mb1_put_entry(20, 0, 0x9FC00, RAM);
    mb1_put_entry(24, 0x100000, 0x7EE0000, RAM); /* a longer form */
    mb1_put_entry(20, 0xFFFFFFFFFFFFF000, 0x2000, FIRMWARE);
    map_end = image.used;
    modules = image.used;
    image.used += 2 * 16;
    text = image_put_text("build/servers/pager.elf  --zero\tfast");
    image_set32(modules, 0x200000);
    image_set32(modules + 4, 0x201234);
    image_set32(modules + 8, text);
    text = image_put_text("shell");
    image_set32(modules + 16, 0x300000);
    image_set32(modules + 20, 0x300000);
    image_set32(modules + 24, text);
    image_set32(MB1_AT, 1u << 0 | 1u << 2 | 1u << 3 | 1u << 6);
    image_set32(MB1_AT + 4, 639);
    image_set32(MB1_AT + 8, 1024);
    image_set32(MB1_AT + 16, image_put_text(command_line));
    image_set32(MB1_AT + 20, 2);
    image_set32(MB1_AT + 24, modules);
    image_set32(MB1_AT + 44, map_end - map);
    image_set32(MB1_AT + 48, map);
}

static enum boot_status
mb1_parse(void)
{
    return image_parse(image.used, BOOT_INFO_MAGIC_MB1, MB1_AT);
}

TEST(multiboot1_is_read)
{
    mb1_build("path/kernel.elf test pager=kernel init=demo");
    CHECK_EQ(mb1_parse(), BOOT_OK);
    CHECK(info_is_sound());
    CHECK_EQ(info.boot_path, 1);
    CHECK_EQ(info.range_count, 3);
    CHECK_EQ(info.ranges[1].base, 0x100000);
    CHECK_EQ(info.ranges[1].length, 0x7EE0000);
    CHECK_EQ(info.ranges[2].type, FIRMWARE);
    CHECK_EQ(info.ranges[2].base, 0xFFFFFFFFFFFFF000);
    CHECK_EQ(info.info_start.raw, MB1_AT);
    CHECK_EQ(info.info_end.raw, MB1_AT + 52);
    CHECK(strcmp(info.command_line, "test pager=kernel init=demo") == 0);
}

TEST(module_name_is_first_word_without_folder_and_suffix)
{
    mb1_build("k");
    CHECK_EQ(mb1_parse(), BOOT_OK);
    CHECK_EQ(info.module_count, 2);
    CHECK(strcmp(info.modules[0].name, "pager") == 0);
    CHECK(strcmp(info.modules[0].args, "--zero fast") == 0);
    CHECK_EQ(info.modules[0].start.raw, 0x200000);
    CHECK_EQ(info.modules[0].end.raw, 0x201234);
    CHECK(strcmp(info.modules[1].name, "shell") == 0);
    CHECK(strcmp(info.modules[1].args, "") == 0);
    CHECK(boot_module_lookup(&info, "shell") == &info.modules[1]);
    CHECK(boot_module_lookup(&info, "shel") == NULL);
}

TEST(multiboot1_without_map_falls_back_to_sizes)
{
    mb1_build("k");
    image_set32(MB1_AT, 1u << 0);
    CHECK_EQ(mb1_parse(), BOOT_OK);
    CHECK_EQ(info.range_count, 2);
    CHECK_EQ(info.ranges[0].length, 639 * 1024);
    CHECK_EQ(info.ranges[1].base, 0x100000);
    CHECK_EQ(info.ranges[1].length, 0x100000);
    CHECK_EQ(info.module_count, 0);
    image_set32(MB1_AT, 0);
    CHECK_EQ(mb1_parse(), BOOT_NO_MEMORY_MAP);
}

TEST(multiboot1_pointers_out_of_reach_are_refused)
{
    static const uint32_t fields[] = { 24, 48 }; /* mods_addr, mmap_addr */

    for (unsigned i = 0; i < 2; i++) {
        mb1_build("k");
        image_set32(MB1_AT + fields[i], 0xFFFFFFFF);
        CHECK_EQ(mb1_parse(), BOOT_BAD_STRUCTURE);
    }
    mb1_build("k");
    image_set32(MB1_AT + 16, 0xFFFFFFFF); /* a string: just empty */
    CHECK_EQ(mb1_parse(), BOOT_OK);
    CHECK_EQ(info.command_line[0], 0);
    CHECK_EQ(image_parse(image.used, BOOT_INFO_MAGIC_MB1, 1ull << 63),
             BOOT_BAD_ADDRESS);
    CHECK_EQ(image_parse(image.used, 0x12345678, MB1_AT), BOOT_BAD_MAGIC);
}

TEST(multiboot1_entry_of_size_zero_does_not_loop)
{
    mb1_build("k");
    image_set32(MB1_AT + 52, 0);
    CHECK_EQ(mb1_parse(), BOOT_BAD_STRUCTURE);
    image_set32(MB1_AT + 52, 0xFFFFFFFC);
    CHECK_EQ(mb1_parse(), BOOT_OK);
    CHECK_EQ(info.range_count, 1);
}

TEST(module_that_ends_before_it_starts_is_dropped)
{
    mb1_build("k");
    image_set32(MB1_AT + 52 + 24 + 28 + 24 + 4, 0x1FFFFF);
    CHECK_EQ(mb1_parse(), BOOT_OK);
    CHECK_EQ(info.module_count, 1);
    CHECK_EQ(info.modules_lost, 1);
}

/* ---- Multiboot 2 ---- */

#define MB2_AT 32

static uint32_t
mb2_tag_start(uint32_t type)
{
    image.used = (image.used + 7) & ~7u;
    image_put32(type);
    return image_put32(0) - 4;
}

static void
mb2_tag_end(uint32_t tag)
{
    image_set32(tag + 4, image.used - tag);
}

static void
mb2_put_entry(uint64_t base, uint64_t length, uint32_t type)
{
    image_put64(base);
    image_put64(length);
    image_put32(type);
    image_put32(0);
}

static void
mb2_finish(void)
{
    mb2_tag_end(mb2_tag_start(0));
    image_set32(MB2_AT, image.used - MB2_AT);
}

static void
mb2_put_module(uint32_t start, uint32_t end, const char *text)
{
    uint32_t tag = mb2_tag_start(3);

    image_put32(start);
    image_put32(end);
    image_put_text(text);
    mb2_tag_end(tag);
}

static void
mb2_start(const char *command_line)
{
    uint32_t tag;

    image_start(MB2_AT);
    image_put64(0);
    tag = mb2_tag_start(1);
    image_put_text(command_line);
    mb2_tag_end(tag);
    tag = mb2_tag_start(4);
    image_put32(639);
    image_put32(2048);
    mb2_tag_end(tag);
}

static void
mb2_build(const char *command_line)
{
    uint32_t tag;

    mb2_start(command_line);
    mb2_put_module(0x13000, 0x14000, "pager");
    mb2_put_module(0x15000, 0x15000, "/x/a-name-longer-than-its-room.elf y");
    tag = mb2_tag_start(6);
    image_put32(24);
    image_put32(0);
    mb2_put_entry(0, 0xA0000, RAM);
    mb2_put_entry(0x100000, 0, RAM); /* of no length: not kept */
    mb2_put_entry(0x100000, 0x3F00000, RAM);
    mb2_tag_end(tag);
    tag = mb2_tag_start(0x1234); /* unknown: skipped */
    image_put32(1);
    mb2_tag_end(tag);
    mb2_finish();
}

static enum boot_status
mb2_parse(void)
{
    return image_parse(image.used, BOOT_INFO_MAGIC_MB2, MB2_AT);
}

TEST(multiboot2_is_read)
{
    mb2_build(" test  aslr=off");
    CHECK_EQ(mb2_parse(), BOOT_OK);
    CHECK(info_is_sound());
    CHECK_EQ(info.boot_path, 2);
    CHECK_EQ(info.range_count, 2);
    CHECK_EQ(info.ranges[1].length, 0x3F00000);
    CHECK_EQ(info.module_count, 2);
    CHECK(strcmp(info.modules[0].name, "pager") == 0);
    CHECK(strcmp(info.modules[1].name, "a-name-longer-t") == 0);
    CHECK(strcmp(info.modules[1].args, "y") == 0);
    CHECK_EQ(info.info_start.raw, MB2_AT);
    CHECK_EQ(info.info_end.raw, image.used);
    CHECK(strcmp(info.command_line, "test  aslr=off") == 0);
}

TEST(multiboot2_without_map_falls_back_to_sizes)
{
    mb2_start("");
    mb2_finish();
    CHECK_EQ(mb2_parse(), BOOT_OK);
    CHECK_EQ(info.range_count, 2);
    CHECK_EQ(info.ranges[1].length, 2048 * 1024);
}

TEST(multiboot2_sizes_that_contradict_are_refused)
{
    mb2_build("");
    image_set32(MB2_AT, 7);
    CHECK_EQ(mb2_parse(), BOOT_BAD_STRUCTURE);
    image_set32(MB2_AT, 0xFFFFFFFF);
    CHECK_EQ(mb2_parse(), BOOT_BAD_STRUCTURE);
    mb2_build("");
    image_set32(MB2_AT + 8 + 4, 7); /* a tag smaller than its header */
    CHECK_EQ(mb2_parse(), BOOT_BAD_STRUCTURE);
    image_set32(MB2_AT + 8 + 4, 0xFFFFFFFF);
    CHECK_EQ(mb2_parse(), BOOT_BAD_STRUCTURE);
    CHECK_EQ(image_parse(image.used, BOOT_INFO_MAGIC_MB2, image.used),
             BOOT_BAD_ADDRESS);
}

TEST(more_modules_than_room_are_counted)
{
    mb2_start("");
    for (uint32_t i = 0; i < BOOT_INFO_MODULES + 3; i++) {
        mb2_put_module(0x100000 + i, 0x100000 + i, "m");
    }
    mb2_finish();
    CHECK_EQ(mb2_parse(), BOOT_OK);
    CHECK_EQ(info.module_count, BOOT_INFO_MODULES);
    CHECK_EQ(info.modules_lost, 3);
}

/* A map with more entries than room: all reserved ones must survive. */
TEST(ranges_beyond_room_cost_ram_not_reservations)
{
    static uint8_t block[64 + (BOOT_INFO_RANGES + 10) * 24];
    struct boot_memory memory = { block, sizeof(block) };
    uint32_t entries = BOOT_INFO_RANGES + 10;
    uint32_t words[] = { 8 + 16 + entries * 24 + 8, 0,  6,
                         16 + entries * 24,         24, 0 };
    uint32_t reserved = 0;

    memcpy(block, words, sizeof(words));
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t entry[3] = { i * 0x10000ull, 0x10000, i % 4 == 0 ? 2 : 1 };

        memcpy(block + 24 + i * 24, entry, sizeof(entry));
    }
    memcpy(block + 24 + entries * 24, (uint32_t[]){ 0, 8 }, 8);
    CHECK_EQ(boot_info_parse_memory(&memory, BOOT_INFO_MAGIC_MB2, 0, &info),
             BOOT_OK);
    CHECK_EQ(info.range_count, BOOT_INFO_RANGES);
    CHECK_EQ(info.ranges_lost, 10);
    for (uint32_t i = 0; i < info.range_count; i++) {
        reserved += info.ranges[i].type == 2;
    }
    CHECK_EQ(reserved, (entries + 3) / 4);
}

TEST(every_prefix_and_every_corrupt_byte_is_survived)
{
    static const uint8_t values[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF };
    uint32_t unsound = 0;

    for (unsigned path = 1; path <= 2; path++) {
        uint32_t magic = path == 1 ? BOOT_INFO_MAGIC_MB1 : BOOT_INFO_MAGIC_MB2;
        uint32_t at = path == 1 ? MB1_AT : MB2_AT;

        if (path == 1) {
            mb1_build("k a=b c");
        } else {
            mb2_build("a=b c");
        }
        for (uint32_t bytes = 0; bytes <= image.used; bytes++) {
            if (image_parse(bytes, magic, at) == BOOT_OK) {
                unsound += !info_is_sound();
            }
        }
        for (uint32_t i = at; i < image.used; i++) {
            uint8_t before = image.bytes[i];

            for (unsigned v = 0; v < sizeof(values); v++) {
                image.bytes[i] = values[v];
                if (image_parse(image.used, magic, at) == BOOT_OK) {
                    unsound += !info_is_sound();
                }
            }
            image.bytes[i] = before;
        }
    }
    CHECK_EQ(unsound, 0);
}

/* ---- options ---- */

TEST(options_are_found_by_whole_key)
{
    mb2_build("bench pager=server tests=1 pager=kernel empty= x=a=b");
    CHECK_EQ(mb2_parse(), BOOT_OK);
    CHECK(strcmp(boot_option(&info, "bench"), "") == 0);
    CHECK(strcmp(boot_option(&info, "pager"), "kernel") == 0);
    CHECK(strcmp(boot_option(&info, "empty"), "") == 0);
    CHECK(strcmp(boot_option(&info, "x"), "a=b") == 0);
    CHECK(boot_option(&info, "test") == NULL);
    CHECK(boot_option(&info, "page") == NULL);
    CHECK(boot_option(&info, "kernel") == NULL);
    CHECK(boot_option_is(&info, "pager", "kernel"));
    CHECK(!boot_option_is(&info, "pager", "server"));
    CHECK(!boot_option_is(&info, "absent", ""));
}

TEST(last_of_two_command_lines_counts)
{
    uint32_t tag;

    mb2_start("first=1 x second=2");
    tag = mb2_tag_start(1);
    image_put_text("a  b=3");
    mb2_tag_end(tag);
    mb2_finish();
    CHECK_EQ(mb2_parse(), BOOT_OK);
    CHECK(boot_option(&info, "first") == NULL);
    CHECK(strcmp(boot_option(&info, "a"), "") == 0);
    CHECK(strcmp(boot_option(&info, "b"), "3") == 0);
    CHECK(boot_option(&info, "second") == NULL);
}

TEST(long_command_line_is_cut)
{
    char line[1000];

    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    mb2_build(line);
    CHECK_EQ(mb2_parse(), BOOT_OK);
    CHECK(info_is_sound());
    CHECK_EQ(strlen(info.command_line), sizeof(info.command_line) - 1);
    CHECK(boot_option(&info, "x") == NULL);
}

TEST(every_status_has_a_text)
{
    for (int s = BOOT_OK; s <= BOOT_NO_MEMORY_MAP; s++) {
        CHECK(strcmp(boot_status_text((enum boot_status)s), "unknown") != 0);
    }
}

int
main(void)
{
    RUN(multiboot1_is_read);
    RUN(module_name_is_first_word_without_folder_and_suffix);
    RUN(multiboot1_without_map_falls_back_to_sizes);
    RUN(multiboot1_pointers_out_of_reach_are_refused);
    RUN(multiboot1_entry_of_size_zero_does_not_loop);
    RUN(module_that_ends_before_it_starts_is_dropped);
    RUN(multiboot2_is_read);
    RUN(multiboot2_without_map_falls_back_to_sizes);
    RUN(multiboot2_sizes_that_contradict_are_refused);
    RUN(more_modules_than_room_are_counted);
    RUN(ranges_beyond_room_cost_ram_not_reservations);
    RUN(every_prefix_and_every_corrupt_byte_is_survived);
    RUN(options_are_found_by_whole_key);
    RUN(last_of_two_command_lines_counts);
    RUN(long_command_line_is_cut);
    RUN(every_status_has_a_text);
    return CHECK_REPORT();
}
