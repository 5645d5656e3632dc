# SPDX-License-Identifier: MIT
"""Claim: whatever a program asks, interrupts are off for 20,000 instructions at most.
Method: a plugin of QEMU (tests/tools/irq_off.c) counts the instructions of the kernel from
each entry to the next sti, iretq or sysretq, on the shipped image; the guest `stretch` asks
for everything that is long, and `sleepers` for a thousand deadlines at once.
`tests/tools/irq_off.py` does the same under any other test."""
import os
import random
import sys

import pytest

from hostile import *  # noqa: F403
from hostile import arena, claims  # noqa: F401
from machine import ROOT

sys.path.insert(0, str(ROOT / "tests/tools"))
from irq_off import LIMIT, plugin_words, read_stretches  # noqa: E402


@pytest.fixture
def measured(arena, tmp_path):
    """measured(*guests): a machine with the plugin, and a function that reads its figures.
    Under tests/tools/irq_off.py it has the plugin already, which judges all tests together."""
    outside = "irq_off.so" in os.environ.get("SECOS_QEMU_EXTRA", "")

    def start_measured(*guests, **arguments):
        machine = arena(*guests, extra=[] if outside else plugin_words(tmp_path), icount=True, **arguments)
        return machine, lambda: [(LIMIT, "", "")] if outside else read_stretches(tmp_path, machine.kernel)
    return start_measured


def never_long(rows):
    """None of the @rows is longer than LIMIT."""
    assert rows and rows[0][0] > 5000, f"nothing was measured: {rows[:3]}"
    assert rows[0][0] <= LIMIT, "\n".join(f"{n} from {begin}, mostly in {hot}" for n, begin, hot in rows[:8])


def test_interrupts_are_never_off_for_long(measured):
    machine, stretches = measured("stretch", "hello")
    claims(machine, "run stretch", 43, timeout=120)
    for line in ("vmcheck", "memtest", "ps", "regions 1", "frames", "run hello", "help"):
        machine.command(line)
    never_long(stretches())


@pytest.mark.frames_change("kernel stacks that are kept may lie in one more table")
def test_a_crowd_that_wakes_at_once_keeps_no_interrupt_away(measured):
    """A thousand threads sleep until the same tick: some hundred wake in it, the others in
    the next ones."""
    machine, stretches = measured("sleepers", memory=256)
    claims(machine, "run sleepers", 11, timeout=120)
    never_long(stretches())


def test_who_finds_every_number_taken_keeps_no_interrupt_away(measured):
    """All memory objects there can be, then all processes; twice, since numbers that were
    never used are found in another way."""
    machine, stretches = measured("slots", "null", memory=256)
    for _ in range(2):
        claims(machine, "run slots", 6, timeout=120)
    rows = stretches()
    assert rows[0][0] <= LIMIT, "\n".join(f"{n} from {begin}, mostly in {hot}" for n, begin, hot in rows[:8])


def test_a_refusal_asks_every_ancestor_once(measured):
    """A pager answers with 15 pages where there are fewer, 120 generations below the shell."""
    machine, stretches = measured("deep", pager="run=15", memory=256)
    claims(machine, "run deep 120", 1, timeout=120)
    assert machine.seen("deep .* no memory")
    rows = stretches()
    assert rows[0][0] <= LIMIT, "\n".join(f"{n} from {begin}, mostly in {hot}" for n, begin, hot in rows[:8])


@pytest.mark.parametrize("what", ("kill", "take"))
def test_a_long_spawn_that_is_interrupted_leaves_nothing(measured, what):
    """Programs of 4 MiB, spawned from a process's own memory: five threads at once are killed
    with it, or half of the memory is taken away, at random instants. Every frame comes back,
    and interrupts are never off for long. A failure prints the seed; SECOS_SEED repeats it."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1 << 32)))
    machine, stretches = measured("midspawn")
    claims(machine, f"run midspawn {what} 30 {seed}", 2, timeout=120)
    never_long(stretches())


@pytest.mark.frames_change("kernel stacks that are kept may lie in one more table")
@pytest.mark.parametrize("place,least", [("bell", 3), ("queue", 1), ("mixed", 4), ("gifts", 2), ("held", 7), ("owed", 41),
                                         ("end", 2), ("page", 3), ("rights", 3), ("faults", 2), ("serve", 1)])
def test_a_crowd_at_one_place_keeps_no_interrupt_away(measured, place, least):
    """A thousand threads wait for one thing, that happens or will never happen; all threads of
    a process want pages that go; a process serves four thousand endpoints."""
    machine, stretches = measured("throng", memory=256)
    claims(machine, f"run throng {place}", least, timeout=120)
    never_long(stretches())


def test_pages_far_apart_are_shown_to_a_child_in_short_steps(measured):
    machine, stretches = measured("viewrace", memory=128)
    claims(machine, "run viewrace huge", 6, timeout=120)
    never_long(stretches())
