# SPDX-License-Identifier: MIT
"""Claim: a copy-on-write view shows a child what its parent has; no side sees what the other
writes; a page is copied at most once; frames are exact whichever side ends first, however
often, whatever other threads do meanwhile, and where memory is short.
Method: the guests `views` and `viewrace`, in all placements of the pager; frames by kind
before and after each."""
import os
import re

from hostile import *  # noqa: F403
from hostile import SOAK, arena, claims, pytest  # noqa: F401

PLACEMENTS = ["", "pager=kernel", "pager=self"]


@pytest.mark.parametrize("options", PLACEMENTS)
def test_a_view_page_by_page(arena, options):
    claims(arena("views", options=options), "run views basic", 31)


@pytest.mark.parametrize("options", PLACEMENTS)
def test_every_order_of_exit(arena, options):
    """A parent with two children, and one with a child and a grandchild: each writes, each
    ends, in each of the six orders; those that are left see what they should."""
    claims(arena("views", options=options), "run views orders", 37)


@pytest.mark.parametrize("options", PLACEMENTS)
def test_a_view_of_a_large_page(arena, options):
    """The parent's 2 MiB page is split for it: neither side sees what the other writes."""
    claims(arena("views", options=options), "run views large", 10)


@pytest.mark.parametrize("options, least", [("aslr=off", 54), ("aslr=on", 51)])
def test_what_is_refused_changes_nothing(arena, options, least):
    """Bad ranges; ranges that begin well and end where no pager answers, or where the child
    has something: what was shared on the way is taken back. The child has something where
    its parent has only if both stand at the same place."""
    claims(arena("views", options=options), "run views refused", least)


def test_no_memory_at_each_step(arena):
    """A child and a parent whose limits grow frame by frame: every refusal leaves nothing."""
    claims(arena("views"), "run views poor", 7)


def test_ten_thousand_views_lose_no_frame(arena):
    claims(arena("views"), f"run views cycles {10000 * SOAK}", 3, timeout=300 * SOAK)


def test_writes_race_with_the_view(arena):
    claims(arena("viewrace", memory=256), "run viewrace write", 5, timeout=120)


def test_regions_come_and_go_under_the_view(arena):
    claims(arena("viewrace", memory=256), "run viewrace unmap", 4, timeout=120)


def test_a_child_is_killed_while_it_is_made(arena):
    """By its number, which is known before its handle is; starting it is refused."""
    claims(arena("viewrace", memory=256), "run viewrace kill", 7, timeout=120)


def test_a_view_of_half_a_terabyte(arena):
    claims(arena("viewrace"), "run viewrace huge", 6)


@pytest.mark.skipif("SECOS_KERNEL" in os.environ, reason="it counts the shipped kernel's instructions")
def test_an_interrupt_never_waits_long_for_a_view(arena):
    """12,000 pages are shown and taken back in steps of 16; the tick comes in between.
    Instructions, exactly: -icount."""
    machine = arena("viewrace", memory=256, icount=True)
    text = claims(machine, "run viewrace late", 3, timeout=120)
    latest = int(re.search(r"^latest (\d+) ns", text, re.MULTILINE)[1])
    assert 1000 < latest < 30000, f"an interrupt waited {latest} instructions"
