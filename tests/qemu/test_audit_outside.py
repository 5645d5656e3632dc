# SPDX-License-Identifier: MIT
"""Claim (H50): seen from outside, no page is writable and executable, nothing of the
kernel half is open to ring 3, kernel text and constants have no writable alias, no
frame is written by one user page and executed through another; in every space.
Method: stop the machine, copy its RAM, walk the page tables in Python (page_walk.py),
independent of the kernel's own vmcheck; QEMU's `info mem` must agree with the walk."""
import re

import page_walk
import pytest
from machine import BUILD, default_modules
from page_walk import NX, U, W, Snapshot

MEMORY = 64


def seen(machine):
    return Snapshot(machine, MEMORY)


@pytest.mark.parametrize("path", ["direct", "iso", "uefi"])
def test_h50_at_the_prompt(boot, path):
    machine = boot(boot=path, memory=MEMORY)
    snapshot = seen(machine)
    assert len(snapshot.roots()) == 3, "kernel, pager, shell"
    assert page_walk.audit(snapshot) == []


@pytest.mark.parametrize("cpu", ["qemu64", "max"])
def test_the_walk_sees_what_qemu_sees(boot, cpu):
    snapshot = seen(boot(memory=MEMORY, cpu=cpu))
    leaves, _ = snapshot.walk(snapshot.register("CR3") & page_walk.ADDRESS)
    qemu = [(int(a, 16), int(b, 16), rights) for a, b, rights in
            re.findall(r"^(\w+)-(\w+) \w+ (\S+)", snapshot.qemu_says, re.MULTILINE)]
    assert page_walk.ranges(leaves) == qemu


def test_h50_with_programs_at_work_and_after_their_end(boot):
    machine = boot(memory=MEMORY)
    machine.command("memtest")
    for name in ("hog", "hog", "hog"):
        machine.command(f"run {name} &")
    machine.command("run faultdemo")
    machine.command("run wx")
    machine.command("run overflow")
    snapshot = seen(machine)
    assert len(snapshot.roots()) == 6, "kernel, pager, shell, three hogs"
    assert page_walk.audit(snapshot) == []
    for row in machine.processes():
        if row["name"] == "hog":
            machine.command(f"kill {row['pid']}")
    machine.settled_frames()  # or the new pager's objects share slabs with theirs, and keep them
    assert len(seen(machine).roots()) == 3
    machine.command("pager kill")
    machine.command("memtest")
    assert page_walk.audit(seen(machine)) == []


def test_h50_with_2_mib_pages(boot):
    """Three large leaves of a program: 4 KiB at a time, nobody else shows what they show."""
    machine = boot(memory=MEMORY, modules=[*default_modules(), BUILD / "guests/large.elf"])
    machine.command("run large hold &")
    machine.expect(r"held\r?\n")
    snapshot = seen(machine)
    large = [leaf for root in snapshot.roots() for leaf in snapshot.walk(root)[0]
             if leaf.address < 1 << 47 and leaf.size == 0x200000]
    assert len(large) == 3 and page_walk.audit(snapshot) == []
    assert "every rule holds" in machine.command("vmcheck")
    machine.command(f"kill {next(row['pid'] for row in machine.processes() if row['name'] == 'large')}")


# What the audit is for: each of these, planted in the copy, must be found.
DEFECTS = [
    ("U in the kernel half", lambda s: s.symbols["_text_start"], dict(set_bits=U)),
    ("writable alias of kernel text", lambda s: s.symbols["_rodata_start"], dict(set_bits=W)),
    ("writable alias of kernel text",
     lambda s: s.symbols["_text_start"] - page_walk.IMAGE_BASE + page_walk.PHYSMAP, dict(set_bits=W)),
    ("kernel code outside of .text", lambda s: s.symbols["_rodata_start"], dict(clear_bits=NX)),
    ("writable and executable", lambda s: s.symbols["_text_start"], dict(set_bits=W)),
    ("writable and executable", lambda s: page_walk.PHYSMAP, dict(clear_bits=NX)),
    ("IDT at .* is writable", lambda s: s.table_register("IDT")[0], dict(set_bits=W)),
    ("writable and executable", lambda s: s.stack_page, dict(clear_bits=NX)),
    ("kernel page in the user half", lambda s: s.stack_page, dict(clear_bits=U)),
]


def test_the_audit_finds_every_planted_defect(boot):
    snapshot = seen(boot(memory=MEMORY))
    root = next(r for r in snapshot.roots() if any(leaf.user for leaf in snapshot.walk(r)[0]))
    snapshot.stack_page = max(leaf.address for leaf in snapshot.walk(root)[0] if leaf.user)
    assert page_walk.audit(snapshot) == []
    saved = bytes(snapshot.ram)
    for words, address, bits in DEFECTS:
        # A right holds only if every level grants it: U on the way, too.
        snapshot.patch(snapshot.entry_address(root, address(snapshot)), **bits)
        found = page_walk.audit(snapshot)
        assert any(re.search(words, line) for line in found), (words, bits, found[:3])
        snapshot.ram[:] = saved
