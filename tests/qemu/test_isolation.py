# SPDX-License-Identifier: MIT
"""Claim: no process reaches another's memory, registers or the kernel's; the page tables say
the same when they are read from outside (rows H45, H50, H52, H53, H55, H60, H62).
Method: guests that try; a walk of the page tables through QEMU that asks the kernel
nothing; processes that hold processor state through each other's turns."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import BUILD, arena, claims, expect_times, gauntlet, killed, symbols  # noqa: F401
from space_walk import HALF, PAGE, Walk

KERNEL_BASE = 0xFFFFFFFF80000000
PHYSMAP, PHYSMAP_END = 0xFFFF888000000000, 0xFFFF890000000000
USER_BASE, USER_END_PAGE = 0x10000, 0x7FFFFFFFF000
MEMORY = 32


def test_same_address_other_memory(arena):
    """A child with the same program at the same addresses, a child that reads where only its
    parent has memory, and every page of every process: no frame twice."""
    claims(arena("isolate"), "run isolate", 10)


def test_h45_the_kernel_cannot_be_read(arena):
    """Text, data, physmap, the interrupt and descriptor tables, the kernel stacks, the heap
    window: reads, writes and jumps end with #PF and the address."""
    machine = arena("gauntlet", "attack")
    registers = machine.qmp.monitor("info registers")
    tables = [int(re.search(rf"{name}=\s+([0-9a-f]+)", registers)[1], 16) for name in ("GDT", "IDT")]
    of = symbols(BUILD / "kernel.elf")
    addresses = tables + [of["syscall_table"], of["_text_start"], of["_data_start"], PHYSMAP, PHYSMAP + 0x100000,
                          0xFFFFFF0000001000, 0xFFFFFF4000000000, HALF, 0xFFFFFFFFFFFFFFF8]
    specs = {f"{kind}:{a:#x}": a for kind in ("read", "write", "exec") for a in addresses}
    for spec, end in gauntlet(machine, "attack", *specs).items():
        killed(end, PF, reason=NO_REGION, address=specs[spec], rip=end.rip)
        assert end.error & USER, spec


def check_tables(walk):
    """The rules of the page tables, for the space that is loaded. Returns its leaves."""
    of = symbols(BUILD / "kernel.elf")
    code = range(of["_text_start"] - KERNEL_BASE, of["_text_end"] - KERNEL_BASE)
    constants = range(of["_rodata_start"] - KERNEL_BASE, of["_rodata_end"] - KERNEL_BASE)
    leaves = list(walk.leaves())
    physmap = 0
    for leaf in leaves:
        assert not (leaf.write and leaf.execute), f"writable and executable: {leaf}"
        if leaf.address >= HALF:
            assert not leaf.user, f"open to ring 3: {leaf}"
        else:
            assert leaf.user and USER_BASE <= leaf.address < USER_END_PAGE, f"low leaf: {leaf}"
            assert leaf.size == PAGE and leaf.frame not in walk.tables
        for protected in (code, constants):
            if leaf.write:
                assert leaf.frame >= protected.stop or leaf.frame + leaf.size <= protected.start, \
                    f"a writable view of the kernel's code or constants: {leaf}"
        if leaf.execute and leaf.address >= HALF:
            assert leaf.frame in code, f"executable and not kernel code: {leaf}"
        if PHYSMAP <= leaf.address < PHYSMAP_END:
            assert leaf.frame == leaf.address - PHYSMAP and not leaf.execute
            assert leaf.frame + leaf.size <= MEMORY << 20, f"physmap of no RAM: {leaf}"
            physmap += leaf.size
    assert physmap > (MEMORY - 2) << 20, "the physmap shows RAM"
    return leaves


def test_h49_h50_page_tables_read_from_outside(arena):
    """With the shell's space loaded and with a guest's: no U in the kernel's half, nothing W
    and X, no writable view of kernel text or constants (all 512 entries of the 2 MiB page of
    the physmap that the kernel splits there), no leaf over a page table, nothing below
    64 KiB; WP, NXE, SMEP, SMAP, UMIP are on."""
    machine = arena("hog", memory=MEMORY)
    walk = Walk(machine, MEMORY)
    check_tables(walk)
    assert walk.cr0 & 1 << 16 and walk.efer & 1 << 11
    assert walk.cr4 & 1 << 20 and walk.cr4 & 1 << 21 and walk.cr4 & 1 << 11
    machine.send("run hog\r")
    machine.expect("spinning")
    busy = Walk(machine, MEMORY)
    leaves = check_tables(busy)
    assert busy.root != walk.root
    kinds = {(leaf.write, leaf.execute) for leaf in leaves if leaf.user}
    assert kinds == {(False, True), (False, False), (True, False)}, "R-X, R-- and RW- and no more"
    machine.send("\x03")
    machine.prompt()


def test_the_kernel_half_is_the_same_in_every_space(arena):
    machine = arena("hog", memory=MEMORY)
    first = Walk(machine, MEMORY)
    machine.send("run hog\r")
    machine.expect("spinning")
    second = Walk(machine, MEMORY)
    assert first.root != second.root
    assert first.table(first.root)[256:] == second.table(second.root)[256:]
    machine.send("\x03")
    machine.prompt()


@pytest.mark.parametrize("cpu", ["max", "qemu64"])
def test_h52_h55_processor_state_is_a_processs_own(arena, cpu):
    """Four at once, each with other registers, control words and FS/GS bases; each spins
    with its state loaded through ticks and yields. qemu64 has neither AVX nor FSGSBASE."""
    machine = arena("fpu", cpu=cpu)
    for seed in (1, 2, 3):
        machine.command(f"run fpu {seed} 100 &")
    claims(machine, "run fpu 4 100", 2)
    expect_times(machine, "claims: 2, failed: 0", 4)


def test_h53_a_pending_x87_error_reaches_its_owner(arena):
    """The attacker has an unmasked x87 error pending and yields to others before it waits
    for the result: #MF to it and to nobody else."""
    machine = arena("gauntlet", "attack", "fpu")
    machine.command("run fpu 1 60 &")
    end = gauntlet(machine, "attack", "x87-pending")["x87-pending"]
    killed(end, MF)
    expect_times(machine, "claims: 2, failed: 0", 1)


def test_h60_no_kernel_address_is_told(arena):
    """Every report the shell can print, every structure the sys_ calls fill (guest
    `syscalls`), and the whole log so far."""
    machine = arena("hello", "syscalls")
    for line in ("info", "uptime", "mem -v", "heap", "frames", "ps", "regions", "regions 1", "elfload", "elfload hello",
                 "syscalls", "pager", "vmcheck", "translate 0x400000", "run hello", "help"):
        machine.command(line)
    claims(machine, "run syscalls reports", 8)
    leaked = re.findall(r"(?i)\b(?:0x)?(ffff[89a-f][0-9a-f]{11})\b", machine.log)
    assert not leaked, leaked


def test_h62_what_was_reused_is_not_what_was(arena):
    """Handles of five kinds, closed, their slots taken by each kind in turn; the number of a
    process that has ended, its slot taken by the next."""
    claims(arena("reuse", "null"), "run reuse names", 196, timeout=100)
