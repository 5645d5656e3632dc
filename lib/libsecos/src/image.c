/* SPDX-License-Identifier: MIT */
/* A program takes its place. */
#include <base/align.h>
#include <base/compiler.h>
#include <base/elf64.h>

#include <libsecos/console.h>
#include <libsecos/image.h>
#include <libsecos/process.h>
#include <libsecos/region.h>
#include <libsecos/stdlib.h>

/* End the program, with a line that says why. */
static NORETURN void
image_refuse(const char *text, uint64_t bytes)
{
    (void)console_write(HANDLE_SLOT_CONSOLE, text, bytes);
    process_exit(EXIT_IMAGE);
}

#define IMAGE_REFUSE(text) image_refuse(text "\r\n", sizeof(text) + 1)

/* Whether @rela asks for what we do: an address, in a word of the data. */
static ALWAYS_INLINE bool
image_is_relocatable(const struct elf64_rela *rela)
{
    return rela->r_info == R_X86_64_RELATIVE
           && rela->r_offset >= image_layout.data
           && rela->r_offset <= image_layout.data_end - sizeof(uint64_t);
}

__attribute__((no_stack_protector)) void
image_relocate(void)
{
    uint64_t bias = image_bias();
    const struct elf64_rela *rela =
        (const struct elf64_rela *)(uintptr_t)(bias + image_layout.rela);
    const struct elf64_rela *end =
        (const struct elf64_rela *)(uintptr_t)(bias + image_layout.rela_end);

    for (; rela < end; rela++) {
        uint64_t value = bias + (uint64_t)rela->r_addend;

        if (!image_is_relocatable(rela)) {
            IMAGE_REFUSE("image: a relocation outside the data, or of "
                         "another kind");
        }
        __builtin_memcpy((void *)(uintptr_t)(bias + rela->r_offset), &value,
                         sizeof(value));
    }
    if (image_layout.relro_end != image_layout.data
        && region_protect(bias + image_layout.data,
                          (image_layout.relro_end - image_layout.data)
                              / PAGE_BYTES,
                          PROT_READ)
               != ST_OK) {
        IMAGE_REFUSE("image: its constants cannot be made read-only");
    }
}
