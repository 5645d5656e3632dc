# SPDX-License-Identifier: MIT
"""Claim: memory that is given back is gone, at once and for good, and what is mapped twice is
freed once (rows H36, H38-H41, H48 of the table of hostile tests).
Method: attackers that touch what they gave back, under the code that runs and the stack that
is in use; what must be refused is in the guest `syscalls`, group memory; H41, an unmap under
a pager's hands, in test_pager_hostile.py."""
from hostile import *  # noqa: F403
from hostile import BUILD, arena, claims, gauntlet, killed, symbols  # noqa: F401

MAP_BASE = 0x0000100000000000


def test_h36_h38_h40_regions(arena):
    """Places that are nobody's to take; unmapping twice, in part, what never was; a frame seen
    through two regions of which one goes."""
    claims(arena("syscalls", "hello"), "run syscalls memory", 120)


def test_h39_unmap_what_one_stands_on(arena):
    """The code that runs, the stack, everything: the call succeeds and the way back ends the
    program; the whole space is freed."""
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "unmap-code", "unmap-stack", "unmap-all")
    for spec, end in ends.items():
        killed(end, PF, reason=NO_REGION)
    assert ends["unmap-code"].error & FETCH and ends["unmap-all"].error & FETCH
    assert ends["unmap-code"].rip == ends["unmap-code"].address
    assert not ends["unmap-stack"].error & FETCH


def test_h48_nothing_stale_is_ever_read(arena):
    """Read after unmap, first and last byte; after the frame has served another page; after the
    page lost its rights; write after it became read-only. A translation that stayed in the
    TLB would let each of them pass."""
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "read-unmapped:0", "read-unmapped:8191", "read-reused", "read-protected:0",
                    "read-protected:4095", "write-protected:0", "write-protected:4095")
    for spec in ("read-unmapped:0", "read-unmapped:8191", "read-reused"):
        killed(ends[spec], PF, error=USER, reason=NO_REGION)
    for spec in ("read-protected:0", "read-protected:4095"):
        killed(ends[spec], PF, error=USER, reason=PROTECTION)
    for spec in ("write-protected:0", "write-protected:4095"):
        killed(ends[spec], PF, error=PRESENT | WRITE | USER, reason=PROTECTION)
    assert all(end.address >= MAP_BASE for end in ends.values())
