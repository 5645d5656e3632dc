# SPDX-License-Identifier: MIT
"""Claim: a stack that grows too far meets a page that is never there, and nobody else notices
(rows H46, H47 of the table of hostile tests).
Method: touch the guard at its edges, recurse without end, a few hundred times; a region of
kind guard of one's own is in the guests `syscalls` and `pointers`."""
from hostile import *  # noqa: F403
from hostile import SOAK, arena, gauntlet, killed, pytest  # noqa: F401

STACK_TOP = 0x7FFFFFFF0000  # with aslr=off
STACK_PAGES, PAGE = 256, 4096  # USER_STACK_PAGES; its guard is one page
BASE = STACK_TOP - STACK_PAGES * PAGE


@pytest.mark.parametrize("options", ["aslr=off", "aslr=on"])
def test_h46_the_edges_of_the_guard(arena, options):
    """The byte below the stack and the lowest byte of the guard are refused; the byte below the
    guard is nobody's; the lowest byte of the stack itself can be written."""
    machine = arena("gauntlet", "attack", options=options)
    ends = gauntlet(machine, "attack", "guard:1", "guard:8", "guard:4095", "guard:4096", "guard:4097", "stack-bottom:0",
                    "stack-bottom:4095")
    for below in (1, 8, 4095, 4096):
        end = ends[f"guard:{below}"]
        base = BASE if options == "aslr=off" else end.region + PAGE  # the guard is the region
        killed(end, PF, error=WRITE | USER, reason=GUARD, address=base - below)
    killed(ends["guard:4097"], PF, reason=NO_REGION, address=BASE - 4097 if options == "aslr=off" else None)
    assert ends["guard:4097"].address % PAGE == PAGE - 1
    assert ends["stack-bottom:0"].wait == ends["stack-bottom:4095"].wait == 99


def test_h46_recursion_without_an_end(arena):
    """Again and again: each ends at the guard, and no frame is missing after any."""
    machine = arena("gauntlet", "attack")
    for end in gauntlet(machine, "attack", f"overflow:1-{100 * SOAK}").values():
        killed(end, PF, error=WRITE | USER, reason=GUARD)
        assert end.region <= end.address < end.region + PAGE


def test_h47_a_frame_larger_than_the_guard(arena):
    """The guard is one page (docs/memory_map.md). A frame of 1 MiB reaches over it: below is
    nothing, which ends the program as well."""
    machine = arena("gauntlet", "attack")
    for end in gauntlet(machine, "attack", "over-guard:2", "over-guard:16", "over-guard:256").values():
        killed(end, PF, error=WRITE | USER, reason=NO_REGION)


def test_overflow_as_shipped(machine):
    """What a person sees."""
    text = machine.command("run overflow")
    assert "vector 14, error 0x6" in text and "stack overflow" in text
    assert "Hello" in machine.command("run hello")
