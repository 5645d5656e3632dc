# SPDX-License-Identifier: MIT
"""The page tables of a stopped machine, read from outside: from a copy of its RAM
and its registers, with nothing that its kernel says about itself but the symbols of
its image.

A root is found by what every root has: the entries of the kernel half, which are
those of the loaded one. One that was freed keeps its content while its frame is free,
and parts of it where the next owner is the kernel itself (heap, kernel stack), which
takes frames as they are: so the kernel is believed where it calls a frame one of
these, and nowhere else. Source: Intel SDM vol. 3A, "4-Level Paging" (§4.5).
"""
import dataclasses
import re
import struct
import subprocess

P, W, U, LARGE, NX = 1, 2, 4, 1 << 7, 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
FRAME = 4096
IMAGE_BASE = 0xFFFF_FFFF_8000_0000
PHYSMAP = 0xFFFF_8880_0000_0000
KSTACKS = 0xFFFF_FF00_0000_0000
KSTACKS_END = 0xFFFF_FF00_3000_0000
USER_BASE, USER_END = 0x10000, 0x7FFF_FFFF_F000
KERNEL_SLOTS = range(256, 512)
# enum frame_kind of secos/system.h: free, kernel heap, kernel stack.
LEFTOVER_KINDS = (1, 4, 5)


@dataclasses.dataclass(frozen=True)
class Leaf:
    root: int
    address: int
    frame: int      # physical address
    size: int
    user: bool      # what the processor would allow, all levels together
    write: bool
    execute: bool
    any_user: bool  # U in some entry on the way


