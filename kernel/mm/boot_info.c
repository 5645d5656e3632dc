/* SPDX-License-Identifier: MIT */
#include "boot_info.h"

#include <stddef.h>

#include <base/align.h>
#include <base/checked.h>
#include <base/string.h>

#include <klib/kassert.h>

/* Longer strings of the loader are cut here, before they are taken apart. */
#define TEXT_BYTES 512

/* A Multiboot 2 structure larger than this is a mistake. */
#define MB2_BYTES_MAX 0x1000000u

/* Entries looked at in a Multiboot 1 memory map. */
#define MB1_ENTRIES_MAX 0x10000u

#define KIB 1024ull
#define MIB 0x100000ull

/* "Boot information format", Multiboot 1 (§3.3): the part we use. */
struct mb1_info {
    uint32_t flags;
    uint32_t mem_lower_kib;
    uint32_t mem_upper_kib;
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count;
    uint32_t mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length;
    uint32_t mmap_addr;
};

KASSERT_STATIC(sizeof(struct mb1_info) == 52);
KASSERT_STATIC(offsetof(struct mb1_info, mmap_length) == 44);

#define MB1_HAS_SIZES   (1u << 0)
#define MB1_HAS_CMDLINE (1u << 2)
#define MB1_HAS_MODULES (1u << 3)
#define MB1_HAS_MMAP    (1u << 6)

struct mb1_module {
    uint32_t start;
    uint32_t end;
    uint32_t string;
    uint32_t reserved;
};

/* An entry begins with its own size, which does not count that field. */
struct PACKED mb1_entry {
    uint32_t size;
    uint64_t base;
    uint64_t length;
    uint32_t type;
};

#define MB1_ENTRY_SIZE_MIN 20u

/* "Boot information format", Multiboot 2 (§3.6). */
struct mb2_header {
    uint32_t total_size;
    uint32_t reserved;
};

struct mb2_tag {
    uint32_t type;
    uint32_t size;
};

#define MB2_TAG_END     0
#define MB2_TAG_CMDLINE 1
#define MB2_TAG_MODULE  3
#define MB2_TAG_SIZES   4
#define MB2_TAG_MMAP    6
#define MB2_TAG_ALIGN   8

struct mb2_entry {
    uint64_t base;
    uint64_t length;
    uint32_t type;
    uint32_t reserved;
};

/* One step of the parser: where it reads, and what it fills. */
struct parse {
    const struct boot_memory *memory;
    struct boot_info *out;
};

static MUST_CHECK bool
boot_info_read(const struct boot_memory *memory, uint64_t at, void *to,
               uint64_t bytes)
{
    if (!checked_range_inside(at, bytes, 0, memory->bytes)) {
        return false;
    }
    memcpy(to, memory->base + at, bytes);
    return true;
}

static bool
boot_info_is_blank(char c)
{
    return c == ' ';
}

/* Copy the string at @at, which ends at a NUL, before @end, or where memory
 * does, to @to. Anything that is not printable becomes a blank. */
static void
boot_info_read_text(const struct boot_memory *memory, uint64_t at, uint64_t end,
                    char to[TEXT_BYTES])
{
    size_t length = 0;

    if (end > memory->bytes) {
        end = memory->bytes;
    }
    for (; at < end && length < TEXT_BYTES - 1; at++) {
        char c = (char)memory->base[at];

        if (c == '\0') {
            break;
        }
        if (c < ' ' || c > '~') {
            c = ' ';
        }
        to[length++] = c;
    }
    to[length] = '\0';
}

/* The first non-blank character of @text, and the one behind that word. */
static const char *
boot_info_word(const char *text, const char **end)
{
    while (boot_info_is_blank(*text)) {
        text++;
    }
    *end = text;
    while (**end != '\0' && !boot_info_is_blank(**end)) {
        (*end)++;
    }
    return text;
}

static const char *
boot_info_skip_blanks(const char *text)
{
    while (boot_info_is_blank(*text)) {
        text++;
    }
    return text;
}

