# SPDX-License-Identifier: MIT
"""Names for the addresses in what SecOS says: the kernel's by value, a program's
in the reports of its end. Used by secos-symbolize, secos-run and the tests."""
import bisect
import os
import pathlib
import re
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"\b(?:0x)?([0-9a-fA-F]{16}|(?<=0x)[0-9a-fA-F]{5,15})\b")
# "NAME (process 7) ended: vector ..." of the kernel, "NAME: killed by ..." of the shell.
REPORT = re.compile(r"(?:^|\b)([\w-]+)(?: \(process \d+\) ended: |: killed by )")
# Where the program stood: its symbols are as linked, most of them from 0.
IMAGE = re.compile(r"\(image at 0x([0-9a-f]+)\)")
# What both say: instruction and address. The kernel has named its own addresses.
PLACE = re.compile(r"\b(rip|address) 0x([0-9a-f]+)")
# A program whose heap is damaged says where it was called from, but not its name.
HEAP = re.compile(r"\*\*\* heap: ")
CALLED = re.compile(r"\b(allocated|seen) at 0x([0-9a-f]+)")
NAMED = re.compile(r"\s*<")
# A dot in a name is a local label of assembly, or one of these parts of a C function.
FUNCTION = re.compile(r"\w+(\.(cold|part|isra|constprop|\d+))*")


def first_page(elf):
    """The lowest page of the image @elf, as linked."""
    with open(elf, "rb") as file:
        data = file.read(64)
        (table,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
        file.seek(table)
        headers = struct.iter_unpack("<II6Q", file.read(56 * count))
    return min((header[3] & -4096 for header in headers if header[0] == 1), default=0)


class Symbolizer:
    """Symbols of one ELF file. Addresses are as linked, but for those of annotate(),
    to which the bias was added."""

    def __init__(self, elf):
        self.elf = str(elf)
        listing = subprocess.run(["nm", "-n", self.elf], capture_output=True, text=True)
        if listing.returncode != 0:
            raise OSError(listing.stderr.strip())
        rows = [line.split() for line in listing.stdout.splitlines()]
        rows = [(int(r[0], 16), r[1], r[2]) for r in rows if len(r) == 3 and r[1] not in "aA"
                and FUNCTION.fullmatch(r[2])]
        self.starts = [r[0] for r in rows]
        self.rows = rows
        self.end = self.starts[-1] if rows else 0
        self.first_page = first_page(self.elf)
        self._lines = {}

    def lookup(self, address):
        """symbol+offset and file:line, or None outside the image."""
        if not self.rows or not self.starts[0] <= address <= self.end:
            return None
        start, kind, name = self.rows[bisect.bisect_right(self.starts, address) - 1]
        if address - start > 0x100000:
            return None
        text = f"{name}+{address - start:#x}"
        if kind in "tTwW":
            text += self._line(address)
        return text

    def _line(self, address):
        if address not in self._lines:
            out = subprocess.run(["addr2line", "-e", self.elf, hex(address)],
                                 capture_output=True, text=True).stdout.strip()
            out = re.sub(r"^\./| \(discriminator \d+\)", "", out)
            self._lines[address] = "" if out.startswith("?") or out.endswith(":?") or not out else " " + out
        return self._lines[address]

    def annotate(self, text, numbers=NUMBER, bias=0):
        """@text with <symbol> behind each address of the image that has none."""
        def explain(match):
            address = int(match[match.lastindex], 16)
            name = None if NAMED.match(text, match.end()) else self.lookup(address - bias)
            return f"{match[0]} <{name}>" if name else match[0]
        return numbers.sub(explain, text)


class Log:
    """What a machine says, line by line, with names. @programs maps the name of a
    program to its ELF file; the rest is looked for in @build."""

    def __init__(self, kernel, build, programs=()):
        self.kernel = Symbolizer(kernel)
        self.build = pathlib.Path(build)
        self._files = dict(programs)
        self._known = {}

    def program(self, name):
        """The symbols of program @name, or None."""
        if name not in self._known:
            places = [self._files.get(name), self.build / f"servers/{name}.debug", self.build / f"guests/{name}.debug"]
            found = next((place for place in places if place and os.path.exists(place)), None)
            self._known[name] = Symbolizer(found) if found else None
        return self._known[name]

    def annotate(self, line):
        report, places, back = REPORT.search(line), PLACE, 0
        name = report[1] if report else None
        if HEAP.search(line) and len(self._files) == 1:
            (name,), places, back = self._files, CALLED, 1  # the instruction before the one it returns to
        symbols = self.program(name) if name else None
        if symbols:
            image = IMAGE.search(line)
            line = symbols.annotate(line, places, (int(image[1], 16) - symbols.first_page if image else 0) + back)
        return self.kernel.annotate(line)
