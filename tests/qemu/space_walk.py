# SPDX-License-Identifier: MIT
"""Walk the page tables of one space from outside: CR3 and physical memory, read
through QEMU, without asking the kernel anything."""
import re
import struct

PAGE = 0x1000
P, W, U, LARGE, NX = 1, 2, 4, 0x80, 1 << 63
FRAME = 0x000FFFFFFFFFF000
HALF = 0xFFFF800000000000


class Leaf:
    """One present leaf: the span it maps and the rights that all levels leave."""

    def __init__(self, address, frame, size, write, user, execute):
        self.address, self.frame, self.size = address, frame, size
        self.write, self.user, self.execute = write, user, execute

    def __str__(self):
        rights = "".join(letter if have else "-" for letter, have in
                         (("u", self.user), ("w", self.write), ("x", self.execute)))
        return f"{self.address:#018x} -> {self.frame:#x} +{self.size:#x} {rights}"


class Walk:
    """A snapshot of RAM; the machine is stopped while it is taken."""

    def __init__(self, machine, megabytes):
        qmp = machine.qmp
        qmp.command("stop")
        registers = qmp.monitor("info registers")
        self.ram = qmp.physical_memory(0, megabytes << 20)
        qmp.command("cont")
        self.root = int(re.search(r"CR3=([0-9a-f]+)", registers)[1], 16) & FRAME
        self.cr0 = int(re.search(r"CR0=([0-9a-f]+)", registers)[1], 16)
        self.cr4 = int(re.search(r"CR4=([0-9a-f]+)", registers)[1], 16)
        self.efer = int(re.search(r"EFER=([0-9a-f]+)", registers)[1], 16)
        self.tables = set()

    def table(self, at):
        """The 512 entries of the table at physical address @at."""
        self.tables.add(at)
        return struct.unpack_from("<512Q", self.ram, at)

    def leaves(self):
        """Every present leaf of the loaded space, lowest address first."""
        yield from self._walk(self.root, 39, 0, True, True, True)

    def _walk(self, at, shift, base, write, user, execute):
        for index, entry in enumerate(self.table(at)):
            if not entry & P:
                continue
            address = base + (index << shift)
            if shift == 39 and index >= 256:
                address |= 0xFFFF << 48
            rights = (write and bool(entry & W), user and bool(entry & U), execute and not entry & NX)
            if shift == 12 or entry & LARGE:
                frame = entry & FRAME & ~((1 << shift) - 1)
                yield Leaf(address, frame, 1 << shift, *rights)
            else:
                yield from self._walk(entry & FRAME, shift - 9, address, *rights)