/* "/boot/servers/pager.elf" -> "pager" */
static void
boot_info_set_name(struct boot_module *module, const char *word,
                   const char *end)
{
    static const char suffix[4] = { '.', 'e', 'l', 'f' };
    size_t length;

    for (const char *c = word; c < end; c++) {
        if (*c == '/') {
            word = c + 1;
        }
    }
    length = (size_t)(end - word);
    if (length > sizeof(suffix)
        && memcmp(end - sizeof(suffix), suffix, sizeof(suffix)) == 0) {
        length -= sizeof(suffix);
    }
    if (length > sizeof(module->name) - 1) {
        length = sizeof(module->name) - 1;
    }
    memset(module->name, 0, sizeof(module->name));
    memcpy(module->name, word, length);
}

static void
boot_info_add_module(struct parse *parse, uint64_t start, uint64_t end,
                     const char *text)
{
    struct boot_info *out = parse->out;
    struct boot_module *module = &out->modules[out->module_count];
    const char *word;
    const char *word_end;

    if (out->module_count == BOOT_INFO_MODULES || start > end) {
        out->modules_lost++;
        return;
    }
    word = boot_info_word(text, &word_end);
    boot_info_set_name(module, word, word_end);
    strlcpy(module->args, boot_info_skip_blanks(word_end),
            sizeof(module->args));
    module->start = paddr(start);
    module->end = paddr(end);
    out->module_count++;
}

/* Keep an entry. When the table is full a usable entry gives way to one that
 * is not: RAM may be lost here, but never invented. */
static void
boot_info_add_range(struct parse *parse, uint64_t base, uint64_t length,
                    uint32_t type)
{
    struct boot_info *out = parse->out;
    uint32_t at = out->range_count;

    if (length == 0) {
        return;
    }
    if (at == BOOT_INFO_RANGES) {
        out->ranges_lost++;
        if (type == MEMMAP_TYPE_USABLE) {
            return;
        }
        do {
            if (at == 0) {
                return; /* no RAM among them at all */
            }
            at--;
        } while (out->ranges[at].type != MEMMAP_TYPE_USABLE);
    } else {
        out->range_count++;
    }
    out->ranges[at] = (struct memmap_entry){ base, length, type };
}

/* What the BIOS said before there were maps: RAM from 0 and from 1 MiB on. */
static void
boot_info_add_sizes(struct parse *parse, uint32_t lower_kib, uint32_t upper_kib)
{
    boot_info_add_range(parse, 0, lower_kib * KIB, MEMMAP_TYPE_USABLE);
    boot_info_add_range(parse, MIB, upper_kib * KIB, MEMMAP_TYPE_USABLE);
}

static void
boot_info_set_command_line(struct boot_info *out, const char *text)
{
    size_t length;

    strlcpy(out->command_line, boot_info_skip_blanks(text),
            sizeof(out->command_line));
    length = strlen(out->command_line);
    memset(out->options, 0, sizeof(out->options));
    for (size_t i = 0; i < length; i++) {
        if (!boot_info_is_blank(out->command_line[i])) {
            out->options[i] = out->command_line[i];
        }
    }
    out->options_bytes = (uint32_t)length + 1;
}

static enum boot_status
boot_info_mb1_ranges(struct parse *parse, const struct mb1_info *info)
{
    uint64_t at = info->mmap_addr;
    uint64_t end = at + info->mmap_length;
    struct mb1_entry entry;

    for (uint32_t i = 0; at < end && i < MB1_ENTRIES_MAX; i++) {
        if (end - at < sizeof(entry)
            || !boot_info_read(parse->memory, at, &entry, sizeof(entry))
            || entry.size < MB1_ENTRY_SIZE_MIN) {
            return BOOT_BAD_STRUCTURE;
        }
        boot_info_add_range(parse, entry.base, entry.length, entry.type);
        at += (uint64_t)entry.size + sizeof(entry.size);
    }
    return at < end ? BOOT_BAD_STRUCTURE : BOOT_OK;
}

static enum boot_status
boot_info_mb1_modules(struct parse *parse, const struct mb1_info *info)
{
    char text[TEXT_BYTES];
    struct mb1_module module;

    for (uint32_t i = 0; i < info->mods_count; i++) {
        if (i == BOOT_INFO_MODULES) {
            parse->out->modules_lost = info->mods_count - i;
            break;
        }
        if (!boot_info_read(parse->memory, info->mods_addr + i * sizeof(module),
                            &module, sizeof(module))) {
            return BOOT_BAD_STRUCTURE;
        }
        boot_info_read_text(parse->memory, module.string, UINT64_MAX, text);
        boot_info_add_module(parse, module.start, module.end, text);
    }
    return BOOT_OK;
}

