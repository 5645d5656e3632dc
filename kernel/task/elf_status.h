/* SPDX-License-Identifier: MIT */
/*
 * Why an image was refused: one code for each reason, so that a test can name
 * the reason it expects and a person can read it.
 *
 * The numbers are told to user space (module_info.elf_status) and never change
 * their meaning: a new reason gets a new number in its group.
 */
#pragma once

/* X(name, value, text) */
#define ELF_STATUS_LIST(X)                                                     \
    X(ELF_OK, 0, "a program that SecOS can run")                               \
    /* The file header. */                                                     \
    X(ELF_TRUNCATED, 1, "the file ends inside the ELF header")                 \
    X(ELF_MAGIC, 2, "not an ELF file")                                         \
    X(ELF_CLASS, 3, "not a 64-bit file")                                       \
    X(ELF_DATA, 4, "not little-endian")                                        \
    X(ELF_VERSION, 5, "unknown ELF version")                                   \
    X(ELF_OSABI, 6, "made for another operating system")                       \
    X(ELF_MACHINE, 7, "not for x86-64")                                        \
    X(ELF_TYPE, 8, "not an executable (an object, a library or a core)")       \
    X(ELF_TYPE_PIE, 9, "position independent: link it with -no-pie -static")   \
    X(ELF_FLAGS, 10, "processor flags that x86-64 does not define")            \
    X(ELF_EHSIZE, 11, "the header has the wrong size")                         \
    /* The table of program headers. */                                        \
    X(ELF_PHENTSIZE, 20, "program headers have the wrong size")                \
    X(ELF_PHNUM_ZERO, 21, "no program headers")                                \
    X(ELF_PHNUM_MANY, 22, "too many program headers")                          \
    X(ELF_PHOFF_UNALIGNED, 23, "the program header table is not aligned")      \
    X(ELF_PHOFF_IN_HEADER, 24, "the program header table is in the header")    \
    X(ELF_PHOFF_END, 25, "the file ends before its program header table does") \
    /* One PT_LOAD segment. */                                                 \
    X(ELF_SEGMENT_SIZES, 30, "a segment is larger in the file than in memory") \
    X(ELF_SEGMENT_FLAGS, 31, "a segment that is unreadable, or flags unknown") \
    X(ELF_SEGMENT_WX, 32, "a segment that is writable and executable")         \
    X(ELF_SEGMENT_ALIGN, 33, "a segment's alignment is no page size")          \
    X(ELF_SEGMENT_SKEW, 34, "a segment's offset and address do not agree")     \
    X(ELF_SEGMENT_FILE_WRAPS, 35, "a segment's file range wraps around")       \
    X(ELF_SEGMENT_FILE_END, 36, "the file ends inside a segment")              \
    X(ELF_SEGMENT_WRAPS, 37, "a segment's address range wraps around")         \
    X(ELF_SEGMENT_LOW, 38, "a segment in the pages kept unmapped for NULL")    \
    X(ELF_SEGMENT_MAP_AREA, 39, "a segment where mappings go")                 \
    X(ELF_SEGMENT_STACK, 40, "a segment in the stack or its guard")            \
    X(ELF_SEGMENT_NON_CANONICAL, 41, "a segment beyond user addresses")        \
    X(ELF_SEGMENT_KERNEL, 42, "a segment in the kernel's half")                \
    /* The segments of an image among each other. */                           \
    X(ELF_SEGMENTS_MANY, 50, "too many segments")                              \
    X(ELF_SEGMENTS_UNSORTED, 51, "segments are not in order of address")       \
    X(ELF_SEGMENTS_OVERLAP, 52, "segments overlap")                            \
    X(ELF_SEGMENTS_SHARE_PAGE, 53, "two segments share a page")                \
    X(ELF_NO_SEGMENT, 54, "nothing to load")                                   \
    X(ELF_NO_CODE, 55, "no executable segment")                                \
    /* The entry. */                                                           \
    X(ELF_ENTRY_KERNEL, 60, "the entry is no user address")                    \
    X(ELF_ENTRY_OUTSIDE, 61, "the entry is in no segment")                     \
    X(ELF_ENTRY_NOT_CODE, 62, "the entry is in a segment without code")        \
    X(ELF_ENTRY_PADDING, 63, "the entry is behind the end of the code")        \
    X(ELF_ENTRY_HINT, 64, "the entry is not the one the manifest names")       \
    /* Other program headers. */                                               \
    X(ELF_INTERP, 70, "wants a program interpreter: link it with -static")     \
    X(ELF_DYNAMIC, 71, "wants a dynamic linker: link it with -static")         \
    X(ELF_STACK_EXEC, 72, "wants an executable stack")                         \
    X(ELF_TLS_TWICE, 73, "two thread-local templates")                         \
    X(ELF_TLS_SIZES, 74, "a thread-local template with impossible sizes")      \
    X(ELF_TLS_ALIGN, 75, "a thread-local template with an odd alignment")      \
    X(ELF_TLS_OUTSIDE, 76, "a thread-local template outside the segments")     \
    /* Notes: how they are laid out. */                                        \
    X(ELF_NOTE_FILE_END, 80, "the file ends inside its notes")                 \
    X(ELF_NOTE_LARGE, 81, "a note segment that is too large")                  \
    X(ELF_NOTE_UNALIGNED, 82, "notes that are not aligned")                    \
    X(ELF_NOTE_CUT, 83, "a note reaches beyond its segment")                   \
    /* The manifest. */                                                        \
    X(ELF_MANIFEST_TWICE, 90, "two manifests")                                 \
    X(ELF_MANIFEST_NAME, 91, "a manifest whose name is not SECOS and a NUL")   \
    X(ELF_MANIFEST_TYPE, 92, "a SECOS note of unknown type")                   \
    X(ELF_MANIFEST_SIZE, 93, "a manifest of the wrong size for its version")   \
    X(ELF_MANIFEST_VERSION, 94, "a manifest of unknown version")               \
    X(ELF_MANIFEST_FLAGS, 95, "a manifest with unknown flags")                 \
    X(ELF_MANIFEST_MAX_MEM_ZERO, 96, "a manifest that allows no memory")       \
    X(ELF_MANIFEST_MAX_MEM_SMALL, 97,                                          \
      "a manifest allows less than the image has")                             \
    X(ELF_MANIFEST_PERMISSIONS, 98, "a manifest with unknown permissions")     \
    X(ELF_MANIFEST_STACK, 99, "a manifest with an impossible stack size")

enum elf_status {
#define ELF_STATUS_ENUM(name, value, text) name = value,
    ELF_STATUS_LIST(ELF_STATUS_ENUM)
#undef ELF_STATUS_ENUM
};
