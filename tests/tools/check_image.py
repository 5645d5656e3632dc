#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Audit our own ELF files, as the linker left them.

    check_image.py --kernel build/kernel.elf --programs build/guests/*.elf --shipped build/servers/*.elf

Every image   no segment both writable and executable, no page in two segments; no
              executable stack; the entry is code
The kernel    file offset and physical address differ by one constant (what a Multiboot 1
              loader copies is one piece); a boot header in the first 8 KiB
  doors       each of the 256 vectors reaches a path that does cld and clac before anything
              else can happen; the mask of the syscall door clears IF DF TF NT AC IOPL RF
  window      stac only in usercopy, closed again on every way out of it; clac only there and
              at the doors
  canaries    in use; the guard is filled from cpu_random() before anything else starts
  registers   no x87, MMX, SSE or AVX instruction but where such state is saved and restored
A program     can stand anywhere: a static PIE whose relocations all lie in its data; fits in the
              user half; defines no name of the kernel
  shipped     holds no address of the kernel: hostile guests do, on purpose

tests/qemu/test_image_audit.py spoils a copy in each of these ways.
"""
import argparse
import re
import struct
import subprocess
import sys

PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 1, 2, 0x6474E551
ET_DYN, DT_RELA, DT_RELASZ, DT_TEXTREL, RELATIVE = 3, 7, 8, 22, 8
X, W = 1, 2
PAGE = 4096
USER_BASE, USER_END = 0x10000, 0x7FFFFFFFF000
MB1_MAGIC, MB2_MAGIC = 0x1BADB002, 0xE85250D6
FMASK_MSR, FMASK_BITS = 0xC0000084, 0x200 | 0x400 | 0x100 | 0x4000 | 0x40000 | 0x3000 | 0x10000
# File stems, which begin every symbol: who may open the SMAP window, who may close it.
MAY_OPEN = ("usercopy",)
MAY_CLOSE = ("usercopy", "isr")
# What both sides define: lib/base, and names of compiler and linker script.
SHARED = re.compile(r"^(mem|str|fmt_|slab_|bitmap_|__stack_chk_|_text_|_data_|_start$|_end$|_bss_|_rodata_)")
CANARIES_AT_LEAST = 50
# What FPU state is switched with; only where a switch is made, which loads CR3 too, or at start-up.
FPU_SWITCH = re.compile(r"(xsave|xsaveopt|xrstor|fxsave|fxrstor|fninit)(64)?$")
# Addresses that are the kernel's wherever it is linked: physmap, kernel stacks.
KERNEL_RANGES = ((0xFFFF888000000000, 0xFFFF890000000000), (0xFFFFFF0000000000, 0xFFFFFF8000000000))


class Image:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:5] != b"\x7fELF\x02":
            raise ValueError(f"{path}: not an ELF64 file")
        self.entry, phoff = struct.unpack_from("<QQ", self.data, 24)
        size, count = struct.unpack_from("<HH", self.data, 54)
        names = ("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")
        self.segments = [dict(zip(names, struct.unpack_from("<IIQQQQQQ", self.data, phoff + i * size)))
                         for i in range(count)]
        self.loads = [s for s in self.segments if s["type"] == PT_LOAD]
        self._functions = None

    def globals(self):
        """Names that other objects could have linked with."""
        out = subprocess.run(["nm", self.path], capture_output=True, text=True, check=True).stdout
        return {row.split()[2] for row in out.splitlines() if len(row.split()) == 3 and row.split()[1] in "TDBRW"}

    def functions(self):
        """{name: [(mnemonic, operands)]} of each symbol in .text; a local label of assembly is one."""
        if self._functions is None:
            out = subprocess.run(["objdump", "-d", "-j", ".text", "--no-show-raw-insn", self.path],
                                 capture_output=True, text=True, check=True).stdout
            self._functions = {}
            for name, code in re.findall(r"^[0-9a-f]+ <([^>]+)>:\n((?:.+\n)*)", out, re.MULTILINE):
                rows = re.findall(r"^ *[0-9a-f]+:\t((?:(?:rep|repz|repnz|lock|cs|ds|gs|data16|rex\.W) )*)(\S+)[ \t]*(.*)$",
                                  code, re.MULTILINE)
                self._functions[name] = [(mnemonic, operands) for _, mnemonic, operands in rows]
        return self._functions


# --- every image ----------------------------------------------------------------------

def check_any(image):
    pages = {}
    for s in image.loads:
        if s["flags"] & W and s["flags"] & X:
            yield f"segment at {s['vaddr']:#x} is writable and executable"
        if s["memsz"]:
            for page in (s["vaddr"] // PAGE, (s["vaddr"] + s["memsz"] - 1) // PAGE):
                if pages.setdefault(page, s["vaddr"]) != s["vaddr"]:
                    yield f"segments at {pages[page]:#x} and {s['vaddr']:#x} share a page"
    for s in image.segments:
        if s["type"] == PT_GNU_STACK and s["flags"] & X:
            yield "asks for an executable stack"
    if not any(s["flags"] & X and s["vaddr"] <= image.entry < s["vaddr"] + s["memsz"] for s in image.loads):
        yield f"entry {image.entry:#x} is in no executable segment"


# --- the kernel -----------------------------------------------------------------------

def check_kernel(image):
    distances = {s["paddr"] - s["offset"] for s in image.loads if s["filesz"]}
    if len(distances) != 1:
        yield "p_paddr - p_offset is not constant: " + ", ".join(f"{d:#x}" for d in sorted(distances))
    words = struct.unpack("<2048I", image.data[:8192])
    for magic, name in ((MB1_MAGIC, "Multiboot 1"), (MB2_MAGIC, "Multiboot 2")):
        if magic not in words:
            yield f"no {name} header in the first 8 KiB"
    for check in (check_doors, check_fmask, check_window, check_canaries, check_registers):
        yield from check(image.functions())


def check_doors(functions):
    """Stubs push and jump; behind them registers are saved, then cld and clac, then the rest."""
    paths = {"isr_stub_page_fault_here"}  # a gate leads there with pager=kernel
    stubs = [name for name in functions if re.fullmatch(r"isr_stub_\d+", name)]
    if len(stubs) != 256:
        yield f"{len(stubs)} stubs of interrupts, not 256"
    for name in stubs:
        rows = [row for row in functions[name] if not row[0].startswith("nop")]
        jump = next((operands for mnemonic, operands in rows if mnemonic == "jmp"), None)
        target = re.search(r"<(\w+)>", jump) if jump else None
        if not target or any(mnemonic not in ("push", "jmp", "xchg") for mnemonic, _ in rows):
            yield f"{name} does more than push and jump"
        else:
            paths.add(target[1])
    for path in sorted(paths):
        before = []
        if path not in functions:
            yield f"{path}: there is none"
        for mnemonic, _ in functions.get(path, []):
            if mnemonic not in ("push", "cld", "clac"):
                break
            before.append(mnemonic)
        for needed in ("cld", "clac"):
            if needed not in before:
                yield f"{path}: no {needed} behind the saving of registers"


def check_fmask(functions):
    """The constant that is written to the mask of the syscall instruction."""
    for rows in functions.values():
        for i, (mnemonic, operands) in enumerate(rows):
            if mnemonic == "mov" and operands == f"${FMASK_MSR:#x},%ecx":
                near = rows[max(0, i - 6):i + 6]
                end = next((j for j, row in enumerate(near[min(i, 6):]) if row[0] == "wrmsr"), 6) + min(i, 6)
                values = [int(m[1], 16) for row in near[:end] if row[0] == "mov"
                          for m in [re.fullmatch(r"\$(0x[0-9a-f]+),%eax", row[1])] if m]
                if not values:
                    yield "the mask of the syscall door is no constant that can be read here"
                elif values[-1] & FMASK_BITS != FMASK_BITS:
                    yield f"the mask of the syscall door lets through flags {FMASK_BITS & ~values[-1]:#x}"
                return
    yield "nobody sets the mask of the syscall door"


def check_window(functions):
    for name, rows in functions.items():
        used = {mnemonic for mnemonic, _ in rows}
        if "stac" in used and not name.startswith(MAY_OPEN):
            yield f"{name} uses stac: only {', '.join(MAY_OPEN)} may"
        if "clac" in used and not name.startswith(MAY_CLOSE):
            yield f"{name} uses clac: only {', '.join(MAY_CLOSE)} may"
    # usercopy's labels are symbols of their own: in address order they are one routine.
    window = [row[0] for name, rows in functions.items() if name.startswith("usercopy_raw") for row in rows]
    opened = False
    for mnemonic in window:
        opened = mnemonic == "stac" or (opened and mnemonic != "clac")
        if mnemonic == "ret":
            if opened:
                yield "usercopy_raw returns with the window open"
            opened = True  # what follows is reached by a fault in the window
    if "stac" not in window:
        yield "usercopy_raw never opens the window"


def check_canaries(functions):
    guarded = sum(any("<__stack_chk_fail>" in operands for _, operands in rows) for rows in functions.values())
    if guarded < CANARIES_AT_LEAST:
        yield f"only {guarded} functions check a stack canary"
    setter = functions.get("stack_guard_init", [])
    calls = [re.search(r"<(\w+)>", operands) for mnemonic, operands in setter if mnemonic == "call"]
    stores = [operands for mnemonic, operands in setter if mnemonic == "mov" and "<__stack_chk_guard>" in operands
              and operands.startswith("%rax,")]
    if "cpu_random" not in {m[1] for m in calls if m} or not stores:
        yield "stack_guard_init does not fill the guard from cpu_random()"
    if not any(mnemonic == "call" and "<stack_guard_init>" in operands for rows in functions.values()
               for mnemonic, operands in rows):
        yield "nobody calls stack_guard_init"


def check_registers(functions):
    """Ring 0 leaves alone what it does not save at every entry."""
    for name, rows in functions.items():
        switches = name == "cpu_init" or any(operands.endswith(",%cr3") for _, operands in rows)
        for mnemonic, operands in rows:
            if FPU_SWITCH.match(mnemonic) and switches:
                continue
            vector = re.search(r"%(?:[xyz]?mm\d|st\b)", operands)
            if vector or mnemonic in ("emms", "ldmxcsr", "stmxcsr", "fwait", "vzeroupper") or FPU_SWITCH.match(mnemonic) \
                    or re.fullmatch(r"f(?!wait)[a-z0-9]+", mnemonic):
                yield f"{name} uses the FPU: {mnemonic} {operands}".rstrip()
                break


# --- programs -----------------------------------------------------------------------------

def check_movable(image):
    kind, = struct.unpack_from("<H", image.data, 16)
    section = next((s for s in image.segments if s["type"] == PT_DYNAMIC), None)
    if kind != ET_DYN or section is None:
        yield "is not position independent"
        return
    tags = dict(struct.iter_unpack("<QQ", image.data[section["offset"]:section["offset"] + section["filesz"]]))
    if DT_TEXTREL in tags:
        yield "wants its text relocated"
    start, size = tags.get(DT_RELA, 0), tags.get(DT_RELASZ, 0)
    place = next((s for s in image.loads if s["vaddr"] <= start and start + size <= s["vaddr"] + s["filesz"]), None)
    if size and place is None:
        yield "has its relocations outside the file"
        return
    at = place["offset"] + start - place["vaddr"] if size else 0
    for where, info, _ in struct.iter_unpack("<QQq", image.data[at:at + size]):
        if info != RELATIVE:
            yield f"relocation at {where:#x} is of kind {info:#x}"
        if not any(s["flags"] & W and s["vaddr"] <= where and where + 8 <= s["vaddr"] + s["filesz"] for s in image.loads):
            yield f"relocation at {where:#x} is outside the data"


def check_program(image, kernel_names):
    for s in image.loads:
        if s["memsz"] and not s["vaddr"] <= s["vaddr"] + s["memsz"] <= USER_END - USER_BASE:
            yield f"segment at {s['vaddr']:#x} does not fit in the user half"
    yield from check_movable(image)
    for name in sorted(image.globals() & kernel_names):
        if not SHARED.match(name):
            yield f"defines {name}, a name of the kernel"


def check_shipped(image, ranges):
    """No word of data and no operand of an instruction is an address of the kernel."""
    for s in image.loads:
        if s["flags"] & X:
            continue  # bytes of instructions make up any number
        start = -s["vaddr"] % 8
        for at in range(start, s["filesz"] - 7, 8):
            value, = struct.unpack_from("<Q", image.data, s["offset"] + at)
            if any(low <= value < end for low, end in ranges):
                yield f"holds the kernel address {value:#x} at {s['vaddr'] + at:#x}"
    for name, rows in image.functions().items():
        for mnemonic, operands in rows:
            for text in re.findall(r"0xffff[0-9a-f]{12}\b", operands):
                if any(low <= int(text, 16) < end for low, end in ranges):
                    yield f"{name} names the kernel address {text}: {mnemonic} {operands}"


def kernel_ranges(kernels):
    return KERNEL_RANGES + tuple((s["vaddr"], s["vaddr"] + s["memsz"]) for k in kernels for s in k.loads
                                 if s["vaddr"] >= 1 << 63)


def audit(kernels, programs, shipped):
    """Complaints about images: [(path, text)]."""
    names = set().union(*(k.globals() for k in kernels))
    ranges = kernel_ranges(kernels)
    for image in kernels:
        yield from ((image.path, text) for check in (check_any, check_kernel) for text in check(image))
    for image in programs:
        yield from ((image.path, text) for text in check_any(image))
        yield from ((image.path, text) for text in check_program(image, names))
    for image in shipped:
        yield from ((image.path, text) for text in check_shipped(image, ranges))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", action="append", default=[])
    parser.add_argument("--programs", nargs="*", default=[])
    parser.add_argument("--shipped", nargs="*", default=[])
    arguments = parser.parse_args()
    images = [[Image(path) for path in paths] for paths in (arguments.kernel, arguments.programs, arguments.shipped)]
    bad = 0
    for path, complaint in audit(*images):
        print(f"{path}: {complaint}")
        bad = 1
    sys.exit(bad)


if __name__ == "__main__":
    main()