/* The command line of Multiboot 1 begins with the name of the kernel's file. */
static void
boot_info_mb1_command_line(struct parse *parse, const struct mb1_info *info)
{
    char text[TEXT_BYTES];
    const char *name_end;

    boot_info_read_text(parse->memory, info->cmdline, UINT64_MAX, text);
    boot_info_word(text, &name_end);
    boot_info_set_command_line(parse->out, name_end);
}

static enum boot_status
boot_info_parse_mb1(struct parse *parse, uint64_t phys)
{
    struct mb1_info info;
    enum boot_status status = BOOT_OK;

    if (!boot_info_read(parse->memory, phys, &info, sizeof(info))) {
        return BOOT_BAD_ADDRESS;
    }
    parse->out->boot_path = 1;
    parse->out->info_start = paddr(phys);
    parse->out->info_end = paddr(phys + sizeof(info));
    if ((info.flags & MB1_HAS_MMAP) != 0) {
        status = boot_info_mb1_ranges(parse, &info);
    } else if ((info.flags & MB1_HAS_SIZES) != 0) {
        boot_info_add_sizes(parse, info.mem_lower_kib, info.mem_upper_kib);
    }
    if (status == BOOT_OK && (info.flags & MB1_HAS_MODULES) != 0) {
        status = boot_info_mb1_modules(parse, &info);
    }
    if (status == BOOT_OK && (info.flags & MB1_HAS_CMDLINE) != 0) {
        boot_info_mb1_command_line(parse, &info);
    }
    return status;
}

/* @at and @end: the bytes behind the tag's header. */
static enum boot_status
boot_info_mb2_ranges(struct parse *parse, uint64_t at, uint64_t end)
{
    struct {
        uint32_t entry_size;
        uint32_t entry_version;
    } head;
    struct mb2_entry entry;

    if (end - at < sizeof(head)
        || !boot_info_read(parse->memory, at, &head, sizeof(head))
        || head.entry_size < sizeof(entry)) {
        return BOOT_BAD_STRUCTURE;
    }
    for (at += sizeof(head); end - at >= sizeof(entry); at += head.entry_size) {
        if (!boot_info_read(parse->memory, at, &entry, sizeof(entry))) {
            return BOOT_BAD_STRUCTURE;
        }
        boot_info_add_range(parse, entry.base, entry.length, entry.type);
        if (head.entry_size > end - at) {
            break;
        }
    }
    return BOOT_OK;
}

static enum boot_status
boot_info_mb2_module(struct parse *parse, uint64_t at, uint64_t end)
{
    char text[TEXT_BYTES];
    struct {
        uint32_t start;
        uint32_t end;
    } module;

    if (end - at < sizeof(module)
        || !boot_info_read(parse->memory, at, &module, sizeof(module))) {
        return BOOT_BAD_STRUCTURE;
    }
    boot_info_read_text(parse->memory, at + sizeof(module), end, text);
    boot_info_add_module(parse, module.start, module.end, text);
    return BOOT_OK;
}

static void
boot_info_mb2_command_line(struct parse *parse, uint64_t at, uint64_t end)
{
    char text[TEXT_BYTES];

    boot_info_read_text(parse->memory, at, end, text);
    boot_info_set_command_line(parse->out, text);
}

/* Only used when no tag brings a map. */
struct mb2_sizes {
    uint32_t lower_kib;
    uint32_t upper_kib;
};

static enum boot_status
boot_info_mb2_tag(struct parse *parse, uint32_t type, uint64_t at, uint64_t end,
                  struct mb2_sizes *sizes)
{
    switch (type) {
    case MB2_TAG_CMDLINE:
        boot_info_mb2_command_line(parse, at, end);
        return BOOT_OK;
    case MB2_TAG_MODULE:
        return boot_info_mb2_module(parse, at, end);
    case MB2_TAG_MMAP:
        return boot_info_mb2_ranges(parse, at, end);
    case MB2_TAG_SIZES:
        if (end - at < sizeof(*sizes)
            || !boot_info_read(parse->memory, at, sizes, sizeof(*sizes))) {
            return BOOT_BAD_STRUCTURE;
        }
        return BOOT_OK;
    default:
        return BOOT_OK; /* not for us */
    }
}

