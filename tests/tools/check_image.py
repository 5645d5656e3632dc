#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Audit our own ELF files, as the linker left them.

    check_image.py --kernel build/kernel.elf --programs build/servers/*.elf ...

Every image   no segment both writable and executable; no executable stack
The kernel    file offset and physical address differ by one constant (what a
              Multiboot 1 loader copies is one piece); a boot header in the first
              8 KiB; stack canaries in use; stac and clac only in the entry code
              and in usercopy
A program     loads inside the user half; holds no function of the kernel
"""
import argparse
import re
import struct
import subprocess
import sys

PT_LOAD, PT_NOTE, PT_GNU_STACK = 1, 4, 0x6474E551
X, W = 1, 2
USER_BASE, USER_END = 0x10000, 0x7FFFFFFFF000
KERNEL_BASE = 0xFFFFFFFF80000000
MB1_MAGIC, MB2_MAGIC = 0x1BADB002, 0xE85250D6
# Who may open and close the SMAP window: file stems, which begin every symbol.
WINDOW_FILES = ("usercopy", "isr", "syscall", "context", "trap_entry")
# Stems of the kernel that a program can have no reason to define.
KERNEL_ONLY = re.compile(r"^(pmm|vmm|mmu|kmalloc|kfree|isr|sched|klog|kassert|usercopy|tss|idt|gdt|boot_info)(_|$)")
CANARIES_AT_LEAST = 5


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

    def symbols(self):
        out = subprocess.run(["nm", self.path], capture_output=True, text=True, check=True).stdout
        return [line.split()[-1] for line in out.splitlines()]

    def functions(self):
        """(name, disassembly) of each function."""
        out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", self.path],
                             capture_output=True, text=True, check=True).stdout
        return re.findall(r"^[0-9a-f]+ <([^>]+)>:\n((?:.+\n)*)", out, re.MULTILINE)


def check_any(image):
    for s in image.loads:
        if s["flags"] & W and s["flags"] & X:
            yield f"segment at {s['vaddr']:#x} is writable and executable"
    for s in image.segments:
        if s["type"] == PT_GNU_STACK and s["flags"] & X:
            yield "asks for an executable stack"
    if not any(s["flags"] & X and s["vaddr"] <= image.entry < s["vaddr"] + s["memsz"] for s in image.loads):
        yield f"entry {image.entry:#x} is in no executable segment"


def check_kernel(image):
    distances = {s["paddr"] - s["offset"] for s in image.loads if s["filesz"]}
    if len(distances) != 1:
        yield "p_paddr - p_offset is not constant: " + ", ".join(f"{d:#x}" for d in sorted(distances))
    words = struct.unpack("<2048I", image.data[:8192])
    for magic, name in ((MB1_MAGIC, "Multiboot 1"), (MB2_MAGIC, "Multiboot 2")):
        if magic not in words:
            yield f"no {name} header in the first 8 KiB"
    guarded = 0
    for name, code in image.functions():
        guarded += "__stack_chk_fail" in code
        if re.search(r"\t(stac|clac)\b", code) and not name.startswith(WINDOW_FILES):
            yield f"{name} uses stac or clac: only {', '.join(WINDOW_FILES)} may"
    if guarded < CANARIES_AT_LEAST:
        yield f"only {guarded} functions check a stack canary"


def check_program(image):
    for s in image.loads:
        if s["memsz"] and not USER_BASE <= s["vaddr"] <= s["vaddr"] + s["memsz"] <= USER_END:
            yield f"segment at {s['vaddr']:#x} is outside the user half"
    for name in image.symbols():
        if KERNEL_ONLY.match(name):
            yield f"defines {name}, a name of the kernel"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", action="append", default=[])
    parser.add_argument("--programs", nargs="*", default=[])
    arguments = parser.parse_args()
    bad = 0
    for paths, checks in ((arguments.kernel, (check_any, check_kernel)),
                          (arguments.programs, (check_any, check_program))):
        for path in paths:
            image = Image(path)
            for check in checks:
                for complaint in check(image):
                    print(f"{path}: {complaint}")
                    bad = 1
    sys.exit(bad)


if __name__ == "__main__":
    main()
