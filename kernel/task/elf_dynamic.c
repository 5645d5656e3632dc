/* SPDX-License-Identifier: MIT */
/* Reads a dynamic section for what must not be in it. */
#include "elf_dynamic.h"

#include <base/checked.h>
#include <base/elf64.h>

#include "elf_image.h"

bool
elf_dynamic_is_in_segment(const struct elf_segment *extent,
                          const struct elf_plan *plan)
{
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];

        if (checked_range_inside(extent->vaddr, extent->file_bytes,
                                 segment->vaddr,
                                 segment->vaddr + segment->file_bytes)
            && extent->offset - segment->offset
                   == extent->vaddr - segment->vaddr) {
            return true;
        }
    }
    return false;
}

/* What one entry asks for. */
static enum elf_status
elf_dynamic_check_entry(const struct elf64_dyn *entry)
{
    if (entry->d_tag == DT_NEEDED) {
        return ELF_DYNAMIC_NEEDED;
    }
    if (entry->d_tag == DT_TEXTREL
        || (entry->d_tag == DT_FLAGS && (entry->d_val & DF_TEXTREL) != 0)) {
        return ELF_DYNAMIC_TEXTREL;
    }
    return ELF_OK;
}

enum elf_status
elf_dynamic_check(const struct elf_image *image,
                  const struct elf_segment *extent, const struct elf_plan *plan)
{
    uint64_t end = extent->offset + extent->file_bytes;
    struct elf64_dyn entry;

    if (extent->file_bytes > ELF_DYNAMIC_BYTES_MAX) {
        return ELF_DYNAMIC_LARGE;
    }
    if (!elf_dynamic_is_in_segment(extent, plan)) {
        return ELF_DYNAMIC_OUTSIDE;
    }
    /* Inside a segment's file bytes, which are in the image: no sum wraps. */
    for (uint64_t at = extent->offset; end - at >= sizeof entry;
         at += sizeof entry) {
        elf_image_read(image, at, &entry, sizeof entry);
        if (entry.d_tag == DT_NULL) {
            return ELF_OK;
        }

        enum elf_status status = elf_dynamic_check_entry(&entry);

        if (status != ELF_OK) {
            return status;
        }
    }
    return ELF_DYNAMIC_ENDLESS;
}
