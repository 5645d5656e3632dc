#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build tiny SecOS programs, sound or with one given defect.

    elf_make.py list                         every variant, with what must happen
    elf_make.py make NAME [-o FILE]          one image
    elf_make.py all DIR                      every image, DIR/NAME.elf
    elf_make.py corpus DIR                   the same as fuzz seeds, DIR/NAME

From pytest:  import elf_make; elf_make.VARIANTS[name].build() -> bytes.

A variant is a function that spoils a sound program. Its `status` is the name of
the code that elf_validate must return (kernel/task/elf_status.h, without ELF_),
its `row` the line of the table of hostile tests. Sound variants say how the
program ends when it is run.

The sound program, when run, looks at memory that must be zero (the bss, the
tail of the last file page of data and of text, H107) and exits with status 0 if
it is, 1 if not. The file has 0xCC in those places, so a loader that maps whole
file pages is caught.
"""
import argparse
import dataclasses
import pathlib
import re
import struct
import sys
from typing import Callable, Dict, List, Optional

ROOT = pathlib.Path(__file__).resolve().parents[2]

PAGE = 0x1000
BASE = 0x400000
USER_BASE = 0x10000
USER_MAP_BASE = 0x0000100000000000
USER_STACK_TOP = 0x00007FFFFFFF0000
USER_END = 0x00007FFFFFFFF000
STACK_PAGES = 256
U64 = 1 << 64

PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_TLS = 0, 1, 2, 3, 4, 7
PT_GNU_STACK = 0x6474E551
X, W, R = 1, 2, 4

SYS_EXIT = 0x1001
NOTE_TYPE = 0x51534543
ALL_GROUPS = 0xFF

TEXT_AT, DATA_AT, FILE_END = 0x1000, 0x2000, 0x3000
TEXT_BYTES, DATA_BYTES, DATA_MEM = 0x200, 0x123, 0x2345
NOTE_AT = 0x200
DYNAMIC_AT = DATA_AT + 0x60

DT_NULL, DT_NEEDED, DT_TEXTREL, DT_FLAGS = 0, 1, 22, 30
DT_RELACOUNT, DT_FLAGS_1 = 0x6FFFFFF9, 0x6FFFFFFB
DF_TEXTREL = 4


def status_numbers() -> Dict[str, int]:
    """Name without ELF_ -> number, from the header that defines them."""
    text = (ROOT / "kernel/task/elf_status.h").read_text()
    return {n: int(v) for n, v in re.findall(r"\bX\((\w+),\s*(\d+),", text)}


@dataclasses.dataclass
class Phdr:
    """A program header; the field names of the specification without p_."""
    type: int
    flags: int = 0
    offset: int = 0
    vaddr: int = 0
    filesz: int = 0
    memsz: int = 0
    align: int = PAGE

    def pack(self) -> bytes:
        q = [v % U64 for v in (self.offset, self.vaddr, self.vaddr, self.filesz,
                               self.memsz, self.align)]
        return struct.pack("<II6Q", self.type, self.flags, *q)

    def move(self, vaddr: int) -> None:
        """To the page of vaddr, in agreement with the offset."""
        self.vaddr = vaddr + self.offset % PAGE


def zero_check(at, ranges) -> bytes:
    """Machine code for address @at: exit(0) if every byte of [start, end) is zero, else
    1. It runs at any other address, too, if the ranges moved with it."""
    code = b"\x31\xdb\xfc"                              # xor ebx,ebx; cld
    for start, end in ranges:
        code += b"\x48\x8d\x3d" + struct.pack("<i", start - (at + len(code) + 7))  # lea rdi, [start]
        code += b"\x48\xb9" + struct.pack("<Q", end - start)  # mov rcx, length
        code += b"\x31\xc0\xf3\xae"                     # xor eax,eax; repe scasb
        code += b"\x0f\x95\xc0\x08\xc3"                 # setne al; or bl,al
    code += b"\x0f\xb6\xfb"                             # movzx edi, bl
    code += b"\xb8" + struct.pack("<I", SYS_EXIT)       # mov eax, SYS_exit
    return code + b"\xcd\x80\x0f\x0b"                   # int 0x80; ud2


def note(name: bytes, kind: int, desc: bytes, namesz: Optional[int] = None,
         descsz: Optional[int] = None, align: int = 4) -> bytes:
    def pad(b: bytes, before: int = 0) -> bytes:
        return b + bytes(-(before + len(b)) % align)
    head = struct.pack("<III", len(name) if namesz is None else namesz,
                       len(desc) if descsz is None else descsz, kind)
    return head + pad(name, 12) + pad(desc)


class Image:
    """A sound program; every part may be changed before build()."""

    def __init__(self) -> None:
        self.ehdr = dict(magic=b"\x7fELF", cls=2, data=1, ident_version=1, osabi=0,
                         type=2, machine=62, version=1, entry=BASE + TEXT_AT,
                         phoff=64, shoff=0, flags=0, ehsize=64, phentsize=56,
                         phnum=None, shentsize=0, shnum=0, shstrndx=0)
        self.headers = Phdr(PT_LOAD, R, 0, BASE, NOTE_AT, NOTE_AT)
        self.text = Phdr(PT_LOAD, R | X, TEXT_AT, BASE + TEXT_AT,
                         TEXT_BYTES, TEXT_BYTES)
        self.data = Phdr(PT_LOAD, R | W, DATA_AT, BASE + DATA_AT, DATA_BYTES, DATA_MEM)
        self.notes = Phdr(PT_NOTE, R, NOTE_AT, BASE + NOTE_AT, align=4)
        self.stack = Phdr(PT_GNU_STACK, R | W, align=16)
        self.tls = Phdr(PT_TLS, R, DATA_AT + 0x40, BASE + DATA_AT + 0x40, 0x20, 0x60, 16)
        # Only what spoil_pie() and its like made movable has this one.
        self.dynamic = Phdr(PT_DYNAMIC, R | W, DYNAMIC_AT, BASE + DYNAMIC_AT, 4 * 16, 4 * 16, 8)
        self.entries = [(DT_FLAGS, 0x8), (DT_FLAGS_1, 0x8000000), (DT_RELACOUNT, 0), (DT_NULL, 0)]
        self.phdrs: List[Phdr] = [self.headers, self.text, self.data, self.notes,
                                  self.stack, self.tls]
        # The manifest's fields; version 1 uses the first four.
        self.version, self.flags, self.max_mem, self.hint = 2, 0xF, 1 << 24, None
        self.permissions, self.priority, self.stack_bytes = ALL_GROUPS, 0, 0
        self.name, self.note_type = b"SECOS\0", NOTE_TYPE
        self.namesz: Optional[int] = None
        self.descsz: Optional[int] = None
        self.desc: Optional[bytes] = None
        self.note_bytes: Optional[bytes] = None  # instead of all the above
        self.cut: Optional[int] = None           # length of the file
        self.entry_offset = 0

    def manifest_note(self) -> bytes:
        if self.note_bytes is not None:
            return self.note_bytes
        entry = self.ehdr["entry"]
        desc = struct.pack("<IIQQ", self.version, self.flags, self.max_mem % U64,
                           (entry if self.hint is None else self.hint) % U64)
        if self.version != 1:
            desc += struct.pack("<IIQ", self.permissions, self.priority,
                                self.stack_bytes % U64)
        return note(self.name, self.note_type, desc if self.desc is None else self.desc,
                    self.namesz, self.descsz, 8 if self.notes.align == 8 else 4)

    def build(self) -> bytes:
        e = self.ehdr
        notes = self.manifest_note()
        if self.notes.filesz == 0:
            self.notes.filesz = self.notes.memsz = len(notes)
        code = zero_check(BASE + TEXT_AT, [
            (BASE + DATA_AT + DATA_BYTES, BASE + DATA_AT + 3 * PAGE),
            (BASE + TEXT_AT + TEXT_BYTES, BASE + TEXT_AT + PAGE)])
        blob = bytearray(b"\xcc" * FILE_END)
        head = e["magic"] + bytes([e["cls"], e["data"], e["ident_version"], e["osabi"]])
        phnum = len(self.phdrs) if e["phnum"] is None else e["phnum"]
        head += bytes(8) + struct.pack(
            "<HHIQQQIHHHHHH", e["type"], e["machine"], e["version"], e["entry"] % U64,
            e["phoff"] % U64, e["shoff"], e["flags"], e["ehsize"], e["phentsize"], phnum,
            e["shentsize"], e["shnum"], e["shstrndx"])
        table = b"".join(p.pack() for p in self.phdrs)
        blob[0:64] = head
        if 64 + len(table) > NOTE_AT:
            raise ValueError("too many program headers for this layout")
        blob[64:NOTE_AT] = table + bytes(NOTE_AT - 64 - len(table))
        blob[NOTE_AT:NOTE_AT + len(notes)] = notes
        blob[TEXT_AT:TEXT_AT + len(code)] = code
        blob[DATA_AT:DATA_AT + DATA_BYTES] = b"\xda" * DATA_BYTES
        if self.dynamic in self.phdrs:
            section = b"".join(struct.pack("<QQ", tag, value % U64) for tag, value in self.entries)
            blob[DYNAMIC_AT:DYNAMIC_AT + len(section)] = section
        return bytes(blob if self.cut is None else blob[:self.cut])


@dataclasses.dataclass
class Variant:
    """@status is a name of elf_status.h; @exit the status of a sound program."""
    name: str
    row: str
    status: str
    spoil: Callable[[Image], None]
    exit: Optional[int] = None

    def build(self) -> bytes:
        image = Image()
        self.spoil(image)
        return image.build()


VARIANTS: Dict[str, Variant] = {}


def sound(name: str, spoil: Callable[[Image], None] = lambda i: None, row: str = "H107",
          code: int = 0) -> None:
    VARIANTS[name] = Variant(name, row, "OK", spoil, code)


def bad(row: str, name: str, status: str, spoil: Callable[[Image], None]) -> None:
    assert name not in VARIANTS, name
    VARIANTS[name] = Variant(name, row, status, spoil)


def put(target: str, **fields) -> Callable[[Image], None]:
    """A spoiler that sets fields of image.TARGET ('' = of the image itself)."""
    def spoil(image: Image) -> None:
        thing = getattr(image, target) if target else image
        for key, value in fields.items():
            value = value(image) if callable(value) else value
            if isinstance(thing, dict):
                thing[key] = value
            else:
                setattr(thing, key, value)
    return spoil


def moved(target: str, vaddr: int) -> Callable[[Image], None]:
    return lambda image: getattr(image, target).move(vaddr)


def both(*spoilers: Callable[[Image], None]) -> Callable[[Image], None]:
    def spoil(image: Image) -> None:
        for s in spoilers:
            s(image)
    return spoil


def extra(**fields) -> Callable[[Image], None]:
    """One more program header, at the end of the table."""
    return lambda image: image.phdrs.append(Phdr(**fields))


def again(target: str) -> Callable[[Image], None]:
    """A copy of one of the headers at the end of the table, when all is set."""
    return lambda image: image.phdrs.append(getattr(image, target))


def only(*targets: str) -> Callable[[Image], None]:
    def spoil(image: Image) -> None:
        image.phdrs = [getattr(image, t) for t in targets]
    return spoil


def without(target: str) -> Callable[[Image], None]:
    def spoil(image: Image) -> None:
        image.phdrs = [p for p in image.phdrs if p is not getattr(image, target)]
    return spoil


def pie(base: int, *more: Callable[[Image], None]) -> Callable[[Image], None]:
    """A position-independent program, linked to begin at @base, and further spoilt."""
    def spoil(image: Image) -> None:
        image.ehdr["type"] = 3
        image.ehdr["entry"] += base - BASE
        image.phdrs.append(image.dynamic)
        for phdr in image.phdrs:
            phdr.vaddr += base - BASE
        for one in more:
            one(image)
    return spoil


def swap_text_and_data(image: Image) -> None:
    image.phdrs[1], image.phdrs[2] = image.phdrs[2], image.phdrs[1]


def many_segments(image: Image) -> None:
    """Seventeen one-byte segments: the table stands where data was."""
    image.phdrs = []
    image.ehdr.update(phoff=DATA_AT, phnum=17)
    table = b"".join(Phdr(PT_LOAD, R, TEXT_AT, BASE + (i + 1) * PAGE, 1, 1).pack()
                     for i in range(17))
    build = image.build
    image.build = lambda: (lambda b: b[:DATA_AT] + table + b[DATA_AT + len(table):])(build())


# --- sound ones ------------------------------------------------------------------------
sound("good")
sound("good-manifest-v1", put("", version=1))
sound("good-no-manifest", without("notes"), row="H106")
sound("good-empty-segment", extra(type=PT_LOAD), row="H98")
sound("good-note-align-8", put("notes", align=8), row="H106")
sound("good-no-hint", put("", hint=0), row="H103")
sound("good-max-mem-exact", put("", max_mem=5 * PAGE + 256 * PAGE + 64 * PAGE), row="H106")
sound("good-least-privilege", put("", permissions=0b100101), row="H106")
sound("good-osabi-gnu", put("ehdr", osabi=3), row="H104")
sound("good-no-gnu-stack", without("stack"), row="H99")

# --- H95: cut; every length is tests/host/test_elf.c's business --------------------------
for length in (0, 1, 4, 63):
    bad("H95", f"cut-in-header-{length}", "TRUNCATED", put("", cut=length))
bad("H95", "cut-in-table", "PHOFF_END", put("", cut=65))
bad("H95", "cut-in-table-end", "PHOFF_END", put("", cut=64 + 6 * 56 - 1))
bad("H95", "cut-in-text", "SEGMENT_FILE_END", put("", cut=TEXT_AT + 1))
bad("H95", "cut-in-data", "SEGMENT_FILE_END", put("", cut=DATA_AT + DATA_BYTES - 1))
bad("H95", "cut-in-notes", "NOTE_FILE_END", put("notes", offset=FILE_END - 4))

# --- H96: the table ----------------------------------------------------------------------
bad("H96", "phoff-wraps", "PHOFF_END", put("ehdr", phoff=-56))
bad("H96", "phoff-unaligned", "PHOFF_UNALIGNED", put("ehdr", phoff=65))
bad("H96", "phoff-at-end", "PHOFF_END", put("ehdr", phoff=FILE_END))
bad("H96", "phoff-in-header", "PHOFF_IN_HEADER", put("ehdr", phoff=8))
for size in (0, 55, 57, 65535):
    bad("H96", f"phentsize-{size}", "PHENTSIZE", put("ehdr", phentsize=size))
bad("H96", "phnum-0", "PHNUM_ZERO", put("ehdr", phnum=0))
bad("H96", "phnum-65535", "PHNUM_MANY", put("ehdr", phnum=65535))
bad("H96", "ehsize-0", "EHSIZE", put("ehdr", ehsize=0))

# --- H97, H98: sums and sizes ------------------------------------------------------------
bad("H97", "file-range-wraps", "SEGMENT_FILE_WRAPS",
    put("text", offset=-PAGE, filesz=PAGE, memsz=PAGE))
bad("H97", "memory-range-wraps", "SEGMENT_WRAPS", put("data", vaddr=-PAGE))
bad("H98", "memsz-below-filesz", "SEGMENT_SIZES", put("data", memsz=DATA_BYTES - 1))
bad("H98", "memsz-2-63", "SEGMENT_NON_CANONICAL", put("data", memsz=1 << 63))

# --- H99: W^X ----------------------------------------------------------------------------
bad("H99", "text-writable", "SEGMENT_WX", put("text", flags=R | W | X))
bad("H99", "data-executable", "SEGMENT_WX", put("data", flags=R | W | X))
bad("H99", "stack-executable", "STACK_EXEC", put("stack", flags=R | W | X))
bad("H99", "segment-unreadable", "SEGMENT_FLAGS", put("data", flags=W))

# --- H100: segments among each other -----------------------------------------------------
bad("H100", "overlap-by-a-byte", "SEGMENTS_OVERLAP", put("text", memsz=PAGE + 1))
bad("H100", "overlap-by-a-page", "SEGMENTS_SHARE_PAGE",
    put("data", offset=TEXT_AT + 0x800, vaddr=BASE + TEXT_AT + 0x800))
bad("H100", "unsorted", "SEGMENTS_UNSORTED", swap_text_and_data)
bad("H100", "duplicate", "SEGMENTS_OVERLAP", again("data"))
bad("H100", "segments-17", "SEGMENTS_MANY", many_segments)

# --- H101: where it may not be -----------------------------------------------------------
bad("H101", "at-null", "SEGMENT_LOW", moved("headers", 0))
bad("H101", "below-user-base", "SEGMENT_LOW", moved("headers", USER_BASE - PAGE))
bad("H101", "in-map-area", "SEGMENT_MAP_AREA", moved("data", USER_MAP_BASE))
bad("H101", "end-in-map-area", "SEGMENT_MAP_AREA", moved("data", USER_MAP_BASE - PAGE))
bad("H101", "in-stack", "SEGMENT_STACK", moved("data", USER_STACK_TOP - 3 * PAGE))
bad("H101", "in-stack-guard", "SEGMENT_STACK",
    moved("data", USER_STACK_TOP - (STACK_PAGES + 1) * PAGE))
bad("H101", "end-in-stack", "SEGMENT_STACK",
    put("data", memsz=USER_STACK_TOP - BASE - DATA_AT))
bad("H101", "non-canonical", "SEGMENT_NON_CANONICAL", moved("data", 1 << 47))
bad("H101", "end-non-canonical", "SEGMENT_NON_CANONICAL", moved("data", (1 << 47) - PAGE))
bad("H101", "in-kernel", "SEGMENT_KERNEL", moved("data", 0xFFFFFFFF80000000))
bad("H101", "end-in-kernel", "SEGMENT_KERNEL",
    put("data", memsz=0xFFFF800000000001 - BASE - DATA_AT))

# --- H102: alignment ---------------------------------------------------------------------
for align in (0, 1, 3, 1 << 63):
    bad("H102", f"align-{align:x}", "SEGMENT_ALIGN", put("text", align=align))
bad("H102", "offset-disagrees", "SEGMENT_SKEW", put("text", vaddr=BASE + TEXT_AT + 0x10))

# --- H103: the entry ---------------------------------------------------------------------
for where, at, status in (
        ("at-null", 0, "ENTRY_OUTSIDE"),
        ("outside", BASE - 1, "ENTRY_OUTSIDE"),
        ("in-data", BASE + DATA_AT, "ENTRY_NOT_CODE"),
        ("in-padding", BASE + TEXT_AT + TEXT_BYTES, "ENTRY_PADDING"),
        ("in-kernel", 0xFFFFFFFF80000000, "ENTRY_KERNEL"),
        ("non-canonical", 1 << 47, "ENTRY_KERNEL")):
    bad("H103", f"entry-{where}", status, put("ehdr", entry=at))
bad("H103", "entry-not-the-hint", "ENTRY_HINT", put("", hint=BASE + TEXT_AT + 1))

# --- H104: not a static program for us ---------------------------------------------------
bad("H104", "interp", "INTERP", extra(type=PT_INTERP, offset=TEXT_AT, filesz=16))
bad("H104", "dynamic", "DYNAMIC", extra(type=PT_DYNAMIC, offset=DATA_AT, filesz=32))
for kind, number, status in (("rel", 1, "TYPE"), ("dyn", 3, "DYNAMIC_MISSING"), ("core", 4, "TYPE")):
    bad("H104", f"type-{kind}", status, put("ehdr", type=number))
bad("H104", "machine-i386", "MACHINE", put("ehdr", machine=3))
bad("H104", "class-32", "CLASS", put("ehdr", cls=1))
bad("H104", "data-big-endian", "DATA", put("ehdr", data=2))
bad("H104", "version-0", "VERSION", put("ehdr", version=0))
bad("H104", "osabi-freebsd", "OSABI", put("ehdr", osabi=9))
bad("H104", "flags-1", "FLAGS", put("ehdr", flags=1))
bad("H104", "magic", "MAGIC", put("ehdr", magic=b"\x7fELK"))
bad("H104", "tls-twice", "TLS_TWICE", again("tls"))
bad("H104", "tls-sizes", "TLS_SIZES", put("tls", memsz=0x1F))
bad("H104", "tls-align", "TLS_ALIGN", put("tls", align=3))
bad("H104", "tls-outside", "TLS_OUTSIDE", put("tls", vaddr=BASE + TEXT_AT + PAGE - 1))

# --- H104: position independent, and what a static PIE must not be ------------------------
sound("good-pie", pie(0), row="H104")
sound("good-pie-linked-high", pie(USER_MAP_BASE - 16 * PAGE), row="H104")
sound("good-pie-no-manifest", pie(0, without("notes")), row="H104")
sound("good-pie-align-2m", pie(0, put("text", align=1 << 21)), row="H104")
sound("good-pie-align-1g", pie(3 << 30, put("data", align=1 << 30)), row="H104")
sound("good-pie-not-aligned", pie(5 << 20, put("text", align=1 << 20)), row="H104")
bad("H104", "pie-interp", "INTERP", pie(0, extra(type=PT_INTERP, offset=TEXT_AT, filesz=16)))
bad("H104", "pie-no-dynamic", "DYNAMIC_MISSING", pie(0, without("dynamic")))
bad("H104", "pie-dynamic-twice", "DYNAMIC_TWICE", pie(0, again("dynamic")))
bad("H104", "pie-dynamic-empty", "DYNAMIC_ENDLESS", pie(0, put("dynamic", filesz=0, memsz=0)))
bad("H104", "pie-dynamic-in-bss", "DYNAMIC_OUTSIDE", pie(0, moved("dynamic", DATA_AT + PAGE)))
bad("H104", "pie-dynamic-beyond", "DYNAMIC_OUTSIDE", pie(0, put("dynamic", filesz=DATA_BYTES - 0x60 + 1)))
bad("H104", "pie-dynamic-skewed", "DYNAMIC_OUTSIDE", pie(0, put("dynamic", offset=DYNAMIC_AT + 8)))
bad("H104", "pie-dynamic-wraps", "DYNAMIC_OUTSIDE", pie(0, put("dynamic", vaddr=-16, offset=-16)))
bad("H104", "pie-dynamic-large", "DYNAMIC_LARGE", pie(0, put("dynamic", filesz=1025)))
bad("H104", "pie-dynamic-huge", "DYNAMIC_LARGE", pie(0, put("dynamic", filesz=-1)))
bad("H104", "pie-dynamic-endless", "DYNAMIC_ENDLESS", pie(0, put("dynamic", filesz=3 * 16 + 15)))
bad("H104", "pie-needed", "DYNAMIC_NEEDED", pie(0, put("", entries=[(DT_NEEDED, 1), (DT_NULL, 0)])))
bad("H104", "pie-textrel", "DYNAMIC_TEXTREL", pie(0, put("", entries=[(DT_TEXTREL, 0), (DT_NULL, 0)])))
bad("H104", "pie-textrel-flag", "DYNAMIC_TEXTREL",
    pie(0, put("", entries=[(DT_RELACOUNT, 1), (DT_FLAGS, DF_TEXTREL | 8), (DT_NULL, 0)])))
bad("H104", "pie-span", "SPAN", pie(0, moved("data", 1 << 40), put("dynamic", vaddr=(1 << 40) + 0x60),
                                    without("tls"), without("notes")))
bad("H104", "pie-span-of-bss", "SPAN", pie(0, put("data", memsz=1 << 40), without("notes")))
bad("H104", "pie-wraps", "SEGMENT_WRAPS", pie(0, put("data", vaddr=-PAGE)))
bad("H104", "pie-overlap", "SEGMENTS_OVERLAP", pie(0, put("text", memsz=PAGE + 1)))
bad("H104", "pie-shared-page", "SEGMENTS_SHARE_PAGE", pie(0, put("data", offset=TEXT_AT + 0x800, vaddr=TEXT_AT + 0x800)))
bad("H104", "pie-in-map-area", "SEGMENT_MAP_AREA", pie(0, moved("data", USER_MAP_BASE)))
bad("H104", "pie-in-kernel", "SEGMENT_KERNEL", pie(0, moved("data", 0xFFFFFFFF80000000)))
bad("H104", "pie-text-writable", "SEGMENT_WX", pie(0, put("text", flags=R | W | X)))
bad("H104", "pie-entry-outside", "ENTRY_OUTSIDE", pie(0, put("ehdr", entry=BASE + TEXT_AT)))
bad("H104", "pie-tls-outside", "TLS_OUTSIDE", pie(0, put("tls", vaddr=TEXT_AT + PAGE - 1)))

# --- H105: nothing to run ----------------------------------------------------------------
bad("H105", "no-segment", "NO_SEGMENT", only("stack"))
bad("H105", "only-notes", "NO_SEGMENT", only("notes"))
bad("H105", "no-code", "NO_CODE", put("text", flags=R))

# --- H106: the manifest ------------------------------------------------------------------
bad("H106", "manifest-twice", "MANIFEST_TWICE", again("notes"))
bad("H106", "namesz-0", "MANIFEST_NAME", put("", namesz=0))
bad("H106", "namesz-max", "NOTE_CUT", put("", namesz=0xFFFFFFFF))
bad("H106", "descsz-0", "MANIFEST_SIZE", put("", desc=b""))
bad("H106", "descsz-max", "NOTE_CUT", put("", descsz=0xFFFFFFFF))
bad("H106", "note-unaligned", "NOTE_UNALIGNED", put("notes", offset=NOTE_AT + 1))
bad("H106", "note-odd-align", "NOTE_UNALIGNED", put("notes", align=16))
bad("H106", "note-cut", "NOTE_CUT", put("notes", filesz=59))
bad("H106", "note-large", "NOTE_LARGE", put("notes", filesz=0x1001))
bad("H106", "name-no-nul", "MANIFEST_NAME", put("", name=b"SECOS"))
bad("H106", "name-other", "MANIFEST_NAME", put("", name=b"OTHER\0"))
bad("H106", "note-type", "MANIFEST_TYPE", put("", note_type=1))
for number in (0, 3, 0xFFFFFFFF):
    bad("H106", f"manifest-version-{number:x}", "MANIFEST_VERSION", put("", version=number))
bad("H106", "manifest-size", "MANIFEST_SIZE", put("", desc=struct.pack("<IIQQ", 2, 0, 1, 0)))
bad("H106", "manifest-flags", "MANIFEST_FLAGS", put("", flags=0x10))
bad("H106", "max-mem-0", "MANIFEST_MAX_MEM_ZERO", put("", max_mem=0))
bad("H106", "max-mem-small", "MANIFEST_MAX_MEM_SMALL", put("", max_mem=5 * PAGE - 1))
bad("H106", "permissions-unknown", "MANIFEST_PERMISSIONS", put("", permissions=0x100))
bad("H106", "stack-odd", "MANIFEST_STACK", put("", stack_bytes=0x1001))
bad("H106", "stack-huge", "MANIFEST_STACK", put("", stack_bytes=1 << 40))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    make = commands.add_parser("make")
    make.add_argument("name", choices=sorted(VARIANTS), metavar="NAME")
    make.add_argument("-o", "--output", type=pathlib.Path)
    for name in ("all", "corpus"):
        commands.add_parser(name).add_argument("dir", type=pathlib.Path)
    args = parser.parse_args()

    if args.command == "list":
        for v in VARIANTS.values():
            end = f"exits {v.exit}" if v.status == "OK" else f"refused: {v.status}"
            print(f"{v.row:5} {v.name:24} {end}")
    elif args.command == "make":
        path = args.output or pathlib.Path(args.name + ".elf")
        path.write_bytes(VARIANTS[args.name].build())
    else:
        args.dir.mkdir(parents=True, exist_ok=True)
        for v in VARIANTS.values():
            name = v.name + (".elf" if args.command == "all" else "")
            (args.dir / name).write_bytes(v.build())
    return 0


if __name__ == "__main__":
    sys.exit(main())
