# SPDX-License-Identifier: MIT
"""Claim: a pager that asked for it is told once of every page that goes away, before any
later fault of the same space; nothing is allocated for that, and only the space whose pages
they were pays, until the event is taken or the space is gone.
Method: the guest `detach`: a pager that writes down what it is told, and clients that make
and destroy regions to order. The fixtures compare the frames before and after."""
import pytest

from hostile import *  # noqa: F403
from hostile import claims

GROUPS = {
    "pieces": 14,   # cut, destroyed, plain
    "death": 9,     # once for each binding
    "shared": 9,    # two ends under one badge, untold
    "charged": 9,   # the client runs out, and recovers when they are taken
    "many": 5,      # ten thousand regions, in order
    "never": 5,     # the same, and nobody takes one
    "heir": 9,      # the pager dies with a hundred untaken
    "closed": 5,    # nobody can take them any more
    "order": 9,     # before its own fault, not before others'
    "minter": 11,   # who minted the binding ends first
    "boot": 14,     # the boot pager's program is told
    "born": 5,      # a process whose image and stack are bound so
}


@pytest.mark.parametrize("group", GROUPS)
def test_detach(arena, group):
    """Each twice: the second finds what the first left behind."""
    machine = arena("detach", "hello", icount=True)
    for _ in range(2):
        claims(machine, f"run detach {group}", GROUPS[group])


def test_a_space_in_which_a_pager_never_looks_costs_nothing(arena):
    """Clients that make ten thousand events each, told to nobody, one after the other: each
    leaves one count behind, in a binding that is paid for."""
    machine = arena("detach", icount=True, memory=32)
    for _ in range(4):
        claims(machine, "run detach never", GROUPS["never"])
