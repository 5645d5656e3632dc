/* SPDX-License-Identifier: MIT */
/*
 * The part of the ELF file format that SecOS reads, under the names of the
 * specification.
 *
 *      0 +------------------+
 *        | elf64_ehdr       |  e_phoff, e_phnum say where the table is
 *        +------------------+
 *        | elf64_phdr [0]   |  p_type says what it describes,
 *        | elf64_phdr [1]   |  p_offset and p_filesz which bytes of the file
 *        | ...              |
 *        +------------------+
 *        | segments, notes  |
 *
 * Section headers are for linkers and debuggers: nothing here reads them.
 *
 * Source: System V ABI, "ELF-64 Object File Format", version 1.5, and its
 * "AMD64 Architecture Processor Supplement", "Object Files" (chapter 4).
 */
#pragma once

#include <stdint.h>

/* e_ident */
#define EI_CLASS   4
#define EI_DATA    5
#define EI_VERSION 6
#define EI_OSABI   7
#define EI_NIDENT  16

#define ELF64_MAGIC       "\177ELF"
#define ELF64_MAGIC_BYTES 4u

#define ELFCLASS64    2u
#define ELFDATA2LSB   1u
#define EV_CURRENT    1u
#define ELFOSABI_SYSV 0u
#define ELFOSABI_GNU  3u

/* e_type */
#define ET_EXEC 2u
#define ET_DYN  3u

#define EM_X86_64 62u

struct elf64_ehdr {
    uint8_t e_ident[EI_NIDENT];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};

_Static_assert(sizeof(struct elf64_ehdr) == 64, "as the file has it");

/* p_type; others may be ignored by whoever does not know them */
#define PT_LOAD      1u
#define PT_DYNAMIC   2u
#define PT_INTERP    3u
#define PT_NOTE      4u
#define PT_TLS       7u
#define PT_GNU_STACK 0x6474E551u

/* p_flags */
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

struct elf64_phdr {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};

_Static_assert(sizeof(struct elf64_phdr) == 56, "as the file has it");

/* An entry of the dynamic section, which ends with one of tag DT_NULL. */
struct elf64_dyn {
    uint64_t d_tag;
    uint64_t d_val;
};

_Static_assert(sizeof(struct elf64_dyn) == 16, "as the file has it");

/* d_tag; the linker writes others that only a dynamic linker reads */
#define DT_NULL    0u
#define DT_NEEDED  1u
#define DT_TEXTREL 22u
#define DT_FLAGS   30u

/* of DT_FLAGS */
#define DF_TEXTREL 4u

/* A relocation. */
struct elf64_rela {
    uint64_t r_offset;
    uint64_t r_info; /* of what kind, and by which symbol */
    int64_t r_addend;
};

_Static_assert(sizeof(struct elf64_rela) == 24, "as the file has it");

/* r_info without a symbol: the word is the bias plus the addend. */
#define R_X86_64_RELATIVE 8u

/* A note: this, then the name, then the description, each padded to the
 * alignment of its segment (4 or 8). */
struct elf64_nhdr {
    uint32_t n_namesz; /* with the NUL at its end */
    uint32_t n_descsz;
    uint32_t n_type;
};

_Static_assert(sizeof(struct elf64_nhdr) == 12, "as the file has it");
