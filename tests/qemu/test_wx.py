# SPDX-License-Identifier: MIT
"""Claim: no memory is ever writable and executable: not at once, not one after the other, not
through two views of a frame (rows H37, H43, H44, H99 of the table of hostile tests).
Method: programs that write code and run data, of every kind of memory; the rule is also
checked by the kernel's own audit (`vmcheck`) and from outside (test_isolation.py)."""
from hostile import *  # noqa: F403
from hostile import BUILD, arena, claims, gauntlet, killed, symbols  # noqa: F401


def test_h43_code_and_constants_cannot_be_written(arena):
    machine = arena("gauntlet", "attack")
    of = symbols(BUILD / "guests/attack.elf")
    ends = gauntlet(machine, "attack", "write-text:0", "write-rodata:0", f"write:+{of['_start']:#x}",
                    f"write:+{of['_text_end'] - 1:#x}", f"write:+{of['attack_table']:#x}")
    for spec, end in ends.items():
        killed(end, PF, error=PRESENT | WRITE | USER, reason=PROTECTION)
    for spec, name in (("write-text:0", "attack_write_text"), ("write-rodata:0", "attack_constant")):
        assert ends[spec].address == ends[spec].image + of[name]
    # Constants with addresses in them were written once, by the program itself: no more.
    table = ends[f"write:+{of['attack_table']:#x}"]
    assert table.address == table.image + of["attack_table"] and table.region == table.address & -4096


def test_h44_data_cannot_be_executed(arena):
    """Stack, heap, .data, .rodata and a region: pages that are there, so the processor refuses:
    error code 0x15, fetch of a present page. A page of .bss that nobody had written is
    refused before it exists."""
    machine = arena("gauntlet", "attack")
    specs = "exec-stack exec-heap exec-data exec-rodata exec-region exec-bss".split()
    for spec, end in gauntlet(machine, "attack", *specs).items():
        killed(end, PF, error=PRESENT | USER | FETCH, reason=PROTECTION, rip=end.address)


def test_execution_where_no_page_is_yet(arena):
    """Regions that may not be executed: the fetch of a missing page is refused too, and no page
    is made for it."""
    machine = arena("gauntlet", "attack")
    of = symbols(BUILD / "guests/attack.elf")
    fresh = of["_end"] - 8
    end = gauntlet(machine, "attack", f"exec:+{fresh:#x}")[f"exec:+{fresh:#x}"]
    killed(end, PF, reason=PROTECTION, address=end.image + fresh, rip=end.image + fresh)
    assert end.error & FETCH


def test_h37_protection_only_shrinks_and_never_gains_x(arena):
    """RW to RX to RW in both directions, W+X at creation and later, by regions and by two views
    of a memory object (guest `syscalls`, group memory)."""
    claims(arena("syscalls", "hello"), "run syscalls memory", 120)


def test_the_shipped_violator_is_ended_and_the_audit_is_clean(machine):
    text = machine.command("run wx")
    assert "vector 14, error 0x7" in text
    report = machine.command("vmcheck")
    assert "every rule holds" in report
    assert "Hello" in machine.command("run hello")
