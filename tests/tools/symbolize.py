#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Explain addresses: every number in a text that lies in the kernel's code or
data gets its symbol behind it, with file and line where it is code.

    symbolize.py [-e ELF] < serial.log
"""
import argparse
import bisect
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"\b(?:0x)?([0-9a-fA-F]{16}|(?<=0x)[0-9a-fA-F]{5,15})\b")


class Symbolizer:
    """Symbols of one ELF file."""

    def __init__(self, elf):
        self.elf = str(elf)
        listing = subprocess.run(["nm", "-n", self.elf], capture_output=True, text=True)
        if listing.returncode != 0:
            raise OSError(listing.stderr.strip())
        rows = [line.split() for line in listing.stdout.splitlines()]
        rows = [(int(r[0], 16), r[1], r[2]) for r in rows if len(r) == 3 and r[1] not in "aA"]
        self.starts = [r[0] for r in rows]
        self.rows = rows
        self.end = self.starts[-1] if rows else 0
        self._lines = {}

    def lookup(self, address):
        """symbol+offset, or None outside the image."""
        if not self.rows or not self.starts[0] <= address <= self.end:
            return None
        start, kind, name = self.rows[bisect.bisect_right(self.starts, address) - 1]
        if address - start > 0x100000:
            return None
        text = f"{name}+{address - start:#x}" if address != start else name
        if kind in "tT":
            text += self._line(address)
        return text

    def _line(self, address):
        if address not in self._lines:
            out = subprocess.run(["addr2line", "-e", self.elf, hex(address)],
                                 capture_output=True, text=True).stdout.strip()
            self._lines[address] = "" if out.startswith("?") or not out else " " + out
        return self._lines[address]

    def annotate(self, text):
        """@text with <symbol> behind each address of the image."""
        def explain(match):
            name = self.lookup(int(match[1], 16))
            return f"{match[0]} <{name}>" if name else match[0]
        return NUMBER.sub(explain, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-e", "--elf", default=ROOT / "build/kernel.elf")
    arguments = parser.parse_args()
    try:
        symbols = Symbolizer(arguments.elf)
    except OSError as error:
        sys.exit(f"symbolize: {error}")
    for line in sys.stdin:
        sys.stdout.write(symbols.annotate(line))


if __name__ == "__main__":
    main()
