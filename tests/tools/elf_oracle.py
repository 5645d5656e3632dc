#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A second opinion on ELF images, compared with elf_validate's.

    elf_oracle.py PROGRAM [SEED]        compare (PROGRAM = build/host/test_elf_oracle)
    elf_oracle.py --explain FILE...     say what is wrong with files; 1 if anything is

It is written from kernel/task/elf.h and the ABI's documents, not from elf.c, and
differently: elf.c stops at the first fault, this collects all of them, stage by
stage. The two agree when both find nothing, with the same plan, or when elf.c's
code is among those of the first stage in which the oracle found any.
"""
import collections
import pathlib
import random
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import elf_make  # noqa: E402

PAGE = 4096
USER_BASE, MAP_BASE = 0x10000, 1 << 44
STACK_TOP, USER_END = 0x7FFFFFFF0000, 0x7FFFFFFFF000
STACK_MAX, DEFAULT_STACK = 1 << 30, 1 << 20
LEAST, ALL_GROUPS, FLAGS = 0b100101, 0xFF, 0b1111
MAX_HEADERS, MAX_SEGMENTS, MAX_NOTES, MAX_DYNAMIC, MAX_SPAN = 64, 16, 4096, 1024, 1 << 40

Segment = collections.namedtuple("Segment", "type flags offset vaddr paddr filesz memsz align")
Manifest = collections.namedtuple("Manifest", "present version flags max_mem hint permissions "
                                  "priority stack")
ABSENT = Manifest(0, 0, 0, 0, 0, LEAST, 0, DEFAULT_STACK)


def down(x):
    return x // PAGE * PAGE


def up(x):
    return down(x + PAGE - 1)


def power_of_two(x):
    return bin(x).count("1") == 1


def header_faults(image):
    if len(image) < 64:
        return {"TRUNCATED"}
    kind, machine, version = struct.unpack_from("<HHI", image, 16)
    (flags, ehsize) = struct.unpack_from("<IH", image, 48)
    tests = {
        "MAGIC": image[:4] == b"\x7fELF",
        "CLASS": image[4] == 2,
        "DATA": image[5] == 1,
        "VERSION": image[6] == 1 and version == 1,
        "OSABI": image[7] in (0, 3),
        "MACHINE": machine == 62,
        "TYPE": kind in (2, 3),
        "FLAGS": flags == 0,
        "EHSIZE": ehsize == 64,
    }
    return {name for name, good in tests.items() if not good}


def table_faults(image):
    (phoff,) = struct.unpack_from("<Q", image, 32)
    phentsize, phnum = struct.unpack_from("<HH", image, 54)
    tests = {
        "PHENTSIZE": phentsize == 56,
        "PHNUM_ZERO": phnum != 0,
        "PHNUM_MANY": phnum <= MAX_HEADERS,
        "PHOFF_UNALIGNED": phoff % 8 == 0,
        "PHOFF_IN_HEADER": phoff >= 64,
        "PHOFF_END": phoff + 56 * phnum <= len(image),
    }
    return {name for name, good in tests.items() if not good}


def area_fault(start, end, movable):
    """Which border [start, end) crosses; numbers here have no upper limit."""
    if end >= 1 << 64:
        return "SEGMENT_WRAPS"
    if start < USER_BASE and not movable:
        return "SEGMENT_LOW"
    if end > 0xFFFF800000000000:
        return "SEGMENT_KERNEL"
    if end > 1 << 47:
        return "SEGMENT_NON_CANONICAL"
    if end > STACK_TOP - STACK_MAX - PAGE:
        return "SEGMENT_STACK"
    if end > MAP_BASE:
        return "SEGMENT_MAP_AREA"
    return None


def load_faults(s, before, image, movable):
    """@before: the non-empty segments that come earlier in the file."""
    faults = set()
    if s.filesz > s.memsz:
        faults.add("SEGMENT_SIZES")
    if s.flags not in (4, 5, 6, 7):
        faults.add("SEGMENT_FLAGS")
    if s.flags == 7:
        faults.add("SEGMENT_WX")
    if s.align not in [1 << n for n in range(12, 31)]:
        faults.add("SEGMENT_ALIGN")
    elif s.vaddr % s.align != s.offset % s.align:
        faults.add("SEGMENT_SKEW")
    if s.filesz and s.offset + s.filesz >= 1 << 64:
        faults.add("SEGMENT_FILE_WRAPS")
    elif s.filesz and s.offset + s.filesz > len(image):
        faults.add("SEGMENT_FILE_END")
    area = area_fault(s.vaddr, s.vaddr + s.memsz, movable)
    if area:
        faults.add(area)
    if len(before) >= MAX_SEGMENTS:
        faults.add("SEGMENTS_MANY")
    if before:
        last = before[-1]
        if s.vaddr < last.vaddr:
            faults.add("SEGMENTS_UNSORTED")
        elif s.vaddr < last.vaddr + last.memsz:
            faults.add("SEGMENTS_OVERLAP")
        elif down(s.vaddr) < up(last.vaddr + last.memsz):
            faults.add("SEGMENTS_SHARE_PAGE")
    return faults


def split_notes(data, align):
    """[(name, type, desc)], and whether something did not fit."""
    notes, at = [], 0

    def pad(x):
        return -(-x // align) * align
    while at < len(data):
        if len(data) - at < 12:
            return notes, True
        namesz, descsz, kind = struct.unpack_from("<III", data, at)
        start = at + pad(12 + namesz)
        if start + descsz > len(data):
            return notes, True
        notes.append((data[at + 12:at + 12 + namesz], kind, data[start:start + descsz]))
        at = at + pad(pad(12 + namesz) + descsz)
    return notes, False


def manifest_of(desc):
    """(faults, manifest)"""
    if len(desc) < 4:
        return {"MANIFEST_SIZE"}, None
    (version,) = struct.unpack_from("<I", desc)
    if version not in (1, 2):
        return {"MANIFEST_VERSION"}, None
    if len(desc) != {1: 24, 2: 40}[version]:
        return {"MANIFEST_SIZE"}, None
    _, flags, max_mem, hint = struct.unpack_from("<IIQQ", desc)
    permissions, priority, stack = LEAST, 0, 0
    if version == 2:
        permissions, priority, stack = struct.unpack_from("<IIQ", desc, 24)
    tests = {
        "MANIFEST_FLAGS": flags <= FLAGS,
        "MANIFEST_MAX_MEM_ZERO": max_mem > 0,
        "MANIFEST_PERMISSIONS": permissions <= ALL_GROUPS,
        "MANIFEST_STACK": stack % PAGE == 0 and stack <= STACK_MAX,
    }
    return ({name for name, good in tests.items() if not good},
            Manifest(1, version, flags, max_mem, hint, permissions, priority,
                     stack or DEFAULT_STACK))


def note_faults(s, manifests, image):
    """Adds to @manifests what it finds."""
    if s.filesz == 0:
        return set()
    faults = set()
    if s.filesz > MAX_NOTES:
        faults.add("NOTE_LARGE")
    align = {0: 4, 1: 4, 4: 4, 8: 8}.get(s.align)
    if align is None or s.offset % align:
        faults.add("NOTE_UNALIGNED")
    if s.offset + s.filesz > len(image):
        faults.add("NOTE_FILE_END")
    if faults:
        return faults
    notes, cut = split_notes(image[s.offset:s.offset + s.filesz], align)
    if cut:
        faults.add("NOTE_CUT")
    for name, kind, desc in notes:
        ours = name == b"SECOS\0"
        if ours and kind != 0x51534543:
            faults.add("MANIFEST_TYPE")
        if not ours and kind == 0x51534543:
            faults.add("MANIFEST_NAME")
        if ours and kind == 0x51534543:
            if manifests:
                faults.add("MANIFEST_TWICE")
            wrong, manifest = manifest_of(desc)
            faults |= wrong
            manifests.append(manifest)
    return faults


def tls_faults(s, templates):
    faults = set()
    if s.filesz > s.memsz:
        faults.add("TLS_SIZES")
    if s.memsz:
        if templates:
            faults.add("TLS_TWICE")
        if s.align and (not power_of_two(s.align) or s.align > PAGE):
            faults.add("TLS_ALIGN")
        templates.append(s)
    return faults


def entry_fault(entry, loads):
    if entry >= USER_END:
        return "ENTRY_KERNEL"
    for s in loads:
        if down(s.vaddr) <= entry < up(s.vaddr + s.memsz):
            if not s.flags & 1:
                return "ENTRY_NOT_CODE"
            if not s.vaddr <= entry < s.vaddr + s.filesz:
                return "ENTRY_PADDING"
            return None
    return "ENTRY_OUTSIDE"


def dynamic_faults(sections, loads, image):
    """What is wrong with a movable program's dynamic section."""
    if not sections:
        return {"DYNAMIC_MISSING"}
    faults = set()
    s = sections[0]
    if s.filesz > MAX_DYNAMIC:
        faults.add("DYNAMIC_LARGE")
    if not any(l.vaddr <= s.vaddr and s.vaddr + s.filesz <= l.vaddr + l.filesz
               and s.vaddr - l.vaddr == s.offset - l.offset for l in loads):
        faults.add("DYNAMIC_OUTSIDE")
    if faults:
        return faults
    words = image[s.offset:s.offset + s.filesz // 16 * 16]
    entries = list(struct.iter_unpack("<QQ", words))
    tags = [tag for tag, _ in entries]
    if 0 in tags:
        entries = entries[:tags.index(0)]
    else:
        faults.add("DYNAMIC_ENDLESS")
    if any(tag == 1 for tag, _ in entries):
        faults.add("DYNAMIC_NEEDED")
    if any(tag == 22 or (tag == 30 and value & 4) for tag, value in entries):
        faults.add("DYNAMIC_TEXTREL")
    return faults


def whole_faults(entry, loads, manifest, templates, sections, movable, image):
    faults = set()
    if not loads:
        return {"NO_SEGMENT"}
    if not any(s.flags & 1 for s in loads):
        return {"NO_CODE"}
    if movable:
        if up(loads[-1].vaddr + loads[-1].memsz) - down(loads[0].vaddr) > MAX_SPAN:
            faults.add("SPAN")
        faults |= dynamic_faults(sections, loads, image)
    faults.add(entry_fault(entry, loads))
    for t in templates:
        place = (movable or t.vaddr >= USER_BASE) and t.vaddr + t.memsz <= MAP_BASE
        inside = not t.filesz or any(
            s.vaddr <= t.vaddr and t.vaddr + t.filesz <= s.vaddr + s.filesz
            and t.vaddr - s.vaddr == t.offset - s.offset for s in loads)
        if not (place and inside):
            faults.add("TLS_OUTSIDE")
    if manifest.present:
        if manifest.hint not in (0, entry):
            faults.add("ENTRY_HINT")
        if manifest.max_mem < page_count(loads) * PAGE:
            faults.add("MANIFEST_MAX_MEM_SMALL")
    return faults - {None}


def page_count(loads):
    return sum(up(s.vaddr + s.memsz) - down(s.vaddr) for s in loads) // PAGE


def plan_line(entry, loads, manifest, movable):
    parts = ["0", f"entry={hexed(entry)}", f"movable={int(movable)}",
             f"align={hexed(max(s.align for s in loads))}",
             f"pages={hexed(down(loads[0].vaddr))}-"
             f"{hexed(up(loads[-1].vaddr + loads[-1].memsz))}",
             f"count={page_count(loads)}"]
    for s in loads:
        prot = (s.flags >> 2 & 1) | (s.flags & 2) | (s.flags & 1) << 2
        parts.append(f"segment={hexed(s.vaddr)}+{hexed(s.memsz)},{hexed(s.offset)}+"
                     f"{hexed(s.filesz)},{prot}")
    m = manifest
    parts.append(f"manifest={m.present},{m.version},{hexed(m.flags)},{hexed(m.max_mem)},"
                 f"{hexed(m.hint)},{hexed(m.permissions)},{m.priority},{hexed(m.stack)}")
    return " ".join(parts)


def hexed(x):
    return f"{x:#x}" if x else "0"  # as C's %#x


def judge(image):
    """(codes that elf_validate may give, the plan's line if there are none)"""
    for stage in (header_faults, table_faults):
        faults = stage(image)
        if faults:
            return faults, None
    entry, phoff = struct.unpack_from("<QQ", image, 24)
    (phnum,) = struct.unpack_from("<H", image, 56)
    movable = image[16:18] == b"\3\0"
    loads, manifests, templates, sections = [], [], [], []
    for i in range(phnum):
        s = Segment(*struct.unpack_from("<II6Q", image, phoff + 56 * i))
        faults = set()
        if s.type == 1 and (s.memsz or s.filesz):
            faults = load_faults(s, loads, image, movable)
            loads.append(s)
        elif s.type == 2:
            faults = {"DYNAMIC"} if not movable else {"DYNAMIC_TWICE"} if sections else set()
            sections.append(s)
        elif s.type == 3:
            faults = {"INTERP"}
        elif s.type == 4:
            faults = note_faults(s, manifests, image)
        elif s.type == 7:
            faults = tls_faults(s, templates)
        elif s.type == 0x6474E551 and s.flags & 1:
            faults = {"STACK_EXEC"}
        if faults:
            return faults, None
    manifest = manifests[0] if manifests else ABSENT
    faults = whole_faults(entry, loads, manifest, templates, sections, movable, image)
    return (faults, None) if faults else (set(), plan_line(entry, loads, manifest, movable))


# --- images --------------------------------------------------------------------------

BORDERS = [0, 1, 2, 3, 4, 7, 8, 12, 16, 24, 40, 56, 60, 64, 0x1000, 0x3000, USER_BASE,
           0x400000, 0x401000, 0x402000, MAP_BASE, STACK_TOP, USER_END, 1 << 30, 1 << 31,
           1 << 32, 1 << 47, 1 << 63, 0xFFFF800000000000, 0xFFFFFFFF80000000, (1 << 64) - 1]


def number(rng):
    choice = rng.randrange(4)
    if choice == 0:
        return rng.choice(BORDERS) + rng.randint(-2, 2)
    if choice == 1:
        return rng.choice(BORDERS) * rng.randrange(1, 8)
    if choice == 2:
        return -rng.choice(BORDERS)
    return rng.getrandbits(rng.choice((8, 16, 32, 64)))


def mutate(image, rng):
    data = bytearray(image)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        if len(data) < 72:
            break
        kind = rng.randrange(8)
        if kind == 0:      # one bit
            data[rng.randrange(min(len(data), 0x240))] ^= 1 << rng.randrange(8)
        elif kind == 1:    # two program headers change places
            a, b = (64 + 56 * rng.randrange(7) for _ in range(2))
            data[a:a + 56], data[b:b + 56] = data[b:b + 56], data[a:a + 56]
        elif kind == 2 and rng.randrange(4) == 0:
            del data[rng.randrange(len(data)):]
        elif kind == 3:    # one header over another
            a, b = (64 + 56 * rng.randrange(7) for _ in range(2))
            data[a:a + 56] = data[b:b + 56]
        else:              # a number where a field is
            size = rng.choice((1, 2, 4, 8))
            limit = min(len(data), 0x240) if rng.randrange(8) else len(data)
            at = rng.randrange(limit - 8) // size * size
            data[at:at + size] = (number(rng) % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(data)


def verdicts(program, images):
    stream = b"".join(struct.pack("<I", len(i)) + i for i in images)
    run = subprocess.run([program, "--verdicts"], input=stream, stdout=subprocess.PIPE, check=True)
    lines = run.stdout.decode().splitlines()
    assert len(lines) == len(images), "one line for each image"
    return lines


def compare(program, seed, rounds=6000):
    rng = random.Random(seed)
    numbers = elf_make.status_numbers()
    names = {v: k for k, v in numbers.items()}
    wrong = 0

    variants = list(elf_make.VARIANTS.values())
    images = [v.build() for v in variants]
    for v, line in zip(variants, verdicts(program, images)):
        got = names[int(line.split()[0])]
        if got != v.status:
            print(f"elf_make.py {v.name}: expected {v.status}, elf_validate said {got}")
            wrong += 1
    missing = set(numbers) - {v.status for v in variants}
    if missing:
        print(f"elf_make.py has no variant for: {' '.join(sorted(missing))}")
        wrong += 1

    sound = [i for v, i in zip(variants, images) if v.status == "OK"]
    images += [mutate(rng.choice(sound if rng.randrange(2) else images), rng)
               for _ in range(rounds)]
    count = collections.Counter()
    for index, (image, line) in enumerate(zip(images, verdicts(program, images))):
        got = names[int(line.split()[0])]
        faults, plan = judge(image)
        count[got] += 1
        if (got in faults) if faults else (line == plan):
            continue
        wrong += 1
        path = pathlib.Path(program).with_name(f"elf_oracle_{index}.elf")
        path.write_bytes(image)
        print(f"{path}: elf_validate said {line}\n    the oracle {sorted(faults) or plan}")
    print(f"elf_oracle.py: seed {seed}, {len(images)} images, {count['OK']} accepted, "
          f"{len(count)} of {len(numbers)} codes, {wrong} disagreements")
    return 1 if wrong else 0


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == "--explain":
        refused = 0
        for path in sys.argv[2:]:
            faults, plan = judge(pathlib.Path(path).read_bytes())
            print(f"{path}: {' '.join(sorted(faults)) or plan}")
            refused += bool(faults)
        return 1 if refused else 0
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    seed = int(sys.argv[2]) if len(sys.argv) == 3 else random.randrange(1 << 32)
    return compare(sys.argv[1], seed)


if __name__ == "__main__":
    sys.exit(main())
