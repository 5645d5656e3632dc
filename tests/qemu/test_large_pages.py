# SPDX-License-Identifier: MIT
"""Claim: aligned spans of 2 MiB that are populated become one leaf, of memory that is zero;
what is done to a part of one is done to that part alone (row H49); where there is no 2 MiB
frame the pages are small; and every frame comes back.
Method: the guest `large` asks the kernel what each page is (sys_translate). The harness
compares the frames of the machine before and after, and walks all tables (vmcheck)."""
import pytest
from hostile import arena, claims  # noqa: F401


@pytest.mark.parametrize("what, at_least", [("whole", 10), ("edges", 48), ("unaligned", 3)])
def test_large_pages(arena, what, at_least):
    claims(arena("large"), f"run large {what}", at_least)


def test_h49_a_split_page_has_the_right_rights_on_all_512(arena):
    claims(arena("large"), "run large rights", 40)


@pytest.mark.parametrize("options", ["", "pager=kernel"])
def test_without_a_large_frame_the_pages_are_small(arena, options):
    """On a small machine what the kernel keeps for itself is no whole 2 MiB frame."""
    claims(arena("large", options=options, memory=20), "run large shortage", 5, timeout=120)


@pytest.mark.parametrize("run", [16, 64])
def test_a_pager_that_answers_in_runs_gives_large_pages_too(arena, run):
    claims(arena("large", pager=f"run={run}"), "run large whole", 10)


def test_the_audit_knows_large_pages(arena):
    """vmcheck while a program holds three of them, and after it is gone."""
    machine = arena("large")
    machine.command("run large hold &")
    machine.expect(r"held\r?\n")
    assert "every rule holds" in machine.command("vmcheck")
    text = machine.command("translate 0x180000000000 " + pid(machine, "large"))
    assert "page of 2048 KB" in text
    machine.command("kill " + pid(machine, "large"))


def pid(machine, name):
    rows = [row.split() for row in machine.command("ps").splitlines()]
    return next(row[0] for row in rows if row and row[-1] == name)
