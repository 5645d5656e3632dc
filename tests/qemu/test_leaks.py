# SPDX-License-Identifier: MIT
"""Claim: whatever begins and ends, and whatever fails in the middle, every frame comes back
(rows H64, H65, H68 of the table of hostile tests).
Method: the guest `churn` makes and ends processes and counts free frames; the fixture
compares all frames by owner before and after. SECOS_SOAK=n repeats n times as often."""
import os
import random
import re

import pytest

from hostile import *  # noqa: F403
from hostile import SOAK, arena, claims  # noqa: F401


def test_h68_spawn_and_exit(arena):
    """100,000 children, one after the other; a million in `make soak`."""
    claims(arena("churn"), f"run churn spawn {100_000 * SOAK}", 2, timeout=250 * SOAK)


@pytest.mark.parametrize("round", range(3))
def test_h68_kills_at_random_instants(arena, round):
    """Children that map, wait, copy handles and spawn are killed at random instants. A failure
    prints the seed; SECOS_SEED repeats it."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1 << 32))) + round
    claims(arena("churn"), f"run churn kill {200 * SOAK} {seed}", 2, timeout=100 * SOAK)


def test_h65_each_allocation_fails_once(arena):
    """A child that does everything that takes memory, under every limit from one page to
    enough: the spawn fails in each of its steps, then each call and each touch."""
    claims(arena("churn"), "run churn limits", 5)


def test_h64_to_the_last_frame(arena):
    """Get all memory there is, exit; again and again. The second time is no smaller than the
    first."""
    machine = arena("demand", memory=16)
    got = []
    for _ in range(12 * SOAK):
        got.append(int(re.search(r"filled (\d+) pages", machine.command("run demand fill"))[1]))
    assert max(got) - min(got) <= 64 and min(got) > 1000, got


def test_h64_a_thousand_times(arena):
    """A child takes all memory, to the last page that it may have, and ends: 150 times here,
    more than 1,000 times in `make soak`. There is never less than the first time, and never a
    frame missing afterwards."""
    claims(arena("churn", memory=16, pager="run=64"), f"run churn exhaust {150 * SOAK}", 3, timeout=250 * SOAK)


def test_hundreds_of_programs_from_the_shell(arena):
    """Ends of every kind, started by the shell: the frames are those of the beginning after
    each kind (the fixture looks at the end, this test in between)."""
    machine = arena("hello", "wx", "overflow", "attack", "null")
    before = machine.settled_frames()
    for line in ("hello", "wx", "overflow", "null", "attack ud2", "attack read:0", "attack exec-heap"):
        for _ in range(30):
            machine.command(f"run {line}")
        assert machine.settled_frames() == before, line