class Snapshot:
    """RAM and registers of @machine, stopped for the copy. @ram can be changed by
    tests that want to see a defect found."""

    def __init__(self, machine, megabytes):
        qmp = machine.qmp
        qmp.command("stop")
        self.ram = bytearray(qmp.physical_memory(0, megabytes << 20))
        self.registers = qmp.monitor("info registers")
        self.qemu_says = qmp.monitor("info mem")
        qmp.command("cont")
        self.symbols = symbols(machine.kernel)

    def register(self, name):
        return int(re.search(rf"\b{name}=\s*([0-9a-f]+)", self.registers)[1], 16)

    def table_register(self, name):
        """(base, limit) of GDT, IDT or TR."""
        text = re.search(rf"\b{name}\s*=\s*(.*)", self.registers)[1].split()
        return (int(text[1], 16), int(text[2], 16)) if name == "TR" else (int(text[0], 16), int(text[1], 16))

    def table(self, physical):
        if physical + FRAME > len(self.ram):
            return (0,) * 512
        return struct.unpack_from("<512Q", self.ram, physical)

    def roots(self):
        """Physical addresses of all roots: frames with the kernel half's entries.
        Counts ride in bits 52-61, which the processor ignores, and A is its own."""
        compare = ADDRESS | P | W | U | NX
        loaded = self.table(self.register("CR3") & ADDRESS)
        wanted = {i: loaded[i] & compare for i in KERNEL_SLOTS if loaded[i] & P}
        first = min(wanted)
        found = []
        for frame in range(0, len(self.ram), FRAME):
            if self.word(frame + 8 * first) & compare == wanted[first]:
                table = self.table(frame)
                if all(table[i] & compare == entry for i, entry in wanted.items()) and not self.is_leftover(frame):
                    found.append(frame)
        return found

    def is_leftover(self, physical):
        """Whether the frame's owner may never have written what is in it, by the kernel's frame table."""
        table = self.word(self.symbols["frame_table"] - IMAGE_BASE) - PHYSMAP
        return self.word(table + 8 * (physical // FRAME)) & 0xF in LEFTOVER_KINDS

    def word(self, physical):
        return struct.unpack_from("<Q", self.ram, physical)[0]

    def walk(self, root):
        """Every present leaf below @root, in order of address; and the frames that
        hold tables, in self.tables."""
        tables = [root]
        leaves = []

        def descend(physical, level, base, user, write, execute, any_user):
            for index, entry in enumerate(self.table(physical)):
                if not entry & P:
                    continue
                address = base + (index << (12 + 9 * (level - 1)))
                if level == 4 and index >= 256:
                    address |= 0xFFFF << 48
                rights = (user and bool(entry & U), write and bool(entry & W), execute and not entry & NX,
                          any_user or bool(entry & U))
                if level > 1 and not (level < 4 and entry & LARGE):
                    tables.append(entry & ADDRESS)
                    descend(entry & ADDRESS, level - 1, address, *rights)
                else:
                    size = 1 << (12 + 9 * (level - 1))
                    leaves.append(Leaf(root, address, entry & ADDRESS & ~(size - 1), size, *rights))

        descend(root, 4, 0, True, True, True, False)
        return leaves, tables

    def entry_address(self, root, address):
        """Where in RAM the last entry that maps @address stands."""
        physical = root
        for level in (4, 3, 2, 1):
            where = physical + 8 * (address >> (12 + 9 * (level - 1)) & 511)
            entry = self.word(where)
            if level == 1 or entry & LARGE and level < 4:
                return where
            physical = entry & ADDRESS

    def patch(self, where, set_bits=0, clear_bits=0):
        struct.pack_into("<Q", self.ram, where, self.word(where) & ~clear_bits | set_bits)


def symbols(kernel):
    listing = subprocess.run(["nm", kernel], check=True, capture_output=True, text=True).stdout
    return {name: int(value, 16) for value, _, name in (line.split() for line in listing.splitlines() if line[0] != " ")}


def ranges(leaves):
    """Leaves merged as QEMU's `info mem` prints them: [(start, end, "urw")]."""
    merged = []
    for leaf in leaves:
        rights = ("u" if leaf.user else "-") + "r" + ("w" if leaf.write else "-")
        if merged and merged[-1][1] == leaf.address and merged[-1][2] == rights:
            merged[-1][1] = leaf.address + leaf.size
        else:
            merged.append([leaf.address, leaf.address + leaf.size, rights])
    return [tuple(row) for row in merged]


def audit(snapshot):
    """Every rule that is broken, as text; the empty list is what one wants."""
    wrong = []
    symbol = snapshot.symbols
    text = symbol["_text_start"] - IMAGE_BASE, symbol["_text_end"] - IMAGE_BASE
    constant = text[0], symbol["_rodata_end"] - IMAGE_BASE
    sealed = symbol["_ro_after_init_start"] - IMAGE_BASE, symbol["_ro_after_init_end"] - IMAGE_BASE
    roots = snapshot.roots()
    user_writes, user_executes, tables, mapped = {}, {}, set(), {}

    def overlaps(leaf, span):
        return leaf.frame < span[1] and leaf.frame + leaf.size > span[0]

    def note(leaf, what):
        wrong.append(f"root {leaf.root:#x}: {leaf.address:#x} -> {leaf.frame:#x}: {what}")

    for root in roots:
        leaves, its_tables = snapshot.walk(root)
        tables.update(its_tables)
        for leaf in leaves:
            if leaf.write and leaf.execute:
                note(leaf, "writable and executable")
            if leaf.frame + leaf.size > len(snapshot.ram):
                note(leaf, "maps what is no RAM")
            if leaf.address >= 1 << 63:
                if leaf.any_user:
                    note(leaf, "U in the kernel half")
                if leaf.write and (overlaps(leaf, constant) or overlaps(leaf, sealed)):
                    note(leaf, "writable alias of kernel text or constants")
                if leaf.execute and not text[0] <= leaf.address - IMAGE_BASE < text[1]:
                    note(leaf, "kernel code outside of .text")
                if leaf.address < PHYSMAP + (1 << 39) and leaf.address - PHYSMAP != leaf.frame:
                    note(leaf, "physmap is not its address")
                if KSTACKS <= leaf.address < KSTACKS_END and (leaf.address - KSTACKS) // FRAME % 3 == 0:
                    note(leaf, "guard page of a kernel stack is mapped")
            else:
                if not USER_BASE <= leaf.address < USER_END:
                    note(leaf, "below 64 KiB or in the last user page")
                if not leaf.user:
                    note(leaf, "kernel page in the user half")
                if overlaps(leaf, (text[0], symbol["_kernel_end"] - IMAGE_BASE)):
                    note(leaf, "user page shows the kernel")
                for frame in range(leaf.frame, leaf.frame + leaf.size, FRAME):
                    if leaf.write:
                        user_writes.setdefault(frame, leaf)
                    if leaf.execute:
                        user_executes.setdefault(frame, leaf)
                    mapped.setdefault(frame, []).append(leaf)
    for frame in user_writes.keys() & user_executes.keys():
        note(user_writes[frame], "and a user executes the same frame")
    for frame in mapped.keys() & tables:
        note(mapped[frame][0], "a page table, shown to a user")
    for frame, leaves in mapped.items():
        if len(leaves) > 1 and any(leaf.write for leaf in leaves):
            note(leaves[0], f"writable, and shown {len(leaves)} times")
    return wrong + audit_registers(snapshot, roots[0])


def audit_registers(snapshot, root):
    wrong = []
    bits = {"CR0": {"WP": 16, "PG": 31}, "EFER": {"NXE": 11}, "CR4": {"SMEP": 20, "SMAP": 21, "UMIP": 11}}
    for register, names in bits.items():
        for name, bit in names.items():
            if not snapshot.register(register) >> bit & 1:
                wrong.append(f"{register}.{name} is off")
    leaves = {leaf.address: leaf for leaf in snapshot.walk(root)[0] if leaf.address >= 1 << 63}
    for name in ("GDT", "IDT"):
        base, limit = snapshot.table_register(name)
        for page in range(base & ~4095, base + limit + 1, FRAME):
            if page not in leaves or leaves[page].write:
                wrong.append(f"{name} at {page:#x} is writable, or not mapped")
    base, limit = snapshot.table_register("TR")
    at = leaves[base & ~4095].frame + base % FRAME
    if struct.unpack_from("<H", snapshot.ram, at + 0x66)[0] <= limit:
        wrong.append("the TSS opens I/O ports")
    return wrong