static enum boot_status
boot_info_parse_mb2(struct parse *parse, uint64_t phys)
{
    struct mb2_header header;
    struct mb2_tag tag;
    struct mb2_sizes sizes = { 0, 0 };
    enum boot_status status;
    uint64_t at;
    uint64_t end;

    if (!boot_info_read(parse->memory, phys, &header, sizeof(header))) {
        return BOOT_BAD_ADDRESS;
    }
    if (header.total_size < sizeof(header) || header.total_size > MB2_BYTES_MAX
        || !checked_range_inside(phys, header.total_size, 0,
                                 parse->memory->bytes)) {
        return BOOT_BAD_STRUCTURE;
    }
    end = phys + header.total_size;
    parse->out->boot_path = 2;
    parse->out->info_start = paddr(phys);
    parse->out->info_end = paddr(end);
    at = phys + sizeof(header);
    while (at < end && end - at >= sizeof(tag)) {
        if (!boot_info_read(parse->memory, at, &tag, sizeof(tag))
            || tag.size < sizeof(tag) || tag.size > end - at) {
            return BOOT_BAD_STRUCTURE;
        }
        if (tag.type == MB2_TAG_END) {
            break;
        }
        status = boot_info_mb2_tag(parse, tag.type, at + sizeof(tag),
                                   at + tag.size, &sizes);
        if (status != BOOT_OK) {
            return status;
        }
        at += align_up(tag.size, MB2_TAG_ALIGN);
    }
    if (parse->out->range_count == 0) {
        boot_info_add_sizes(parse, sizes.lower_kib, sizes.upper_kib);
    }
    return BOOT_OK;
}

enum boot_status
boot_info_parse_memory(const struct boot_memory *memory, uint32_t magic,
                       uint64_t phys, struct boot_info *out)
{
    struct parse parse = { .memory = memory, .out = out };
    enum boot_status status;

    memset(out, 0, offsetof(struct boot_info, ranges));
    if (magic == BOOT_INFO_MAGIC_MB1) {
        status = boot_info_parse_mb1(&parse, phys);
    } else if (magic == BOOT_INFO_MAGIC_MB2) {
        status = boot_info_parse_mb2(&parse, phys);
    } else {
        status = BOOT_BAD_MAGIC;
    }
    if (status == BOOT_OK && out->range_count == 0) {
        status = BOOT_NO_MEMORY_MAP;
    }
    return status;
}

enum boot_status
boot_info_parse(uint32_t magic, uint64_t phys, struct boot_info *out)
{
    const struct boot_memory memory = {
        .base = physmap_at(paddr(0)),
        .bytes = BOOT_INFO_REACH,
    };

    return boot_info_parse_memory(&memory, magic, phys, out);
}

const char *
boot_status_text(enum boot_status status)
{
    switch (status) {
    case BOOT_OK:
        return "fine";
    case BOOT_BAD_MAGIC:
        return "not started by a Multiboot loader";
    case BOOT_BAD_ADDRESS:
        return "the boot information is out of reach";
    case BOOT_BAD_STRUCTURE:
        return "the boot information contradicts itself";
    case BOOT_NO_MEMORY_MAP:
        return "the boot loader names no memory";
    }
    return "unknown";
}

const char *
boot_option(const struct boot_info *info, const char *key)
{
    size_t key_length = strlen(key);
    const char *found = NULL;
    uint32_t at = 0;

    while (at < info->options_bytes) {
        const char *word = &info->options[at];
        size_t length = strlen(word);

        if (strncmp(word, key, key_length) == 0) {
            if (word[key_length] == '=') {
                found = &word[key_length + 1];
            } else if (word[key_length] == '\0') {
                found = &word[key_length];
            }
        }
        at += (uint32_t)length + 1;
    }
    return found;
}

bool
boot_option_is(const struct boot_info *info, const char *key, const char *value)
{
    const char *given = boot_option(info, key);

    return given != NULL && strcmp(given, value) == 0;
}

const struct boot_module *
boot_module_lookup(const struct boot_info *info, const char *name)
{
    for (uint32_t i = 0; i < info->module_count; i++) {
        if (strcmp(info->modules[i].name, name) == 0) {
            return &info->modules[i];
        }
    }
    return NULL;
}
