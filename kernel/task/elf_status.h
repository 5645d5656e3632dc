/* SPDX-License-Identifier: MIT */
/*
 * Why an image was refused: one code for each reason, so that a test can name
 * the reason it expects and a person can read it.
 *
 * The numbers are told to user space (module_info.elf_status) and never change
 * their meaning: a new reason gets a new number in its group. 9 was TYPE_PIE,
 * from when a position-independent program was refused.
 */
#pragma once

/* X(name without ELF_, value, text) */
#define ELF_STATUS_LIST(X)                                                 \
    X(OK, 0, "a program that SecOS can run")                               \
    /* The file header. */                                                 \
    X(TRUNCATED, 1, "the file ends inside the ELF header")                 \
    X(MAGIC, 2, "not an ELF file")                                         \
    X(CLASS, 3, "not a 64-bit file")                                       \
    X(DATA, 4, "not little-endian")                                        \
    X(VERSION, 5, "unknown ELF version")                                   \
    X(OSABI, 6, "made for another operating system")                       \
    X(MACHINE, 7, "not for x86-64")                                        \
    X(TYPE, 8, "not an executable (an object, a library or a core)")       \
    X(FLAGS, 10, "processor flags that x86-64 does not define")            \
    X(EHSIZE, 11, "the header has the wrong size")                         \
    /* The table of program headers. */                                    \
    X(PHENTSIZE, 20, "program headers have the wrong size")                \
    X(PHNUM_ZERO, 21, "no program headers")                                \
    X(PHNUM_MANY, 22, "too many program headers")                          \
    X(PHOFF_UNALIGNED, 23, "the program header table is not aligned")      \
    X(PHOFF_IN_HEADER, 24, "the program header table is in the header")    \
    X(PHOFF_END, 25, "the file ends before its program header table does") \
    /* One PT_LOAD segment. */                                             \
    X(SEGMENT_SIZES, 30, "a segment is larger in the file than in memory") \
    X(SEGMENT_FLAGS, 31, "a segment that is unreadable, or flags unknown") \
    X(SEGMENT_WX, 32, "a segment that is writable and executable")         \
    X(SEGMENT_ALIGN, 33, "a segment's alignment is no page size")          \
    X(SEGMENT_SKEW, 34, "a segment's offset and address do not agree")     \
    X(SEGMENT_FILE_WRAPS, 35, "a segment's file range wraps around")       \
    X(SEGMENT_FILE_END, 36, "the file ends inside a segment")              \
    X(SEGMENT_WRAPS, 37, "a segment's address range wraps around")         \
    X(SEGMENT_LOW, 38, "a segment in the pages kept unmapped for NULL")    \
    X(SEGMENT_MAP_AREA, 39, "a segment where mappings go")                 \
    X(SEGMENT_STACK, 40, "a segment in the stack or its guard")            \
    X(SEGMENT_NON_CANONICAL, 41, "a segment beyond user addresses")        \
    X(SEGMENT_KERNEL, 42, "a segment in the kernel's half")                \
    /* The segments of an image among each other. */                       \
    X(SEGMENTS_MANY, 50, "too many segments")                              \
    X(SEGMENTS_UNSORTED, 51, "segments are not in order of address")       \
    X(SEGMENTS_OVERLAP, 52, "segments overlap")                            \
    X(SEGMENTS_SHARE_PAGE, 53, "two segments share a page")                \
    X(NO_SEGMENT, 54, "nothing to load")                                   \
    X(NO_CODE, 55, "no executable segment")                                \
    X(SPAN, 56, "segments too far from each other to be placed together")  \
    /* The entry. */                                                       \
    X(ENTRY_KERNEL, 60, "the entry is no user address")                    \
    X(ENTRY_OUTSIDE, 61, "the entry is in no segment")                     \
    X(ENTRY_NOT_CODE, 62, "the entry is in a segment without code")        \
    X(ENTRY_PADDING, 63, "the entry is behind the end of the code")        \
    X(ENTRY_HINT, 64, "the entry is not the one the manifest names")       \
    /* Other program headers. */                                           \
    X(INTERP, 70, "wants a program interpreter: link it with -static")     \
    X(DYNAMIC, 71, "wants a dynamic linker: link it with -static")         \
    X(DYNAMIC_TWICE, 100, "two dynamic sections")                          \
    X(DYNAMIC_MISSING, 101, "position independent, but not -static-pie")   \
    X(DYNAMIC_OUTSIDE, 102, "a dynamic section outside the segments")      \
    X(DYNAMIC_LARGE, 103, "a dynamic section that is too large")           \
    X(DYNAMIC_ENDLESS, 104, "a dynamic section without an end")            \
    X(DYNAMIC_NEEDED, 105, "wants shared libraries: link it -static-pie")  \
    X(DYNAMIC_TEXTREL, 106, "wants its code written to: compile it -fpie") \
    X(STACK_EXEC, 72, "wants an executable stack")                         \
    X(TLS_TWICE, 73, "two thread-local templates")                         \
    X(TLS_SIZES, 74, "a thread-local template with impossible sizes")      \
    X(TLS_ALIGN, 75, "a thread-local template with an odd alignment")      \
    X(TLS_OUTSIDE, 76, "a thread-local template outside the segments")     \
    /* Notes: how they are laid out. */                                    \
    X(NOTE_FILE_END, 80, "the file ends inside its notes")                 \
    X(NOTE_LARGE, 81, "a note segment that is too large")                  \
    X(NOTE_UNALIGNED, 82, "notes that are not aligned")                    \
    X(NOTE_CUT, 83, "a note reaches beyond its segment")                   \
    /* The manifest. */                                                    \
    X(MANIFEST_TWICE, 90, "two manifests")                                 \
    X(MANIFEST_NAME, 91, "a manifest whose name is not SECOS and a NUL")   \
    X(MANIFEST_TYPE, 92, "a SECOS note of unknown type")                   \
    X(MANIFEST_SIZE, 93, "a manifest of the wrong size for its version")   \
    X(MANIFEST_VERSION, 94, "a manifest of unknown version")               \
    X(MANIFEST_FLAGS, 95, "a manifest with unknown flags")                 \
    X(MANIFEST_MAX_MEM_ZERO, 96, "a manifest that allows no memory")       \
    X(MANIFEST_MAX_MEM_SMALL, 97, "a manifest that allows too little")     \
    X(MANIFEST_PERMISSIONS, 98, "a manifest with unknown permissions")     \
    X(MANIFEST_STACK, 99, "a manifest with an impossible stack size")

enum elf_status {
#define ELF_STATUS_ENUM(name, value, text) ELF_##name = (value),
    ELF_STATUS_LIST(ELF_STATUS_ENUM)
#undef ELF_STATUS_ENUM
};
