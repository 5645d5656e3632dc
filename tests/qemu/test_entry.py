# SPDX-License-Identifier: MIT
"""Claim: whatever ring 3 does at the doors of the kernel ends that program alone, or
does nothing (rows H1-H20 of the table of hostile tests).
Method: each attack is a process of its own, sent by the guest `gauntlet`, which reports
how it ended, the frames that are missing then, and a neighbour's memory."""
import pytest

from hostile import *  # noqa: F403

def test_h01_jump_to_a_non_canonical_address(arena):
    machine = arena("gauntlet", "attack")
    ends = gauntlet(machine, "attack", "jump:0x800000000000", "jumpbit:47-63", "return:0x800000000000")
    for spec, end in ends.items():
        killed(end, GP, error=0, reason=EXCEPTION, rip=end.rip)
    # On this emulator the fault is at the address itself, at CPL 3.
    assert ends["jump:0x800000000000"].rip == 1 << 47
