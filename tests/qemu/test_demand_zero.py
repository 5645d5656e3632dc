# SPDX-License-Identifier: MIT
"""Claim: a page exists when it is touched and not before, comes from the ring-3 pager, is
zero, and costs two kernel entries.
Method: the guest `demand` touches pages one by one and reads the machine's counters
between; a pager that is told to answer FAIL makes an allocation fail, so the path is real."""
import re

import pytest

from hostile import *  # noqa: F403
from hostile import arena, claims  # noqa: F401


def served(machine):
    return int(re.search(r"faults served\s+(\d+)", machine.command("pager"))[1])


# The three places of one policy; what the boot pager is asked there.
PLACES = [("server", 2), ("kernel", 1), ("self", 2)]


@pytest.mark.parametrize("place, entries", PLACES)
def test_each_touched_page_is_exactly_one_fault(arena, place, entries):
    """Anonymous regions, bss, stack, malloc, populate."""
    claims(arena("demand", options=f"pager={place}"), "run demand count", 18)


@pytest.mark.parametrize("place, entries", PLACES)
def test_memory_is_the_same_wherever_it_comes_from(arena, place, entries):
    """Zero, kept, all there. The pager is asked for each page, never, or only for what a
    program touches before its first instruction is over: a page of its bss."""
    machine = arena("demand", options=f"pager={place}")
    before = served(machine)
    claims(machine, "run demand steady 200", 3)
    asked = served(machine) - before
    assert asked >= 200 if place == "server" else asked == 0 if place == "kernel" else asked <= 2


@pytest.mark.parametrize("place, entries", PLACES)
def test_a_fault_costs_so_many_kernel_entries(arena, place, entries):
    """The client's trap, and the reply of pager or handler. Counted by sys_machine within
    one tick of the timer, for 1, 2, 4, 8 and 16 faults."""
    claims(arena("demand", options=f"pager={place}"), f"run demand entries {entries}", 10)


@pytest.mark.parametrize("run", [1, 2, 16, 64])
def test_a_run_of_pages_is_one_fault(arena, run):
    claims(arena("demand", pager=f"run={run}"), f"run demand around {run}", 4)


def test_a_pager_that_fails_makes_malloc_fail(start):
    """The pager answers the shell's first faults and then FAIL: memtest says so, and the
    shell lives. No other pager stands behind it."""
    probe = start(modules=modules())
    probe.prompt()
    enough = served(probe)
    machine = start(modules=modules(pager=f"fail-after={enough}"))
    machine.prompt()
    text = machine.command("memtest")
    for what in ("Block 1 allocated", "Block 5 allocated", "Block of 1024KB"):
        assert f"[FAIL] {what}" in text, text
    assert machine.command("echo $?").strip() != "0"
    text = machine.command("memstress 1")
    assert "[FAIL] random sizes" in text and "[FAIL] all memory taken" in text, text
    assert machine.command("echo $?").strip() != "0"
    assert "vmcheck: every rule holds" in machine.command("vmcheck")
    assert not machine.seen(PANIC)


def test_a_pager_that_fails_ends_a_program_that_touches(start):
    """Touching memory that the pager refuses ends the program, by that name."""
    probe = start(modules=modules())
    probe.prompt()
    machine = start(modules=modules("demand", pager=f"fail-after={served(probe) + 20}"))
    machine.prompt()
    text = machine.command("run demand steady 200")
    assert "killed by #PF" in text and "the pager refused the page" in text
    assert "prompt" in machine.command("echo prompt")


@pytest.mark.parametrize("place, entries", PLACES)
def test_h51_no_byte_of_another_process_is_ever_seen(arena, place, entries):
    """One process writes a canary to all memory there is; the next gets all memory there
    is, with its bss and its stack, and finds zeroes."""
    machine = arena("demand", memory=64, options=f"pager={place}")
    filled = int(re.search(r"filled (\d+) pages", machine.command("run demand fill"))[1])
    text = claims(machine, "run demand scan", 4)
    got = int(re.search(r"got (\d+) pages", text)[1])
    free = machine.frames()["free"]
    assert min(filled, got) > free * 9 // 10, "nearly all of RAM was looked at"
