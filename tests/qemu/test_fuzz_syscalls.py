# SPDX-License-Identifier: MIT
"""Claim: whatever ring 3 asks of the kernel, by both doors, from several threads of several
processes and with a pager that gives any answer, the kernel answers each call or ends who
made it: it does not panic, loses no frame, keeps the registers that it must, and changes
nobody else's memory.
Method: the guest `fuzz` (tests/guests/fuzz/) makes calls from a seed, which it prints;
SECOS_SEED=n repeats one, to the instruction. SECOS_SOAK=n tries n times as many seeds."""
import os
import random
import re

import pytest

from hostile import *  # noqa: F403
from hostile import SOAK, arena, claims  # noqa: F401

CALLS = 256_000


def fuzz(machine, seed, calls, pager):
    """Run the fuzzer; its last line before the claims, which says what became of it."""
    text = claims(machine, f"run fuzz {seed} {calls} {pager}", 5, timeout=600)
    return re.search(r"^fuzz: \d+ calls; .*$", text, re.MULTILINE)[0]


@pytest.mark.parametrize("pager", ["honest", "hostile"])
@pytest.mark.parametrize("round", range(2 * SOAK))
def test_fuzzed_calls(arena, pager, round):
    """More than a million calls in the four runs of CI."""
    seed = int(os.environ.get("SECOS_SEED", random.randrange(1 << 32)))
    machine = arena("fuzz", icount=True, memory=(32, 64)[round % 2], options="test")
    said = fuzz(machine, seed, CALLS, pager)
    workers, faulted, killed, pagers = map(int, re.search(
        r"(\d+) workers: \d+ finished, (\d+) ended by a fault, (\d+) killed; (\d+) pagers", said).groups())
    # It did what it is for: calls got far enough to hurt, and pagers lied.
    assert workers > 20 and faulted > 2 and killed > 2 and (pagers > 2) == (pager == "hostile"), said


def test_a_seed_repeats_the_run(boot):
    """The same seed, the same instructions: how many workers ended and how is the same."""
    said = set()
    for _ in range(2):
        machine = boot(modules=modules("fuzz"), icount=True, memory=64)
        said.add(fuzz(machine, 7, 20000, "hostile"))
    assert len(said) == 1, said
