/* SPDX-License-Identifier: MIT */
/* Finds and checks the manifest in the notes of a program. */
#include "manifest.h"

#include <secos/bootinfo.h>

#include <base/align.h>
#include <base/elf64.h>
#include <base/string.h>

_Static_assert(USER_STACK_TOP - MANIFEST_STACK_MAX - PAGE_BYTES > USER_MAP_BASE,
               "the largest stack leaves room for mappings");

/* One note, inside the bytes it was found in. */
struct manifest_view {
    uint32_t type;
    uint32_t name_bytes;
    uint32_t desc_bytes;
    const uint8_t *name;
    const uint8_t *desc;
};

struct manifest
manifest_absent(void)
{
    return (struct manifest){
        .permissions = MANIFEST_GROUPS_LEAST,
        .stack_bytes = USER_STACK_PAGES * PAGE_BYTES,
    };
}

/* Look at the note at @notes[0]. @bytes is what is left of the segment.
 * Returns its length with all padding, or 0 if it does not fit. The padding of
 * the last note may be missing: linkers differ. */
static uint64_t
manifest_view_note(const uint8_t *notes, uint64_t bytes, uint64_t align,
                   struct manifest_view *view)
{
    struct elf64_nhdr header;

    if (bytes < sizeof header) {
        return 0;
    }
    memcpy(&header, notes, sizeof header);

    /* Two 32-bit sizes: the sums below cannot wrap in 64 bits. */
    uint64_t desc_at = align_up(sizeof header + header.n_namesz, align);
    uint64_t desc_end = desc_at + header.n_descsz;
    uint64_t note_end = align_up(desc_end, align);

    if (desc_end > bytes) {
        return 0;
    }
    *view = (struct manifest_view){
        .type = header.n_type,
        .name_bytes = header.n_namesz,
        .desc_bytes = header.n_descsz,
        .name = notes + sizeof header,
        .desc = notes + desc_at,
    };
    return note_end < bytes ? note_end : bytes;
}

static bool
manifest_is_named_ours(const struct manifest_view *view)
{
    return view->name_bytes == sizeof MANIFEST_NOTE_NAME
           && memcmp(view->name, MANIFEST_NOTE_NAME, sizeof MANIFEST_NOTE_NAME)
                  == 0;
}

/* Copy the description out of @view, the fields of later versions zero. */
static enum elf_status
manifest_copy_desc(const struct manifest_view *view, struct manifest_desc *desc)
{
    uint32_t version;

    if (view->desc_bytes < sizeof version) {
        return ELF_MANIFEST_SIZE;
    }
    memcpy(&version, view->desc, sizeof version);
    if (version != 1 && version != 2) {
        return ELF_MANIFEST_VERSION;
    }

    uint32_t expected = version == 1 ? MANIFEST_V1_BYTES : MANIFEST_V2_BYTES;

    if (view->desc_bytes != expected) {
        return ELF_MANIFEST_SIZE;
    }
    memset(desc, 0, sizeof *desc);
    memcpy(desc, view->desc, expected);
    return ELF_OK;
}

static enum elf_status
manifest_check_desc(const struct manifest_desc *desc)
{
    if ((desc->flags & ~MANIFEST_FLAGS_KNOWN) != 0) {
        return ELF_MANIFEST_FLAGS;
    }
    if (desc->max_mem == 0) {
        return ELF_MANIFEST_MAX_MEM_ZERO;
    }
    if ((desc->permissions & ~MANIFEST_GROUPS_ALL) != 0) {
        return ELF_MANIFEST_PERMISSIONS;
    }
    if (desc->stack_bytes > MANIFEST_STACK_MAX
        || !is_aligned(desc->stack_bytes, PAGE_BYTES)) {
        return ELF_MANIFEST_STACK;
    }
    return ELF_OK;
}

/* Turn a checked description into what then applies. */
static struct manifest
manifest_from_desc(const struct manifest_desc *desc)
{
    struct manifest manifest = manifest_absent();

    manifest.present = true;
    manifest.version = desc->version;
    manifest.flags = desc->flags;
    manifest.max_mem = desc->max_mem;
    manifest.entry_hint = desc->entry_hint;
    manifest.priority_ceiling = desc->priority_ceiling;
    if (desc->version >= 2) {
        manifest.permissions = desc->permissions;
    }
    if (desc->stack_bytes != 0) {
        manifest.stack_bytes = desc->stack_bytes;
    }
    return manifest;
}

/* Take in one note: skip it if it is somebody else's. */
static enum elf_status
manifest_take_note(const struct manifest_view *view, struct manifest *manifest)
{
    bool named_ours = manifest_is_named_ours(view);
    struct manifest_desc desc;
    enum elf_status status;

    if (view->type != MANIFEST_NOTE_TYPE) {
        return named_ours ? ELF_MANIFEST_TYPE : ELF_OK;
    }
    if (!named_ours) {
        return ELF_MANIFEST_NAME;
    }
    if (manifest->present) {
        return ELF_MANIFEST_TWICE;
    }
    status = manifest_copy_desc(view, &desc);
    if (status != ELF_OK) {
        return status;
    }
    status = manifest_check_desc(&desc);
    if (status != ELF_OK) {
        return status;
    }
    *manifest = manifest_from_desc(&desc);
    return ELF_OK;
}

enum elf_status
manifest_read(const uint8_t *notes, uint64_t bytes, uint64_t align,
              struct manifest *manifest)
{
    struct manifest found = *manifest;
    uint64_t at = 0;

    while (at < bytes) {
        struct manifest_view view;
        uint64_t note_bytes =
            manifest_view_note(notes + at, bytes - at, align, &view);

        if (note_bytes == 0) {
            return ELF_NOTE_CUT;
        }

        enum elf_status status = manifest_take_note(&view, &found);

        if (status != ELF_OK) {
            return status;
        }
        at += note_bytes;
    }
    *manifest = found;
    return ELF_OK;
}
